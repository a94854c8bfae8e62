"""Ask the served endpoint the items on which base and candidate differ, as a customer would, and record the answers."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import openai

from delivery_api.evidence import ServedAnswer
from delivery_api.tasks import TaskCommon, VerifyTask
from delivery_io import prompts, runtime, tables
from delivery_io.problems import WorkProblem
from delivery_io.redact import prepared_row
from delivery_io.runtime import Context
from delivery_io.tables import Row

SEALED = "spec.terms.data.sealed"
AT_ONCE = 16
BATCH = 64


def ask(client: openai.OpenAI, task: VerifyTask, row: Row, choice: tuple[str, ...]) -> str:
    """One greedy answer, within a choice where one is given."""
    extra: dict[str, Any] = {"structured_outputs": {"choice": list(choice)}} if choice else {}
    conversation: Any = prompts.messages(row.text, task.instruction)
    said = client.chat.completions.create(
        model=task.model_name, messages=conversation, temperature=0.0, max_tokens=task.max_tokens, extra_body=extra
    )
    return said.choices[0].message.content or ""


def answer(client: openai.OpenAI, task: VerifyTask, row: Row) -> ServedAnswer:
    """Both answers to one item."""
    free = ask(client, task, row, ())
    constrained = ask(client, task, row, task.labels) if task.labels else free
    return ServedAnswer(id=row.id, constrained=constrained, free=free)


def wanted(task: VerifyTask, context: Context) -> list[Row]:
    """The items to ask, as shown to a model."""
    path = context.fetcher.table(task.sealed, SEALED)
    items = tables.items(tables.read(path, task.fields, SEALED).rows)
    if unknown := [item for item in task.items if item not in items]:
        raise WorkProblem(
            "Invalid", SEALED, f"{len(unknown)} items to verify are not among the sealed rows; run the audit again"
        )
    return [prepared_row(items[item], task.personal_data, task.task) for item in task.items]


def work(task: TaskCommon, context: Context) -> None:
    """Ask all items, many at once so that the server can batch them."""
    task = cast(VerifyTask, task)
    rows = wanted(task, context)
    context.recorder.set(url=task.url, model_name=task.model_name, planned_items=len(rows))
    client = openai.OpenAI(base_url=task.url, api_key="none", max_retries=6, timeout=120.0)
    answers: list[ServedAnswer] = []
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(0, len(rows), BATCH):
                context.check()
                answers.extend(pool.map(lambda row: answer(client, task, row), rows[start : start + BATCH]))
                context.recorder.set(answers=tuple(answers))
                context.recorder.progress()
    except openai.OpenAIError as error:
        message = f"{task.url} does not answer for model {task.model_name} ({type(error).__name__}); look at the server's pods"
        raise WorkProblem("Unreachable", "spec.serving", message) from error


def main(task: VerifyTask) -> int:
    """Run the task of this process."""
    return runtime.run(task, work)
