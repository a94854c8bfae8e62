"""Bounds of the gain over the base.

For 0/1 scores: Tango's score interval for a paired difference, which holds its level on small samples and at
no discordant pair, where the usual Wald interval collapses to a point. For other scores in [0, 1]: the betting bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from delivery_oracle.statistics import betting

BISECTIONS = 60


@dataclass(frozen=True)
class Interval:
    """One-sided bounds, each at its own confidence of 1 - alpha."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"[{self.low:+.3f}, {self.high:+.3f}]"


def paired_binary(wins: int, losses: int, items: int, alpha: float) -> Interval:
    """Tango's bounds of (wins - losses) / items."""
    if items <= 0 or wins < 0 or losses < 0 or wins + losses > items:
        raise ValueError(f"wins={wins} and losses={losses} do not fit into {items} items")
    critical = NormalDist().inv_cdf(1.0 - alpha)
    gain = (wins - losses) / items
    low = _root(lambda d: _score(wins, losses, items, d) <= critical, -1.0, gain)
    high = _root(lambda d: _score(wins, losses, items, d) < -critical, gain, 1.0)
    return Interval(low, high)


def paired_scores(differences: Any, alpha: float) -> Interval:
    """Betting bounds of the mean difference of scores in [0, 1]."""
    return Interval(betting.lower_bound(differences, alpha), betting.upper_bound(differences, alpha))


def _score(wins: int, losses: int, items: int, gain: float) -> float:
    """Score statistic of "the gain is `gain`": observed minus claimed, over its deviation under the claim."""
    quadratic = -wins - losses + (2 * items - wins + losses) * gain
    constant = -losses * gain * (1.0 - gain)
    under = max(0.0, (math.sqrt(max(0.0, quadratic**2 - 8 * items * constant)) - quadratic) / (4 * items))
    variance = items * (2 * under + gain * (1.0 - gain))
    distance = wins - losses - items * gain
    if variance <= 1e-12:
        return 0.0 if abs(distance) < 1e-9 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def _root(is_right: Any, low: float, high: float) -> float:
    """Where a predicate turns from false to true between low and high."""
    if is_right(low):
        return low
    for _ in range(BISECTIONS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if is_right(middle) else (middle, high)
    return high


def wilson(successes: int, trials: int, alpha: float = 0.05) -> Interval:
    """Two-sided Wilson interval of a share, for agreement figures in messages."""
    if trials <= 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf(1.0 - alpha / 2.0)
    share, scale = successes / trials, 1.0 + z**2 / trials
    centre = (share + z**2 / (2 * trials)) / scale
    half = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2)) / scale
    return Interval(float(np.clip(centre - half, 0, 1)), float(np.clip(centre + half, 0, 1)))
