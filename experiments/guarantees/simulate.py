"""Many runs at once against the bettor of the library: a law draws each run's next item, knowing that run's past.

A run is held against one floor an item and its wealth is read after every item, which is more often than any probe looks.
`same_as_library` proves on drawn paths that what is simulated here is the bettor that decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from delivery_oracle.statistics.eprocess import BET_COUNT, FRACTIONS, Floats, Process, wealth

RUNS_AT_ONCE = 2048
PROVED = 8
"""Runs of the first batch whose wealth is computed by the library as well."""


@dataclass
class Past:
    """What a law may know before it draws item `at`: everything of its own run."""

    at: int
    floor: float
    progress: float
    last: Floats
    bettors: Floats
    """Wealth of each of the twenty bettors, [bettors, runs]."""


Law = Callable[[Past, np.random.Generator], Floats]
Report = Callable[[float], None]


def report_part(report: Report, done: int, weight: int, jobs: int, share: float) -> None:
    """Tells of a part as a share of the whole."""
    report((done + weight * share) / jobs)


def two_points(low: Floats | float, high: Floats | float, mean: float, uniform: Floats) -> Floats:
    """Draws of the law on {low, high} with the given mean, from uniform numbers."""
    chance_low = (high - mean) / (np.asarray(high) - low)
    return np.where(uniform < chance_low, low, high)


def batches(law: Law, floors: Floats, runs: int, seed: int, report: Report) -> Iterator[tuple[Floats, Floats]]:
    """(highest wealth of each run, differences [items, runs] of the first few) by batch; the null: E[D | past] = floor."""
    generator = np.random.default_rng(seed)
    bets, done = FRACTIONS[:, None], 0
    while done < runs:
        count = min(RUNS_AT_ONCE, runs - done)
        bettors, last, peak = np.ones((BET_COUNT, count)), np.zeros(count), np.zeros(count)
        drawn = np.empty((floors.size, min(count, PROVED)))
        for at, floor in enumerate(floors.tolist()):
            last = law(Past(at, floor, at / floors.size, last, bettors), generator)
            drawn[at] = last[:PROVED]
            bettors *= 1.0 + bets * ((floor - last) / (1.0 - floor))
            np.maximum(peak, bettors.mean(axis=0), out=peak)
        done += count
        report(done / runs)
        yield peak, drawn


def crossings(law: Law, floors: Floats, runs: int, alphas: tuple[float, ...], seed: int, report: Report) -> tuple[int, ...]:
    """Runs whose wealth ever reached 1/alpha, for each alpha."""
    counts = np.zeros(len(alphas), dtype=np.int64)
    for number, (peak, drawn) in enumerate(batches(law, floors, runs, seed, report)):
        counts += [int((peak >= 1.0 / alpha).sum()) for alpha in alphas]
        if number == 0:
            same_as_library(drawn, floors, peak)
    return tuple(int(count) for count in counts)


def same_as_library(drawn: Floats, floors: Floats, peak: Floats) -> None:
    """Raises where the simulated wealth is not that of the library: as a flag, and mirrored as a certificate."""
    for run in range(drawn.shape[1]):
        flag = wealth(Process.FLAG, drawn[:, run], floors).log_wealth.max()
        certify = wealth(Process.CERTIFY, -drawn[:, run], -floors).log_wealth.max()
        if not np.allclose(np.log(peak[run]), [flag, certify], rtol=1e-7, atol=1e-9):
            raise AssertionError(f"run {run}: simulated log wealth {np.log(peak[run])}, by the library {flag} and {certify}")
