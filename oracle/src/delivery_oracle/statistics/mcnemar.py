"""Exact one-sided paired McNemar test for 0/1 scores.

Null: an item on which the two models differ is as likely lost as won. Given the number of
discordant items, wins are then Binomial(n, 1/2), so the p-value is an exact tail sum.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

LARGEST_EXACT = 10_000
"""Discordant items up to which the sum is of whole numbers; beyond, of logarithms good to nine digits."""


def p_value(wins: int, losses: int) -> float:
    """P(at least `wins` of wins + losses fair coins)."""
    if wins < 0 or losses < 0:
        raise ValueError(f"counts must not be negative, found wins={wins} losses={losses}")
    tosses = wins + losses
    if wins == 0:
        return 1.0
    if tosses > LARGEST_EXACT:
        return min(1.0, float(np.exp(log_pmf(tosses, np.arange(wins, tosses + 1))).sum()))
    term, total = 1, 0
    for lost in range(losses + 1):  # binomial(tosses, lost): wins or more are losses or fewer
        total += term
        term = term * (tosses - lost) // (lost + 1)
    return float(Fraction(total, 2**tosses))


def log_pmf(tosses: int, heads: np.ndarray) -> np.ndarray:
    """Log probability of each count of heads among fair coins."""
    table = log_factorials(tosses)
    return np.asarray(table[tosses] - table[heads] - table[tosses - heads] - tosses * math.log(2.0))


def log_factorials(largest: int) -> np.ndarray:
    """log(k!) for k = 0..largest."""
    return np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, largest + 1)))))


def critical_wins(tosses: int, alpha: float) -> int:
    """Fewest wins among `tosses` discordant items that reject at alpha; tosses + 1 when none does."""
    tail = np.cumsum(np.exp(log_pmf(tosses, np.arange(tosses, -1, -1))))
    return tosses + 1 - int((tail <= alpha).sum())
