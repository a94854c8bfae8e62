"""Raw outcomes of the intake canary: what would a nearest neighbour say of each sealed item?

Neighbours by TF-IDF of words and pairs of words, in blocks of bounded memory. Whether labels are related to inputs is for the
judge to say, from these numbers. The auditor of a delivery and `delivery-oracle canary` measure with this code.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from delivery_api.evidence import Canary, Resemblance
from delivery_measure.duplicates import normal

LARGEST_POOL = 4096
TRAIN_SAMPLE = 1000
SAMPLES = 8
"""Samples of training rows as large as the sealed items, to estimate the share of random labels."""
BLOCKS = 32
CELLS = 1 << 24
"""Similarities held at a time: 64 MiB."""
DIGITS = 3


@dataclass(frozen=True)
class Example:
    """An input and its target."""

    text: str
    target: str


class Pair(Protocol):
    """Anything that has an input and a target."""

    @property
    def text(self) -> str: ...

    @property
    def target(self) -> str: ...


Places = NDArray[np.int64]


def nearest(asked: csr_matrix, known: csr_matrix, hide: Callable[[int, int], NDArray[np.bool_]] | None = None) -> Places:
    """Place of the most similar known row for each asked one; `hide(start, stop)` says which known rows not to look at."""
    places = np.empty(asked.shape[0], dtype=np.int64)
    step = max(1, CELLS // max(1, known.shape[0]))
    for start in range(0, asked.shape[0], step):
        stop = min(start + step, asked.shape[0])
        alike = (asked[start:stop] @ known.T).toarray()
        if hide is not None:
            alike[hide(start, stop)] = -1.0
        places[start:stop] = alike.argmax(axis=1)
    return places


@dataclass(frozen=True)
class Neighbours:
    """Places of nearest rows; None where there is nothing to compare with."""

    by_train: Places
    by_sealed: Places
    second: Places
    sample: list[int]
    within: Places
    matched: tuple[Places, ...]
    closer_to_sealed: float | None


def vectors(texts: Sequence[str]) -> csr_matrix:
    """TF-IDF of words and pairs of words, a row a text."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), dtype=np.float32, token_pattern=r"(?u)\b\w+\b")
    return csr_matrix(vectorizer.fit_transform(texts))


def neighbours(known: csr_matrix, asked: csr_matrix, seed: str) -> Neighbours:
    """Nearest rows of every sealed text, `asked`, and of a sample of training texts, `known`."""
    dice, rows, items = random.Random(seed), known.shape[0], asked.shape[0]
    sample = sorted(dice.sample(range(rows), min(TRAIN_SAMPLE, rows)))
    own, blocks = np.arange(items), np.arange(items) % BLOCKS
    by_sealed = nearest(asked, asked, lambda start, stop: own[start:stop, None] == own)
    gone = blocks[by_sealed]
    second = nearest(asked, asked, lambda start, stop: (own[start:stop, None] == own) | (gone[start:stop, None] == blocks))
    sampled, everywhere = np.array(sample), np.arange(rows)
    within = nearest(known[sample], known, lambda start, stop: sampled[start:stop, None] == everywhere)
    matched = _matched(asked, known, dice)
    closer = _closer(asked, by_sealed, known, matched)
    return Neighbours(nearest(asked, known), by_sealed, second, sample, within, matched, closer)


def _matched(asked: csr_matrix, known: csr_matrix, dice: random.Random) -> tuple[Places, ...]:
    """Nearest rows among samples of training rows that are as many as the other sealed items."""
    size = asked.shape[0] - 1
    order = dice.sample(range(known.shape[0]), min(known.shape[0], size * SAMPLES))
    groups = [np.array(order[at : at + size]) for at in range(0, len(order) - size + 1, size)]
    return tuple(group[nearest(asked, known[group])] for group in groups)


def _closer(asked: csr_matrix, by_sealed: Places, known: csr_matrix, matched: tuple[Places, ...]) -> float | None:
    """Share of sealed items that are more like their sealed neighbour than like the one in a sample of training rows.

    About one half when both are drawn from one source; no label is looked at.
    """
    if not matched:
        return None
    own = _likeness(asked, asked[by_sealed])
    shares = [
        float((own > other).mean() + (own == other).mean() / 2)
        for other in (_likeness(asked, known[places]) for places in matched)
    ]
    return round(sum(shares) / len(shares), DIGITS)


def _likeness(some: csr_matrix, others: csr_matrix) -> NDArray[np.float64]:
    """Cosine, row by row; the rows have length one."""
    return np.round(np.asarray(some.multiply(others).sum(axis=1), dtype=np.float64).ravel(), DIGITS)


def of_labels(train: Sequence[Pair], sealed: Sequence[Pair], seed: str) -> Canary | None:
    """Classification: labels of items and of their neighbours; None where there is nothing to compare with."""
    sealed = sealed[:LARGEST_POOL]
    if len(sealed) < 2 or len(train) < 2:
        return None
    number = {label: place for place, label in enumerate(sorted({row.target for row in [*train, *sealed]}))}
    trained, truth = (np.array([number[row.target] for row in rows]) for rows in (train, sealed))
    everything = vectors([row.text for row in [*train, *sealed]])
    return labels_of(neighbours(everything[: len(train)], everything[len(train) :], seed), trained, truth)


def labels_of(found: Neighbours, trained: Places, truth: Places) -> Canary:
    """What neighbours say, from the label numbers of training rows and of sealed items."""
    return Canary(
        truth=tuple(truth.tolist()),
        by_train=tuple(trained[found.by_train].tolist()),
        by_sealed=tuple(truth[found.by_sealed].tolist()),
        train_truth=tuple(trained[found.sample].tolist()),
        train_by_train=tuple(trained[found.within].tolist()),
        matched=tuple(tuple(trained[places].tolist()) for places in found.matched),
        second=tuple(truth[found.second].tolist()),
        nearest_block=tuple((found.by_sealed % BLOCKS).tolist()),
        closer_to_sealed=found.closer_to_sealed,
        labels=len(set(trained.tolist())),
    )


def of_texts(train: Sequence[Pair], sealed: Sequence[Pair], seed: str) -> Resemblance | None:
    """ExactMatch: how alike the targets of nearest neighbours are; None where there is nothing to compare with."""
    sealed = sealed[:LARGEST_POOL]
    if len(sealed) < 2 or len(train) < 2:
        return None
    trained, truth = ([normal(row.target) for row in rows] for rows in (train, sealed))
    everything = vectors([row.text for row in [*train, *sealed]])
    found = neighbours(everything[: len(train)], everything[len(train) :], seed)
    matched = [_alike(truth, [trained[place] for place in places]) for places in found.matched]
    dice = random.Random(seed)
    return Resemblance(
        way="Neighbours",
        by_train=_alike(truth, [trained[place] for place in found.by_train]),
        by_sealed=_alike(truth, [truth[place] for place in found.by_sealed]),
        within_train=_alike([trained[place] for place in found.sample], [trained[place] for place in found.within]),
        chance=_alike(truth * SAMPLES, dice.choices(trained, k=len(truth) * SAMPLES)),
        matched=tuple(round(float(mean), DIGITS) for mean in np.mean(matched, axis=0)) if matched else (),
        second=_alike(truth, [truth[place] for place in found.second]),
        nearest_block=tuple((found.by_sealed % BLOCKS).tolist()),
        closer_to_sealed=found.closer_to_sealed,
    )


def of_extracts(train: Sequence[Pair], sealed: Sequence[Pair], seed: str) -> Resemblance | None:
    """Extraction: whether targets are part of their own inputs; None where there is nothing to compare with."""
    sealed, dice = sealed[:LARGEST_POOL], random.Random(seed)
    if len(sealed) < 2 or len(train) < 2:
        return None
    sample = [train[place] for place in dice.sample(range(len(train)), min(len(train), max(TRAIN_SAMPLE, len(sealed))))]
    trained, held = (tuple(float(normal(row.target) in normal(row.text)) for row in rows) for rows in (sample, sealed))
    others = dice.choices(train, k=len(sealed) * SAMPLES)
    chance = tuple(
        float(normal(other.target) in normal(row.text)) for row, other in zip([*sealed] * SAMPLES, others, strict=True)
    )
    return Resemblance(
        way="Containment",
        by_train=trained,
        by_sealed=held,
        within_train=trained,
        chance=chance,
        matched=trained[: len(held)],
        second=held,
        nearest_block=tuple(place % BLOCKS for place in range(len(held))),
        closer_to_sealed=0.5,
    )


def _alike(some: Sequence[str], others: Sequence[str]) -> tuple[float, ...]:
    """Likeness of texts, pair by pair."""
    return tuple(round(Levenshtein.normalized_similarity(one, other), DIGITS) for one, other in zip(some, others, strict=True))
