"""Training rows as tokens and labels: what is in the loss, what was cut, and whether a row learns to stop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

IGNORED = -100


@dataclass(frozen=True, slots=True)
class Row:
    """One row: tokens, and for each the token it is to be predicted as, or -100 where it is not in the loss."""

    ids: tuple[int, ...]
    labels: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def supervised(self) -> int:
        """Tokens in the loss."""
        return sum(label != IGNORED for label in self.labels)

    def stops(self, stop: int) -> bool:
        """Whether the last token in the loss is the stop token."""
        return next((label for label in reversed(self.labels) if label != IGNORED), None) == stop

    def hides(self, stop: int) -> bool:
        """Whether the row ends with the stop token and the loss does not have it."""
        return bool(self.ids) and self.ids[-1] == stop and self.labels[-1] == IGNORED

    def is_cut(self, longest: int | None, stop: int) -> bool:
        """Whether the row is longer than the cutoff, or was cut at it: as long as it may be, and without its end."""
        if longest is None:
            return False
        return len(self) > longest or (len(self) == longest and self.ids[-1] != stop)


@dataclass(frozen=True, slots=True)
class Supervision:
    """Counts over rows."""

    rows: int
    minimum: int
    median: float
    unsupervised: int
    cut: int
    stopping: int
    hiding: int


def supervision(rows: Iterable[Row], stop: int, longest: int | None) -> Supervision:
    """Counts over all rows, in one pass."""
    counts: list[int] = []
    cut = stopping = hiding = 0
    for row in rows:
        counts.append(row.supervised)
        cut += row.is_cut(longest, stop)
        stopping += row.stops(stop)
        hiding += row.hides(stop)
    if not counts:
        raise ValueError("there is no row to measure; give a batch with input_ids and labels")
    counts.sort()
    return Supervision(
        rows=len(counts),
        minimum=counts[0],
        median=float(counts[len(counts) // 2]),
        unsupervised=sum(count < 1 for count in counts),
        cut=cut,
        stopping=stopping,
        hiding=hiding,
    )


def rows_of(batch: Mapping[str, Any]) -> list[Row]:
    """Rows of a collated batch: padding is left out, and rows that were packed into one are taken apart.

    `input_ids` and `labels` are (rows, tokens); `attention_mask` says what is padding, and `position_ids` that start
    again at 0 where the next packed row begins.
    """
    missing = {"input_ids", "labels"} - set(batch)
    if missing:
        raise ValueError(f"the batch has no {' and no '.join(sorted(missing))}; give one as the trainer's collator makes it")
    ids, labels = _lists(batch["input_ids"]), _lists(batch["labels"])
    masks = _lists(batch["attention_mask"]) if "attention_mask" in batch else [[1] * len(row) for row in ids]
    places = _lists(batch["position_ids"]) if "position_ids" in batch else [list(range(len(row))) for row in ids]
    return [row for parts in zip(ids, labels, masks, places, strict=True) for row in _apart(*parts)]


def _lists(values: Any) -> list[list[int]]:
    """Tensors, arrays or lists as lists."""
    return [list(map(int, row)) for row in (values.tolist() if hasattr(values, "tolist") else values)]


def _apart(ids: Sequence[int], labels: Sequence[int], mask: Sequence[int], places: Sequence[int]) -> list[Row]:
    """Rows of one line of a batch."""
    kept = [at for at, here in enumerate(mask) if here]
    starts = [at for at in kept if places[at] == 0] or kept[:1]
    rows = []
    for start, end in zip(starts, [*starts[1:], len(ids)], strict=True):
        own = [at for at in kept if start <= at < end]
        rows.append(Row(tuple(ids[at] for at in own), tuple(labels[at] for at in own)))
    return rows
