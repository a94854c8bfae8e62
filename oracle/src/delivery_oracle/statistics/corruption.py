"""Which share of the training labels is random? From training rows against sealed items, at the same size.

A neighbour among as many training rows as there are other sealed items gives an item its label as often as a sealed neighbour
does, if the training labels are right. If a share c of them was replaced by uniform draws from L labels, the excess over
chance, 1/L, shrinks by 1 - c. So c is one minus a ratio of two means.

Its interval is Fieller's, with the covariance of the means by a jackknife that takes whole blocks of sealed items away, as
asked items and as neighbours: neighbours are shared, so items are not independent. What an item owes to its own neighbour the
jackknife sees twice, when the item is away and when the neighbour is; the second is taken out again (without that, intervals
stated at 95 % covered 99.5 % and were up to twice as wide). A rate of hits near zero has at least the variance of two hits
more, and counts as no less than chance, or the interval would shrink to a point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from delivery_oracle.statistics.eprocess import Floats
from delivery_oracle.statistics.interval import Interval

BLOCKS = 32
FEWEST_ITEMS = 256
LOW_RATE = 0.05
QUANTILE = 2.3646
"""Student's t at 97.5 % with 7 degrees of freedom. Over draws of 256 items the standard error scatters as one of 12 does; the
rest is for training rows that are a little less like sealed items than these are like each other."""


@dataclass(frozen=True)
class Corruption:
    """Estimated share of random labels with its 95 % interval."""

    share: float
    interval: Interval

    def __str__(self) -> str:
        return f"{self.share:.2f} [{self.interval.low:.2f}, {self.interval.high:.2f}]"


@dataclass(frozen=True)
class Hits:
    """Agreement of each sealed item, in [0, 1].

    `block` is the block of its nearest sealed neighbour (an item's own block is its place modulo BLOCKS), `second` its
    agreement with the nearest sealed neighbour outside of that block. `by_train` is the mean over so many `samples` of rows.
    """

    by_train: Floats
    by_sealed: Floats
    second: Floats
    block: np.ndarray
    samples: int = 1


def estimate(hits: Hits, chance: float) -> Corruption | None:
    """None with too few items, or where sealed items do not predict each other well enough to compare with."""
    if hits.by_sealed.size < FEWEST_ITEMS:
        return None
    trained, sealed = max(0.0, float(hits.by_train.mean()) - chance), float(hits.by_sealed.mean()) - chance
    covariance = jackknife(hits)
    bounds = fieller(trained, sealed, covariance)
    if bounds is None:
        return None
    low, high = bounds
    return Corruption(share(trained / sealed), Interval(share(high), share(low)))


def share(ratio: float) -> float:
    """A ratio of excesses as a share of corrupted labels."""
    return min(1.0, max(0.0, 1.0 - ratio))


def jackknife(hits: Hits) -> Floats:
    """Covariance of the means of `by_train` and `by_sealed`, [2, 2], over blocks left out."""
    own = np.arange(hits.by_sealed.size) % BLOCKS
    means = np.empty((BLOCKS, 2))
    for block in range(BLOCKS):
        left = own != block
        means[block] = hits.by_train[left].mean(), np.where(hits.block == block, hits.second, hits.by_sealed)[left].mean()
    deviations = means - means.mean(axis=0)
    covariance = np.asarray((BLOCKS - 1) / BLOCKS * deviations.T @ deviations)
    covariance[0, 0] = max(covariance[0, 0], _least(hits))
    covariance[1, 1] = max(covariance[1, 1] - _twice(hits, own), float(hits.by_sealed.var()) / hits.by_sealed.size)
    return covariance


def _twice(hits: Hits, own: np.ndarray) -> float:
    """What the jackknife counts again of each item's own neighbour; what remains is what items share by having the same one."""
    kept = hits.by_sealed.size * (BLOCKS - 1) / BLOCKS
    exchanged = (hits.second - hits.by_sealed)[hits.block != own]
    return (BLOCKS - 1) / BLOCKS * float((exchanged**2).sum()) / kept**2


def _least(hits: Hits) -> float:
    """Least variance of a rate of hits: that of two hits more, among all that were looked at."""
    looked = hits.by_train.size * hits.samples
    rate = (float(hits.by_train.mean()) * looked + 2.0) / (looked + 4.0)
    return min(rate, LOW_RATE) * (1.0 - rate) / looked


def fieller(top: float, bottom: float, covariance: Floats) -> tuple[float, float] | None:
    """95 % bounds of top / bottom; None where the bottom cannot be told from zero."""
    square = QUANTILE**2
    a = bottom**2 - square * float(covariance[1, 1])
    b = top * bottom - square * float(covariance[0, 1])
    c = top**2 - square * float(covariance[0, 0])
    if a <= 0.0 or bottom <= 0.0:
        return None
    half = math.sqrt(max(0.0, b * b - a * c))
    return (b - half) / a, (b + half) / a
