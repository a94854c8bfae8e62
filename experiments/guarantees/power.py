"""Power and delay of the flag: items until 1/alpha for the paper's arms, by the mixture and by the bets it is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from delivery_oracle.statistics.eprocess import Bets, Floats, Process, wealth
from experiments.guarantees import gpu
from experiments.guarantees.naive import CHANGED
from experiments.guarantees.simulate import Report

ALPHAS = (0.05, 0.01)
RUNS = 1_000
HORIZON = 1_500


@dataclass(frozen=True)
class Scenario:
    """A gain over the base and the minimum gain it is held against; `expected`: the medians we were given."""

    name: str
    base: float
    candidate: float
    delta: float
    parameters: float
    expected: tuple[int, int] | None

    @property
    def gain(self) -> float:
        return self.candidate - self.base


SCENARIOS = (
    Scenario("permute on 8B", 0.328, 0.038, 0.10, 8.2e9, (14, 22)),
    Scenario("noise on 8B", 0.328, 0.335, 0.10, 8.2e9, (221, 362)),
    Scenario("noise on 70B", 0.239, 0.216, 0.10, 70.6e9, (124, 214)),
    Scenario("noise on 32B", 0.307, 0.386, 0.20, 32.8e9, (130, 210)),
    Scenario("correct on 8B", 0.328, 0.784, 0.10, 8.2e9, None),
)


@dataclass(frozen=True)
class Delay:
    """Flags of one scenario by one kind of bets: share of runs that flag at all and the median of items until then."""

    scenario: Scenario
    changed: str
    bets: str
    runs: int
    flagged: tuple[float, float]
    medians: tuple[int | None, int | None]

    @property
    def step(self) -> int | None:
        """Step of the median flag at the stricter alpha; None where it comes after the run or never."""
        items = self.medians[1]
        return None if items is None else gpu.step_of(items)

    @property
    def hours(self) -> float:
        """GPU-hours until that step, or of the whole run."""
        return gpu.hours(self.scenario.parameters, self.step or gpu.STEPS)

    @property
    def dollars(self) -> float:
        return self.hours * gpu.DOLLARS_AN_HOUR


def shares(gain: float, changed: float) -> tuple[float, float]:
    """Shares of wins and losses, if that many items change; more where the gain needs it."""
    changed = max(changed, abs(gain) + 0.02)
    return (changed + gain) / 2, (changed - gain) / 2


def independent(scenario: Scenario) -> float:
    """Share of items that differ if base and candidate were right independently of each other: the hardest case in practice."""
    base, candidate = scenario.base, scenario.candidate
    return base * (1 - candidate) + candidate * (1 - base)


def delays(scenario: Scenario, changed: float, bets: Bets, runs: int, seed: int = 3) -> tuple[Floats, ...]:
    """Items until the flag in each run, one array an alpha; infinity where it never flags."""
    wins, losses = shares(scenario.gain, changed)
    generator = np.random.default_rng(seed)
    firsts = np.full((len(ALPHAS), runs), np.inf)
    for run in range(runs):
        items = generator.choice([1.0, -1.0, 0.0], HORIZON, p=[wins, losses, 1 - wins - losses])
        path = wealth(Process.FLAG, items, scenario.delta, bets)
        for place, alpha in enumerate(ALPHAS):
            firsts[place, run] = path.first_crossing(alpha) or np.inf
    return tuple(firsts)


def measure(scale: float, report: Report) -> Iterator[Delay]:
    """Every scenario, three kinds of bets, two assumptions on how many items change."""
    runs = max(100, round(RUNS * scale))
    jobs = [(scenario, way, bets) for scenario in SCENARIOS for way in ("31 %", "independent") for bets in Bets]
    for done, (scenario, way, bets) in enumerate(jobs, start=1):
        found = delays(scenario, CHANGED if way == "31 %" else independent(scenario), bets, runs)
        medians = [int(np.median(first)) if np.isfinite(np.median(first)) else None for first in found]
        flagged = [float(np.isfinite(first).mean()) for first in found]
        yield Delay(scenario, way, str(bets), runs, (flagged[0], flagged[1]), (medians[0], medians[1]))
        report(done / len(jobs))
