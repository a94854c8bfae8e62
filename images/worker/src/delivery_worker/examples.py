"""Rows as examples: what is read, what is in the loss, and in which order batches take them."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from delivery_api.tasks import TrainTask
from delivery_io import prompts
from delivery_io.problems import WorkProblem
from delivery_io.redact import prepared_row
from delivery_io.tables import Row
from delivery_worker.packing import Example


def training_rows(rows: Sequence[Row], task: TrainTask) -> list[Row]:
    """Rows to train on: without those that intake excluded, redacted where the terms say so."""
    dropped = frozenset(task.drop_rows)
    kept = [row for row in rows if row.number not in dropped and not row.is_empty]
    if not kept:
        raise WorkProblem("Invalid", "spec.terms.data.train", "No row is left to train on; correct the data")
    return [prepared_row(row, task.personal_data, task.task) for row in kept]


def labels_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The label set, in the order of the alphabet."""
    return tuple(sorted({row.target for row in rows}))


def examples(rows: Sequence[Row], task: TrainTask, tokenizer: Any, stop: int) -> list[Example]:
    """Tokens of each row; `lossOn: All` puts the prompt in the loss, too."""
    made = []
    for row in rows:
        prompt = prompts.prompt_ids(tokenizer, row.text, task.instruction)
        answer = [*prompts.answer_ids(tokenizer, row.target), stop]
        supervised = len(answer) if task.plan.loss_on == "Completion" else len(prompt) + len(answer) - 1
        made.append(Example((*prompt, *answer), supervised))
    return made


def batches(count: int, size: int, seed: int, after: int = 0) -> Iterator[list[int]]:
    """Row numbers of each step's batch, without end: a function of the seed, so that a resumed run goes on as before."""
    step, pool, epoch = 0, list[int](), 0
    while True:
        while len(pool) < size:
            order = torch.randperm(count, generator=torch.Generator().manual_seed(seed + epoch))
            pool, epoch = pool + order.tolist(), epoch + 1
        batch, pool = pool[:size], pool[size:]
        if step >= after:
            yield batch
        step += 1


def rate(step: int, steps: int, warmup: int, peak: float) -> float:
    """Learning rate of a step counted from 1: linear warm-up, then linear decay towards zero."""
    if step <= warmup:
        return peak * step / warmup
    return peak * (steps - step + 1) / (steps - warmup + 1)
