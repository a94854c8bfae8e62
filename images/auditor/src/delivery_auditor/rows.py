"""Counting rows: empty ones, duplicates, leaks between training and sealed rows, personal data."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein
from sklearn.feature_extraction.text import TfidfVectorizer

from delivery_api.evidence import Overlap, RowCounts
from delivery_io.redact import find
from delivery_io.tables import Row

NEAR = 0.95
CHUNK = 512


def normal(text: str) -> str:
    """A text without regard to case and space."""
    return " ".join(text.casefold().split())


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


def _nearest(sealed: Sequence[str], train: Sequence[str]) -> list[int]:
    """Place of the training text most like each sealed text, by its short runs of letters."""
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), dtype=np.float32)
    known = vectorizer.fit_transform(train)
    asked = vectorizer.transform(sealed)
    places: list[int] = []
    for start in range(0, asked.shape[0], CHUNK):
        alike = (asked[start : start + CHUNK] @ known.T).toarray()
        places.extend(int(place) for place in alike.argmax(axis=1))
    return places


def overlap(train: Sequence[Row], sealed: Sequence[Row]) -> Overlap:
    """Sealed items that occur among training rows: exactly, or with at most one letter in twenty changed."""
    by_text: dict[str, list[int]] = {}
    for row in train:
        by_text.setdefault(normal(row.text), []).append(row.number)
    exact = [row for row in sealed if normal(row.text) in by_text]
    rest = [row for row in sealed if normal(row.text) not in by_text]
    concerned = {number for row in exact for number in by_text[normal(row.text)]}
    near = 0
    texts = list(by_text)
    places = _nearest([normal(row.text) for row in rest], texts) if rest and texts else []
    for row, place in zip(rest, places, strict=False):
        if Levenshtein.normalized_similarity(normal(row.text), texts[place]) >= NEAR:
            near += 1
            concerned.update(by_text[texts[place]])
    return Overlap(exact=len(exact), near=near, train_rows=tuple(sorted(concerned)))


def personal_data(rows: Iterable[Row]) -> dict[str, int]:
    """Kinds of personal data, with the rows that have each."""
    kinds: Counter[str] = Counter()
    for row in rows:
        kinds.update(set(find(row.text)) | set(find(row.target)))
    return dict(sorted(kinds.items()))


def labels(rows: Iterable[Row], most: int = 2000) -> dict[str, int]:
    """Labels with their training rows: the commonest, in the order of the alphabet."""
    return dict(sorted(Counter(row.target for row in rows if not row.is_empty).most_common(most)))
