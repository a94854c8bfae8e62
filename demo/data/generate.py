"""Build the two splits of the project's own data set.

Train and sealed messages share the desks, but no wording, no context sentence, no name, train or
city, and nearly a third of the sealed ones ask in patterns that training never shows. So no sealed
row is a near duplicate of a training row, and a good score on sealed rows is generalisation.
"""

import re
from dataclasses import dataclass

from .arms import Row
from .draw import Draw
from .grammar import Phrases, Split, load
from .messages import compose
from .near import LIMIT, NearIndex

SEED = 2601
TRAIN_ROWS = 4200
SEALED_ROWS = 1600


@dataclass(frozen=True)
class Dataset:
    """Training rows, and the sealed rows that the probe pool and the holdout are drawn from."""

    train: list[Row]
    sealed: list[Row]


def generate(seed: int = SEED, train_rows: int = TRAIN_ROWS, sealed_rows: int = SEALED_ROWS) -> Dataset:
    """The whole data set; sealed rows are drawn after the training rows and away from them."""
    train = _rows("train", train_rows, seed, NearIndex())
    return Dataset(train, _rows("sealed", sealed_rows, seed, NearIndex(row.text for row in train)))


def _rows(split: Split, size: int, seed: int, away_from: NearIndex) -> list[Row]:
    phrases = load(split)
    draw = Draw(seed, split)
    seen: set[str] = set()
    rows: list[Row] = []
    while len(rows) < size:
        intent = _next_desk(phrases, draw)
        text = compose(intent, split, phrases, draw)
        key = re.sub(r"[^a-z]+", " ", text.lower()).strip()
        if key not in seen and away_from.closest(text) < LIMIT:
            seen.add(key)
            rows.append(Row(text, intent))
    return rows


def _next_desk(phrases: Phrases, draw: Draw) -> str:
    """Desks are mildly uneven, as real ones are: every third gets half as much again."""
    names = list(phrases.shared)
    return draw.pick(names * 2 + names[::3])
