"""Power of the clean probe, known before the run: how likely its looks would flag, or certify, a run of a given gain.

A simulation with a fixed seed, hence a pure function: to constant bets only the counts of wins and losses
of a look matter.
Assumption, stated in every message that uses it: the candidate loses one item in ten that its base had right.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from delivery_api.sealed import LOOK_ITEMS, look_steps
from delivery_oracle.statistics.eprocess import BET_COUNT, FRACTIONS, Floats, Process, payoffs, ramp
from delivery_oracle.statistics.power import ASSUMED_LOSSES

RUNS = 2_000
LEAST_POWER = 0.5
PERCENT = 100
WARMUP_END = 20


@lru_cache(maxsize=256)
def chance(
    process: Process,
    floors: tuple[float, ...],
    gain: float,
    *,
    items: int = LOOK_ITEMS,
    alpha: float,
    losses: float = ASSUMED_LOSSES,
) -> float:
    """Share of simulated runs that cross 1/alpha at one of the looks; one floor a look, `items` fresh items each."""
    return _chance(process, floors, gain, items, alpha, losses)


def _chance(process: Process, floors: tuple[float, ...], gain: float, items: int, alpha: float, losses: float) -> float:
    """What `chance` keeps. Apart from it, as mutmut leaves decorated functions alone."""
    if not floors:
        return 0.0
    losses = max(-gain, min(losses, (1.0 - gain) / 2.0))
    paths = crossing_paths(process, floors, (gain + losses, losses), items)
    return float((paths.max(axis=1) >= -np.log(alpha)).mean())


def crossing_paths(process: Process, floors: Sequence[float], shares: tuple[float, float], items: int, seed: int = 0) -> Floats:
    """Log wealth of simulated runs at the ends of their looks, [runs, looks]; `shares` are those of wins and of losses."""
    wins, losses = shares
    generator = np.random.default_rng(seed)
    counts = generator.multinomial(items, [wins, losses, max(0.0, 1.0 - wins - losses)], size=(RUNS, len(floors)))
    steps = [np.log1p(np.outer(payoffs(process, [1.0, -1.0, 0.0], floor), FRACTIONS)) for floor in floors]
    logs = np.einsum("rlk,lkj->rlj", counts, np.array(steps)).cumsum(axis=1)
    return np.asarray(np.logaddexp.reduce(logs, axis=2) - np.log(BET_COUNT))


def planned_floors(pool: int, margin: float) -> tuple[float, ...]:
    """The floor at each look that a pool of that many items has fresh items for."""
    return tuple(ramp(step, WARMUP_END, PERCENT, margin) for step in look_steps(PERCENT, pool))


def sentence(pool: int, margin: float, alpha: float) -> str | None:
    """What is said before a run whose probe has too little power; None when it has enough."""
    floors = planned_floors(pool, margin)
    found = chance(Process.FLAG, floors, 0.0, alpha=alpha)
    if found >= LEAST_POWER:
        return None
    return (
        f"the clean probe has little power: {len(floors)} looks of {LOOK_ITEMS} items flag a run that gains nothing "
        f"with chance {found:.2f} at the margin {margin:.3f} (if the candidate loses one item in ten), else it stays undecided"
    )
