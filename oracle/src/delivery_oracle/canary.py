"""The intake canary: do the training labels mean what the sealed labels mean? Asked before any accelerator runs.

Low agreement between training rows and sealed items alone cannot tell wrong labels from a task where
similarity says nothing. So the canary fails only where sealed items predict each other and the training rows
do not predict them. The auditor records labels of nearest neighbours; agreement and its null are computed here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from delivery_api.digests import canonical
from delivery_api.evidence import Canary
from delivery_oracle.statistics.interval import Interval, wilson

PERMUTATIONS = 200
FEWEST_TO_FAIL = 256
NOISE_BELOW = 0.25
DOUBTFUL_BELOW = 0.5
"""Training rows that predict less than half as well as sealed items do are too few, or partly mislabelled."""

Labels = NDArray[np.int64]


class Song(StrEnum):
    """What the canary says."""

    RELATED = "related"
    DOUBTFUL = "doubtful"
    UNRELATED = "unrelated"
    SILENT = "silent"


@dataclass(frozen=True)
class Agreement:
    """Share of items whose nearest neighbour has their label, beside what chance gives."""

    items: int
    share: float
    interval: Interval
    null_maximum: float

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


@lru_cache(maxsize=128)
def listen(canary: Canary) -> Report:
    """The canary's verdict; ValueError when the recorded lists do not belong together."""
    _check(canary)
    seed = int.from_bytes(hashlib.sha256(canonical(canary).encode()).digest()[:8], "big")
    by_train = agreement(canary.truth, canary.by_train, seed)
    by_sealed = agreement(canary.truth, canary.by_sealed, seed + 1)
    within = agreement(canary.train_truth, canary.train_by_train, seed + 2)
    song = _song(by_train, by_sealed)
    return Report(song, by_train, by_sealed, within, _sentence(song, by_train, by_sealed, within))


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
    null = max(float((generator.permutation(mine) == theirs).mean()) for _ in range(PERMUTATIONS))
    return Agreement(int(mine.size), hits / mine.size, wilson(hits, int(mine.size)), null)


def _song(by_train: Agreement, by_sealed: Agreement) -> Song:
    if by_train.above_chance:
        far_below = by_train.interval.high < DOUBTFUL_BELOW * by_sealed.share
        return Song.DOUBTFUL if far_below and by_sealed.above_chance else Song.RELATED
    clearly_less = by_train.interval.high < by_sealed.interval.low
    if by_sealed.items >= FEWEST_TO_FAIL and by_sealed.above_chance and clearly_less:
        return Song.UNRELATED
    return Song.SILENT


def _sentence(song: Song, by_train: Agreement, by_sealed: Agreement, within: Agreement) -> str:
    against = f"sealed items predict each other {by_sealed}, training rows predict them {by_train}, n={by_sealed.items}"
    if song is Song.RELATED:
        return f"training labels agree with sealed labels: {against}"
    if song is Song.DOUBTFUL:
        return f"training rows are few, or part of their labels is wrong: {against}"
    if song is Song.UNRELATED:
        kind = (
            f"the training rows agree among themselves ({within.share:.2f}), so the labels look renamed"
            if within.above_chance and within.share >= NOISE_BELOW * by_sealed.share
            else f"the training rows do not agree among themselves ({within.share:.2f}), so the labels look random"
        )
        return f"training labels do not mean what the sealed labels mean: {against}; {kind}"
    if by_sealed.items < FEWEST_TO_FAIL:
        return f"too few sealed items to tell, {by_sealed.items} of the {FEWEST_TO_FAIL} needed: {against}"
    return f"similarity says too little about this task: {against}"
