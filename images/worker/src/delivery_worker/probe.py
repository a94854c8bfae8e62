"""The clean probe's looks: fresh sealed items, answered by the base and by what would be delivered now.

Scores only. Whether a run that scores like this is learning is for the judge to say.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from delivery_api.evidence import Look, Outcome
from delivery_api.tasks import TrainTask
from delivery_io import prompts
from delivery_io.scoring import score
from delivery_io.tables import Row
from delivery_worker import decoding

FREE_TOKENS = 64
Adapted = Callable[[], tuple[Any, AbstractContextManager[Any]]]


class Probe:
    """Answers prompts the way the task asks for, and scores them."""

    def __init__(self, task: TrainTask, pool: Sequence[Row], labels: Sequence[str], tokenizer: Any) -> None:
        self._task, self._pool, self._labels, self._tokenizer = task, pool, labels, tokenizer
        self._stop = prompts.stop_id(tokenizer)
        sequences = [[*prompts.answer_ids(tokenizer, label), self._stop] for label in labels]
        self._trie = decoding.trie(sequences) if task.task == "Classification" else None
        self.base_seconds = 0.0

    def items(self, number: int) -> Sequence[Row]:
        """Rows of the look with this number, counted from 0: no look sees another's."""
        size = self._task.look_items
        return self._pool[number * size : (number + 1) * size]

    def answers(self, model: Any, rows: Sequence[Row]) -> list[str]:
        """What a model answers to rows."""
        asked = [prompts.prompt_ids(self._tokenizer, row.text, self._task.instruction) for row in rows]
        if self._trie is not None:
            return [self._labels[number] for number in decoding.constrained(model, asked, self._trie)]
        said = decoding.free(model, asked, frozenset({self._stop}), FREE_TOKENS)
        return [self._tokenizer.decode(tokens, skip_special_tokens=True) for tokens in said]

    def scores(self, model: Any, rows: Sequence[Row]) -> list[float]:
        """Scores of a model's answers."""
        return [score(said, row.target, self._task.metric) for said, row in zip(self.answers(model, rows), rows, strict=True)]

    def look(self, step: int, number: int, base: Adapted, candidate: Adapted) -> Look:
        """One look: base and candidate on the same fresh items."""
        rows = self.items(number)
        started = time.monotonic()
        model, scope = base()
        with scope:
            before = self.scores(model, rows)
        self.base_seconds += time.monotonic() - started
        model, scope = candidate()
        with scope:
            now = self.scores(model, rows)
        items = tuple(Outcome(id=row.id, base=b, candidate=c) for row, b, c in zip(rows, before, now, strict=True))
        return Look(step=step, items=items, seconds=round(time.monotonic() - started, 3))
