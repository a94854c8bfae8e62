"""Our probe on every row of the paper's table, beside what the paper reports of its detector.

Assumptions, printed on the page: gains are those of the table; 31 % of the items change; a failing run has its gain from the
end of the warm-up on, a healthy one approaches it with a time constant of 15 % of the run; 300 steps; items are fresh.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from delivery_api.sealed import LOOK_ITEMS, look_steps
from delivery_oracle.probe import ALPHA_CERTIFY, ALPHA_FLAG
from delivery_oracle.statistics.eprocess import BET_COUNT, FRACTIONS, Floats, Process, payoffs, ramp
from experiments.guarantees import gpu
from experiments.guarantees.alarms import upper_bound
from experiments.guarantees.gpu import STEPS, WARMUP_END
from experiments.guarantees.naive import CHANGED
from experiments.guarantees.power import shares
from experiments.guarantees.simulate import Report
from experiments.tbdl.manifest import Arm
from experiments.tbdl.paper import ROWS, Row

TIME_CONSTANT = 0.15 * STEPS
HEALTHY: tuple[Arm, ...] = ("correct", "mask")
ARMS: tuple[Arm, ...] = ("permute", "noise", *HEALTHY)
EVERY_TEN = tuple(range(WARMUP_END, STEPS + 1, gpu.LOOK_EVERY))
SCHEDULES = {
    "25 looks of 64": (EVERY_TEN, LOOK_ITEMS),
    "6 looks of 128": (look_steps(STEPS, 10**6), 128),
    "6 looks of 64": (look_steps(STEPS, 10**6), LOOK_ITEMS),
}
"""As often as the paper's detector; as advised for few looks; as the operator does by default."""
PARAMETERS = {"Qwen3-8B": 8.2e9, "Gemma-2-9B-it": 9.2e9, "Qwen3-32B": 32.8e9, "Llama-3.3-70B": 70.6e9}
RUNS = 4_000


@dataclass(frozen=True)
class Seen:
    """One base, one arm, one margin, one schedule: what the probe says and what stopping saves of the run."""

    base: str
    arm: str
    gain: float
    margin: float
    schedule: str
    runs: int
    flagged: float
    certified: float
    undecided: float
    median_step: int | None
    flag_upper: float
    hours: float
    hours_saved: float

    @property
    def dollars_saved(self) -> float:
        return self.hours_saved * gpu.DOLLARS_AN_HOUR


def gains(final: float, healthy: bool, steps: tuple[int, ...]) -> list[float]:
    """Gain at each look."""
    whole = 1.0 - math.exp(-STEPS / TIME_CONSTANT)
    return [final * (1.0 - math.exp(-step / TIME_CONSTANT)) / whole if healthy else final for step in steps]


def paths(process: Process, floors: list[float], counts: Floats) -> Floats:
    """Log wealth at the end of each look, [runs, looks], from counts of wins, losses and ties, [runs, looks, 3]."""
    logs = np.array([np.log1p(np.outer(payoffs(process, [1.0, -1.0, 0.0], floor), FRACTIONS)) for floor in floors])
    cumulated = np.einsum("rlk,lkj->rlj", counts, logs).cumsum(axis=1)
    return np.asarray(np.logaddexp.reduce(cumulated, axis=2) - math.log(BET_COUNT))


def look(row: Row, arm: Arm, margin: float, schedule: str, runs: int, seed: int) -> Seen:
    """Simulates the runs of one row and arm."""
    (steps, items), final = SCHEDULES[schedule], row.arms[arm][0] - row.untuned
    generator, laws = np.random.default_rng(seed), []
    for gain in gains(final, arm in HEALTHY, steps):
        wins, losses = shares(gain, CHANGED)
        laws.append(generator.multinomial(items, [wins, losses, 1 - wins - losses], runs))
    counts = np.stack(laws, axis=1).astype(np.float64)
    flag = paths(Process.FLAG, [ramp(step, WARMUP_END, STEPS, margin) for step in steps], counts) >= -math.log(ALPHA_FLAG)
    certify = paths(Process.CERTIFY, [margin] * len(steps), counts) >= -math.log(ALPHA_CERTIFY)
    flagged, certified = flag.any(axis=1), certify.any(axis=1) & ~flag.any(axis=1)
    stopped = np.where(flagged, np.array(steps)[flag.argmax(axis=1)], STEPS)
    hours = gpu.hours(PARAMETERS[row.base], STEPS)
    median = int(np.median(stopped[flagged])) if flagged.any() else None
    return Seen(
        row.base, arm, final, margin, schedule, runs, float(flagged.mean()), float(certified.mean()),
        float(1.0 - flagged.mean() - certified.mean()), median, upper_bound(int(flagged.sum()), runs), hours,
        hours * float((1.0 - stopped / STEPS).mean()),
    )  # fmt: skip


def measure(scale: float, report: Report) -> Iterator[Seen]:
    """Every row and arm at the margins .20 and .10, by every schedule."""
    runs = max(100, round(RUNS * scale))
    jobs = [(margin, schedule) for margin in (0.20, 0.10) for schedule in SCHEDULES]
    for done, (margin, schedule) in enumerate(jobs, start=1):
        for seed, (row, arm) in enumerate((row, arm) for row in ROWS for arm in ARMS):
            yield look(row, arm, margin, schedule, runs, seed)
        report(done / len(jobs))
