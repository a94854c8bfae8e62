"""What not to do, beside it: peeking at an ordinary test, multiplying over re-used items, and an order that somebody chose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from delivery_api.sealed import LOOK_ITEMS
from delivery_oracle.statistics.eprocess import Floats, Process, wealth
from delivery_oracle.statistics.reuse import reused
from experiments.guarantees.alarms import ALPHAS
from experiments.guarantees.simulate import Report

FLOOR = 0.10
LOOKS = 25
"""One every ten steps from step 60 to 300, as the paper's detector looks."""
CHANGED = 0.31
"""Share of items on which candidate and base differ, as in the power table."""
PEEKING_RUNS = 200_000
RUNS = 4_000


@dataclass(frozen=True)
class Habit:
    """How often a habit stops a run that gains exactly the floor, by alpha."""

    name: str
    says: str
    runs: int
    rates: tuple[float, ...]


def draw(generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Differences of runs that gain exactly the floor."""
    wins, losses = (CHANGED + FLOOR) / 2, (CHANGED - FLOOR) / 2
    return np.asarray(generator.choice([1.0, -1.0, 0.0], shape, p=[wins, losses, 1 - wins - losses]))


def peeking(runs: int, generator: np.random.Generator) -> tuple[float, ...]:
    """A one-sided z-test of "the gain is at least the floor" on all items so far, at every look."""
    wins, losses = (CHANGED + FLOOR) / 2, (CHANGED - FLOOR) / 2
    counts = generator.multinomial(LOOK_ITEMS, [wins, losses, 1 - wins - losses], (runs, LOOKS)).cumsum(axis=1)
    items = LOOK_ITEMS * np.arange(1, LOOKS + 1)
    mean = (counts[..., 0] - counts[..., 1]) / items
    spread = np.sqrt(np.maximum((counts[..., 0] + counts[..., 1]) / items - mean**2, 1e-12) / items)
    p = norm.cdf((mean - FLOOR) / spread).min(axis=1)
    return tuple(float((p <= alpha).mean()) for alpha in ALPHAS)


def crossed(paths: list[float]) -> tuple[float, ...]:
    """Share of highest log wealths that reached 1/alpha."""
    highest = np.array(paths)
    return tuple(float((highest >= -np.log(alpha)).mean()) for alpha in ALPHAS)


def measure(scale: float, report: Report) -> Iterator[Habit]:
    """Every habit; the last two are the valid ways."""
    generator = np.random.default_rng(17)
    runs, many = max(100, round(RUNS * scale)), max(100, round(PEEKING_RUNS * scale))
    yield Habit("an ordinary test at every look", "z-test on all items so far", many, peeking(many, generator))
    report(0.1)
    pools = [draw(generator, (LOOK_ITEMS,)) for _ in range(runs)]
    product = crossed([wealth(Process.FLAG, np.tile(pool, LOOKS), FLOOR).highest for pool in pools])
    yield Habit("wealth multiplied over the same 64 items", f"{LOOKS} looks at one pool", runs, product)
    report(0.4)
    order = np.repeat([-1.0, 1.0, 0.0], [168, 328, 1104])  # 1,600 items that gain 0.1 on average
    chosen = crossed([wealth(Process.FLAG, order, FLOOR).highest])
    yield Habit("losses put first", "a pool that gains exactly the floor, in an order chosen by its scores", 1, chosen)
    fresh = crossed([wealth(Process.FLAG, draw(generator, (LOOKS * LOOK_ITEMS,)), FLOOR).highest for _ in range(runs)])
    yield Habit("ours: fresh items at every look", "wealth read after every item", runs, fresh)
    report(0.7)
    averaged = crossed([reused(Process.FLAG, [pool] * LOOKS, [FLOOR] * LOOKS, LOOKS).highest for pool in pools])
    yield Habit("ours: fixed-weight average over the same 64 items", "for a pool too small for fresh ones", runs, averaged)
    report(1.0)
