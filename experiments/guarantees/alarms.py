"""False alarms: how often a run that is just as good (or as bad) as the null allows is decided against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.stats import binomtest

from delivery_api.sealed import LOOK_ITEMS
from delivery_oracle.statistics.eprocess import Floats, Process, ramp
from experiments.guarantees.laws import LAWS, adversary
from experiments.guarantees.simulate import Report, crossings, report_part

ALPHAS = (0.05, 0.01)
MARGIN = 0.20
LOOKS = 10
RUNS = 200_000
ADVERSARY_RUNS = 400_000
CONFIDENCE = 0.99


@dataclass(frozen=True)
class Alarm:
    """One law against one process at one alpha; `upper` is the one-sided Clopper-Pearson bound at 99 %."""

    process: str
    law: str
    says: str
    alpha: float
    runs: int
    alarms: int
    upper: float

    @property
    def rate(self) -> float:
        return self.alarms / self.runs

    @property
    def holds(self) -> bool:
        return self.upper < self.alpha


def floors_of(process: Process) -> Floats:
    """The floor each item is held against: the operator's ramp for the flag, the margin (turned around) for the certificate."""
    if process is Process.CERTIFY:
        return np.full(LOOKS * LOOK_ITEMS, -MARGIN)
    steps = np.linspace(20, 100, LOOKS).round().astype(int).tolist()
    return np.repeat([ramp(step, 20, 100, MARGIN) for step in steps], LOOK_ITEMS)


def upper_bound(hits: int, runs: int) -> float:
    """Exact (Clopper-Pearson) one-sided upper bound of a share."""
    return float(binomtest(hits, runs, alternative="less").proportion_ci(CONFIDENCE, method="exact").high)


def measure(scale: float, report: Report) -> Iterator[Alarm]:
    """All laws, both processes, both alphas."""
    runs, strong = max(200, round(RUNS * scale)), max(200, round(ADVERSARY_RUNS * scale))
    jobs = len(Process) * (len(LAWS) + len(ALPHAS) * 2)
    done = 0
    for process in Process:
        floors = floors_of(process)
        for seed, (name, law, says) in enumerate(LAWS):
            counts = crossings(law, floors, runs, ALPHAS, seed, partial(report_part, report, done, 1, jobs))
            done += 1
            for alpha, count in zip(ALPHAS, counts, strict=True):
                yield Alarm(str(process), name, says, alpha, runs, count, upper_bound(count, runs))
        for alpha in ALPHAS:
            (count,) = crossings(adversary(alpha), floors, strong, (alpha,), 99, partial(report_part, report, done, 2, jobs))
            done += 2
            yield Alarm(
                str(process), "adversary", "sees every bet, chooses each item's law", alpha, strong, count,
                upper_bound(count, strong),
            )  # fmt: skip
