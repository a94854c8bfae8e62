"""The evaluator: base and candidate on the sealed holdout, in the engine that will serve, item by item. No verdict."""

import gc
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from delivery_api import sealed
from delivery_api.digests import digest
from delivery_api.evidence import HoldoutOutcome
from delivery_api.tasks import EvaluateTask, TaskCommon
from delivery_io import prompts, runtime, tables
from delivery_io.download import sha256_file
from delivery_io.redact import prepared_row
from delivery_io.runtime import Context
from delivery_io.scoring import score
from delivery_io.tables import Row
from delivery_worker.engine import Engine

SEALED = "spec.terms.data.sealed"
BATCH = 128


@dataclass(slots=True)
class Said:
    """Answers so far, in the order of the holdout."""

    base: list[str] = field(default_factory=list)
    candidate: list[str] = field(default_factory=list)
    free: list[str] = field(default_factory=list)
    stopped: int = 0


def read_items(task: EvaluateTask, context: Context) -> tuple[list[Row], list[Row]]:
    """(holdout, probe pool in the order of the file) as shown to a model."""
    path = context.fetcher.table(task.sealed, SEALED)
    sealed_digest = sha256_file(path)
    context.recorder.set(sealed_digest=sealed_digest)
    items = tables.items(tables.read(path, task.fields, SEALED).rows)
    holdout, pool = sealed.split(items, sealed_digest, task.holdout_items)
    shown = {item: prepared_row(row, task.personal_data, task.task) for item, row in items.items()}
    return [shown[item] for item in holdout], sorted((shown[item] for item in pool), key=lambda row: row.number)


def weights_digest(folder: Path) -> str:
    """Digest of a model folder's weight files."""
    return digest({path.name: sha256_file(path) for path in sorted(folder.glob("*.safetensors"))})


def conversations(rows: Sequence[Row], task: EvaluateTask) -> list[list[dict[str, str]]]:
    """What a customer would send."""
    return [prompts.messages(row.text, task.instruction) for row in rows]


def ask(
    engine: Engine, rows: Sequence[Row], task: EvaluateTask, context: Context, choice: Sequence[str], adapted: bool
) -> tuple[list[str], int]:
    """(answers, how many ended by themselves), looking between batches whether to stop."""
    texts: list[str] = []
    stopped = 0
    for start in range(0, len(rows), BATCH):
        context.check()
        answers = engine.ask(conversations(rows[start : start + BATCH], task), task.max_tokens, choice, adapted)
        texts.extend(answer.text for answer in answers)
        stopped += sum(answer.stopped for answer in answers)
        print(f"Answered {len(texts)} of {len(rows)}", file=sys.stderr, flush=True)
    return texts, stopped


def record_prompts(engine: Engine, pool: Sequence[Row], task: EvaluateTask, context: Context) -> None:
    """Digest of the first prompts as the engine itself renders them, and the engine's name and flags."""
    first = pool[: prompts.DIGEST_ITEMS]
    read = engine.ask(conversations(first, task), 1) if first else []
    context.recorder.set(
        prompt_digest=prompts.prompts_digest([list(answer.prompt) for answer in read]),
        engine=engine.name,
        engine_flags={key: json.dumps(value) for key, value in sorted(engine.flags.items())},
    )
    context.recorder.progress(at_once=True)


def ask_base(task: EvaluateTask, context: Context, folder: Path, rows: Sequence[Row]) -> list[str]:
    """Answers of the base within the label set."""
    engine = Engine(folder, task.precision, task.sequence_length)
    said, _ = ask(engine, rows, task, context, task.labels, adapted=False)
    engine.close()
    del engine
    gc.collect()
    return said


def ask_candidate(engine: Engine, rows: Sequence[Row], task: EvaluateTask, context: Context, said: Said) -> None:
    """Answers of the candidate: within the label set, and free as customers call it."""
    adapted = task.artifact_kind == "Adapter"
    said.free, said.stopped = ask(engine, rows, task, context, (), adapted)
    said.candidate = ask(engine, rows, task, context, task.labels, adapted)[0] if task.labels else said.free


def outcomes(rows: Sequence[Row], said: Said, task: EvaluateTask) -> tuple[HoldoutOutcome, ...]:
    """Scores of each item; the answers, too, where base and candidate differ."""
    made = []
    for row, base, candidate, free in zip(rows, said.base, said.candidate, said.free, strict=True):
        differ = base != candidate
        made.append(
            HoldoutOutcome(
                id=row.id,
                base=score(base, row.target, task.metric),
                candidate=score(candidate, row.target, task.metric),
                free=score(free, row.target, task.metric),
                base_answer=base if differ else None,
                candidate_answer=candidate if differ else None,
            )
        )
    return tuple(made)


def work(task: TaskCommon, context: Context) -> None:
    """The whole audit."""
    task = cast(EvaluateTask, task)
    rows, pool = read_items(task, context)
    context.recorder.set(planned_items=len(rows), artifact_digest=task.artifact.uri.rpartition("@")[2])
    base = context.fetcher.model(task.base, "spec.base")
    artifact = context.fetcher.model(task.artifact, "spec.output")
    context.recorder.set(base_digest=weights_digest(base))
    context.check()
    said = Said()
    if task.artifact_kind == "Adapter":
        engine = Engine(base, task.precision, task.sequence_length, adapter=artifact)
        said.base, _ = ask(engine, rows, task, context, task.labels, adapted=False)
    else:
        said.base = ask_base(task, context, base, rows)
        engine = Engine(artifact, task.precision, task.sequence_length)
    record_prompts(engine, pool, task, context)
    ask_candidate(engine, rows, task, context, said)
    context.recorder.set(items=outcomes(rows, said, task), stopped_free=said.stopped)


def main(task: EvaluateTask) -> int:
    """Run the task of this process."""
    return runtime.run(task, work)
