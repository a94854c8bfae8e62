"""Conformance vectors to six decimals, and the crossing test of a true null."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from delivery_oracle.statistics import mcnemar
from delivery_oracle.statistics.eprocess import Bets, Process, wealth
from experiments.guarantees.laws import extreme
from experiments.guarantees.simulate import Report, crossings, report_part

SEQUENCE = [0, -1, 0, 0, 1, -1, -1, 0, -1, 0] * 4
WEALTH = (
    (Bets.MIXTURE, 0.1, (3.353894, 13.309885, 259.137471)),
    (Bets.PLUGIN, 0.0, (2.531250, 6.407227, 29.644367)),
    (Bets.PLUGIN, 0.1, (4.414459, 18.452303, 177.847923)),
    (Bets.AGRAPA, 0.0, (0.943846, 2.255099, 14.448931)),
    (Bets.AGRAPA, 0.1, (2.317399, 10.230062, 199.357778)),
)
MCNEMAR = (
    (5, 0, 0.031250), (8, 2, 0.054688), (10, 3, 0.046143), (15, 6, 0.039177), (20, 10, 0.049369), (60, 40, 0.028444),
)  # fmt: skip
CROSSING_MEANS = (0.2, 0.5, 0.8)
CROSSING_ALPHA = 0.1
CROSSING_ITEMS = 10_000
CROSSING_RUNS = 5_000


@dataclass(frozen=True)
class Vector:
    """A published number and ours."""

    name: str
    expected: float
    found: float

    @property
    def holds(self) -> bool:
        return round(self.found, 6) == self.expected


@dataclass(frozen=True)
class Crossing:
    """Share of runs of a true null that ever reach 1/alpha."""

    mean: float
    runs: int
    items: int
    share: float

    @property
    def holds(self) -> bool:
        return self.share < CROSSING_ALPHA


def vectors() -> Iterator[Vector]:
    """Every number of the conformance list."""
    for bets, delta, expected in WEALTH:
        path = np.exp(wealth(Process.FLAG, SEQUENCE, delta, bets).log_wealth)
        for items, value in zip((10, 20, 40), expected, strict=True):
            yield Vector(f"{bets}, delta {delta:g}, wealth after {items}", value, float(path[items - 1]))
    for wins, losses, expected_p in MCNEMAR:
        yield Vector(f"McNemar p of {wins} wins and {losses} losses", expected_p, mcnemar.p_value(wins, losses))


def crossing(scale: float, report: Report) -> Iterator[Crossing]:
    """Bernoulli(m) tested at its own mean after every item."""
    runs, items = max(500, round(CROSSING_RUNS * scale)), max(500, round(CROSSING_ITEMS * scale))
    for done, mean in enumerate(CROSSING_MEANS):
        floors = np.full(items, 1.0 - 2.0 * mean)
        part = partial(report_part, report, done, 1, len(CROSSING_MEANS))
        (count,) = crossings(extreme, floors, runs, (CROSSING_ALPHA,), done, part)
        yield Crossing(mean, runs, items, count / runs)
