"""Power of the holdout, known before the run: how likely a real gain would be called Learned.

Exact: the discordant items are Binomial(n, wins + losses), the wins among them Binomial, and for each number of
discordant items the fewest wins that satisfy both the test and the margin is known. Assumption, stated in every message
that uses it: the candidate loses one item in ten that its base had right.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from delivery_oracle.statistics.mcnemar import critical_wins, log_factorials

ASSUMED_LOSSES = 0.10
ASSUMED_GAIN_FACTOR = 1.5
WANTED_POWER = 0.80
TAIL_DEVIATIONS = 9.0
SIZES = (64, 128, 192, 256, 320, 400, 512, 640, 800, 1000, 1500, 2000, 3000, 5000, 8000)


def binomial_pmf(trials: int, chance: float) -> np.ndarray:
    """Probabilities of 0..trials successes."""
    if chance in (0.0, 1.0):
        pmf = np.zeros(trials + 1)
        pmf[int(trials * chance)] = 1.0
        return pmf
    counts = np.arange(trials + 1)
    table = log_factorials(trials)
    logs = table[trials] - table[counts] - table[::-1] + counts * math.log(chance) + counts[::-1] * math.log1p(-chance)
    return np.asarray(np.exp(logs))


@lru_cache(maxsize=1024)
def power(items: int, gain: float, margin: float, *, losses: float = ASSUMED_LOSSES, alpha: float = 0.05) -> float:
    """Chance that a true gain is called Learned with `items` sealed items."""
    return _power(items, gain, margin, losses, alpha)


def _power(items: int, gain: float, margin: float, losses: float, alpha: float) -> float:
    """What `power` keeps. Apart from it, as mutmut leaves decorated functions alone."""
    wins = min(gain + losses, 1.0 - losses)
    discordant = wins + losses
    if wins <= 0 or discordant <= 0:
        return 0.0
    weights = binomial_pmf(items, discordant)
    spread = TAIL_DEVIATIONS * math.sqrt(items * discordant) + 1
    centre = items * discordant
    total = 0.0
    for count in range(max(1, int(centre - spread)), min(items, int(centre + spread)) + 1):
        needed = max(critical_wins(count, alpha), math.ceil((margin * items + count) / 2 - 1e-9))
        total += float(weights[count] * binomial_pmf(count, wins / discordant)[needed:].sum())
    return min(1.0, total)


def assumed_gain(margin: float) -> float:
    """The true gain a holdout is sized for: half as much again as the customer's minimum."""
    return min(1.0, ASSUMED_GAIN_FACTOR * margin)


def items_needed(margin: float, *, wanted: float = WANTED_POWER, alpha: float = 0.05) -> int | None:
    """Smallest usual holdout that calls the assumed gain Learned with the wanted power; None above the largest."""
    gain = assumed_gain(margin)
    return next((size for size in SIZES if power(size, gain, margin, alpha=alpha) >= wanted), None)
