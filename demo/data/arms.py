"""The three arms of the demo: one data set, and two ways in which labels go wrong.

correct: untouched. permute: one fixed derangement of the label set, applied to every training
label. noise: every training label replaced by a uniform draw, row by row. Sealed rows are never
touched: they come from the customer, not through whoever prepared the training data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from .draw import Draw

Arm = Literal["correct", "permute", "noise"]
ARMS: tuple[Arm, ...] = get_args(Arm)


@dataclass(frozen=True)
class Row:
    """One message and the desk it belongs to."""

    text: str
    label: str


def derangement(labels: Sequence[str], draw: Draw) -> dict[str, str]:
    """A permutation that leaves no label in its place: one cycle through a shuffled order."""
    order = draw.shuffled(sorted(labels))
    return dict(zip(order, order[1:] + order[:1], strict=True))


def relabel(rows: Sequence[Row], arm: Arm, seed: int) -> list[Row]:
    """Training rows of the given arm; texts and their order stay as they are."""
    labels = sorted({row.label for row in rows})
    if arm == "correct":
        return list(rows)
    if len(labels) < 2:
        raise ValueError(f"Arm {arm} needs at least two labels, the data has {len(labels)}; use --arm correct")
    draw = Draw(seed, "arm", arm)
    if arm == "permute":
        moved = derangement(labels, draw)
        return [Row(row.text, moved[row.label]) for row in rows]
    return [Row(row.text, draw.pick(labels)) for row in rows]
