"""The intake canary: do the training labels mean what the sealed labels mean? Asked before any accelerator runs.

Low agreement between training rows and sealed items alone cannot tell wrong labels from a task where
similarity says nothing. So the canary fails only where sealed items predict each other and the training rows
do not predict them. Labels of nearest neighbours are recorded (or, where targets are texts, how alike they are); agreement, its
null and the share of random labels are computed here.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from delivery_api.digests import canonical
from delivery_api.evidence import Canary, Resemblance
from delivery_oracle.statistics.corruption import Corruption, Hits, estimate
from delivery_oracle.statistics.eprocess import Floats
from delivery_oracle.statistics.interval import Interval, wilson

PERMUTATIONS = 200
FEWEST_TO_FAIL = 256
NOISE_BELOW = 0.25
NORMAL = 1.96
DOUBTFUL_BELOW = 0.5
"""Training rows that predict less than half as well as sealed items do are too few, or partly mislabelled."""
ONE_SOURCE = (1 / 3, 2 / 3)
"""Between these shares of items that are more like sealed than like training rows, both may be from one source."""

Labels = NDArray[np.int64]


class Song(StrEnum):
    """What the canary says."""

    RELATED = "related"
    DOUBTFUL = "doubtful"
    UNRELATED = "unrelated"
    SILENT = "silent"


@dataclass(frozen=True)
class Agreement:
    """Share of items whose nearest neighbour has their label, beside what chance gives.

    `p` is that of "no better than chance", by random pairings: (1 + as good ones) / (1 + all).
    """

    items: int
    share: float
    interval: Interval
    null_maximum: float
    p: float = 1.0

    @property
    def above_chance(self) -> bool:
        return self.share > self.null_maximum

    def __str__(self) -> str:
        return f"{self.share:.2f} (chance at most {self.null_maximum:.2f})"


@dataclass(frozen=True)
class Report:
    """Verdict of the canary with what it rests on."""

    song: Song
    by_train: Agreement
    by_sealed: Agreement
    within_train: Agreement
    message: str
    corruption: Corruption | None = None


@lru_cache(maxsize=128)
def listen(canary: Canary | Resemblance) -> Report:
    """The canary's verdict; ValueError when the recorded lists do not belong together."""
    seed = int.from_bytes(hashlib.sha256(canonical(canary).encode()).digest()[:8], "big")
    if isinstance(canary, Resemblance):
        return _listen_to_texts(canary, seed)
    _check(canary)
    by_train = agreement(canary.truth, canary.by_train, seed)
    by_sealed = agreement(canary.truth, canary.by_sealed, seed + 1)
    within = agreement(canary.train_truth, canary.train_by_train, seed + 2)
    song = _song(by_train, by_sealed)
    random = _random_labels(canary) if by_sealed.above_chance and one_source(canary) else None
    sentence = _sentence(song, by_train, by_sealed, within, _told(random, canary))
    return Report(song, by_train, by_sealed, within, sentence, random)


def _listen_to_texts(canary: Resemblance, seed: int) -> Report:
    parts = (canary.by_train, canary.by_sealed, canary.within_train)
    by_train, by_sealed, within = (likeness(part, canary.chance, seed + at) for at, part in enumerate(parts))
    song, random = _song(by_train, by_sealed), None
    if by_sealed.above_chance and canary.chance and one_source(canary):
        matched, sealed, second = (np.array(part) for part in (canary.matched, canary.by_sealed, canary.second))
        random = _random_share(matched, sealed, second, canary.nearest_block, float(np.mean(canary.chance)))
    sentence = _sentence(song, by_train, by_sealed, within, _told(random, canary))
    return Report(song, by_train, by_sealed, within, sentence, random)


def one_source(canary: Canary | Resemblance) -> bool:
    """Whether inputs of training rows and sealed items are alike; else their neighbours cannot be compared with each other."""
    low, high = ONE_SOURCE
    return canary.closer_to_sealed is not None and low <= canary.closer_to_sealed <= high


def _told(random: Corruption | None, canary: Canary | Resemblance) -> str:
    if random is not None:
        return f", share of random labels {random}"
    if canary.closer_to_sealed is not None and not one_source(canary):
        apart = f"{canary.closer_to_sealed:.0%} of sealed items are more like another sealed item than like a training row"
        return f", share of random labels not known as {apart}"
    return ""


def _random_labels(canary: Canary) -> Corruption | None:
    """The share of random labels, where enough was recorded for it."""
    truth = np.array(canary.truth)
    if not canary.matched or canary.labels < 2 or any(len(sample) != truth.size for sample in canary.matched):
        return None
    matched = (np.array(canary.matched) == truth).mean(axis=0)
    sealed, second = (
        np.array(part) == truth if len(part) == truth.size else truth[:0] for part in (canary.by_sealed, canary.second)
    )
    return _random_share(matched, sealed, second, canary.nearest_block, 1.0 / canary.labels, len(canary.matched))


def _random_share(
    matched: Floats, sealed: Floats, second: Floats, block: tuple[int, ...], chance: float, samples: int = 1
) -> Corruption | None:
    if not matched.size == sealed.size == second.size == len(block):
        return None
    return estimate(Hits(matched, sealed.astype(np.float64), second.astype(np.float64), np.array(block), samples), chance)


def _check(canary: Canary) -> None:
    if not len(canary.truth) == len(canary.by_train) == len(canary.by_sealed):
        raise ValueError(
            f"canary has {len(canary.truth)} labels, {len(canary.by_train)} training neighbours and "
            f"{len(canary.by_sealed)} sealed neighbours; they must be as many"
        )
    if len(canary.train_truth) != len(canary.train_by_train):
        raise ValueError(
            f"canary has {len(canary.train_truth)} sampled training labels and {len(canary.train_by_train)} neighbours"
        )


def agreement(truth: tuple[int, ...], neighbours: tuple[int, ...], seed: int) -> Agreement:
    """Agreement of two label lists, and the largest agreement among random pairings of the same labels."""
    mine, theirs = np.asarray(truth, dtype=np.int64), np.asarray(neighbours, dtype=np.int64)
    if mine.size == 0:
        return Agreement(0, 0.0, Interval(0.0, 1.0), 1.0)
    hits = int((mine == theirs).sum())
    generator = np.random.default_rng(seed)
    null = [float((generator.permutation(mine) == theirs).mean()) for _ in range(PERMUTATIONS)]
    share = hits / mine.size
    return Agreement(int(mine.size), share, wilson(hits, int(mine.size)), max(null), _p(share, null))


def likeness(found: tuple[float, ...], chance: tuple[float, ...], seed: int) -> Agreement:
    """Mean likeness of texts, and the largest mean among as many that were paired at random."""
    values, pairs = np.asarray(found, dtype=np.float64), np.asarray(chance, dtype=np.float64)
    if values.size == 0 or pairs.size == 0:
        return Agreement(0, 0.0, Interval(0.0, 1.0), 1.0)
    generator, mean = np.random.default_rng(seed), float(values.mean())
    null = [float(generator.choice(pairs, values.size).mean()) for _ in range(PERMUTATIONS)]
    half = NORMAL * float(values.std()) / math.sqrt(values.size)
    interval = Interval(max(0.0, mean - half), min(1.0, mean + half))
    return Agreement(int(values.size), mean, interval, max(null), _p(mean, null))


def _p(share: float, null: list[float]) -> float:
    return (1 + sum(chance >= share for chance in null)) / (1 + len(null))


def _song(by_train: Agreement, by_sealed: Agreement) -> Song:
    if by_train.above_chance:
        far_below = by_train.interval.high < DOUBTFUL_BELOW * by_sealed.share
        return Song.DOUBTFUL if far_below and by_sealed.above_chance else Song.RELATED
    clearly_less = by_train.interval.high < by_sealed.interval.low
    if by_sealed.items >= FEWEST_TO_FAIL and by_sealed.above_chance and clearly_less:
        return Song.UNRELATED
    return Song.SILENT


def _sentence(song: Song, by_train: Agreement, by_sealed: Agreement, within: Agreement, random: str) -> str:
    against = f"sealed items predict each other {by_sealed}, training rows predict them {by_train}, n={by_sealed.items}{random}"
    if song is Song.RELATED:
        return f"training labels agree with sealed labels: {against}"
    if song is Song.DOUBTFUL:
        return f"training rows are few, or part of their labels is wrong: {against}"
    if song is Song.UNRELATED:
        return f"training labels do not mean what the sealed labels mean: {against}; {_kind(by_sealed, within)}"
    if by_sealed.items < FEWEST_TO_FAIL:
        return f"too few sealed items to tell, {by_sealed.items} of the {FEWEST_TO_FAIL} needed: {against}"
    return f"similarity says too little about this task: {against}"


def _kind(by_sealed: Agreement, within: Agreement) -> str:
    """Whether wrong labels look like other names or like dice."""
    if within.above_chance and within.share >= NOISE_BELOW * by_sealed.share:
        return f"the training rows agree among themselves ({within.share:.2f}), so the labels look renamed"
    return f"the training rows do not agree among themselves ({within.share:.2f}), so the labels look random"
