"""Counting rows: empty ones, duplicates, leaks between training and sealed rows, personal data."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from delivery_api.evidence import Overlap, RowCounts
from delivery_io.redact import find
from delivery_io.tables import Row
from delivery_measure.duplicates import normal, shared


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts, and which rows add nothing."""

    counts: RowCounts
    superfluous: tuple[int, ...]


def count(rows: Sequence[Row]) -> Counted:
    """Empty rows, and rows whose input occurred before."""
    first: dict[str, str] = {}
    empty: list[int] = []
    repeated: list[int] = []
    conflicting = 0
    for row in rows:
        key = normal(row.text)
        if row.is_empty:
            empty.append(row.number)
        elif key in first:
            repeated.append(row.number)
            conflicting += first[key] != row.target
        else:
            first[key] = row.target
    counts = RowCounts(rows=len(rows), empty=len(empty), duplicates=len(repeated), conflicting=conflicting)
    return Counted(counts, tuple(sorted([*empty, *repeated])))


def overlap(train: Sequence[Row], sealed: Sequence[Row]) -> Overlap:
    """Sealed items that occur among training rows: exactly, or with at most one letter in twenty changed."""
    by_text: dict[str, list[int]] = {}
    for row in train:
        by_text.setdefault(normal(row.text), []).append(row.number)
    exact = [row for row in sealed if normal(row.text) in by_text]
    rest = [normal(row.text) for row in sealed if normal(row.text) not in by_text]
    concerned = {number for row in exact for number in by_text[normal(row.text)]}
    texts = list(by_text)
    near = shared(texts, rest)
    concerned.update(number for place in near for number in by_text[texts[place]])
    return Overlap(exact=len(exact), near=len(set(near.values())), train_rows=tuple(sorted(concerned)))


def personal_data(rows: Iterable[Row]) -> dict[str, int]:
    """Kinds of personal data, with the rows that have each."""
    kinds: Counter[str] = Counter()
    for row in rows:
        kinds.update(set(find(row.text)) | set(find(row.target)))
    return dict(sorted(kinds.items()))


def labels(rows: Iterable[Row], most: int = 2000) -> dict[str, int]:
    """Labels with their training rows: the commonest, in the order of the alphabet."""
    return dict(sorted(Counter(row.target for row in rows if not row.is_empty).most_common(most)))
