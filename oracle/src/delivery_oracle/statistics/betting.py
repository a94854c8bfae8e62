"""One-sided paired betting test for scores in [0, 1] that are not 0/1.

Null: the mean difference is at most 0. The items are taken in the fixed order of the sealed split, and
the test rejects at alpha once the wealth of the certifying bettor has reached 1/alpha; 1/highest wealth is
an anytime-valid p-value. The same bettor, asked about every possible gain, gives the gain's bounds: a bound is the
gain at which it would just fail to reject.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from delivery_oracle.statistics.eprocess import FRACTIONS, Floats, Process, differences, highest

EDGE = 1.0 - 1e-9
PRECISION = 1e-6
MOST_STEPS = 200
"""A bound takes some fifteen; no input can make it take forever."""
Evidence = Callable[[float], float]


def p_value(values: Any, delta: float = 0.0) -> float:
    """Anytime-valid p of "the gain is at most delta"."""
    return math.exp(-highest(Process.CERTIFY, values, delta))


def lower_bound(values: Any, alpha: float) -> float:
    """Largest gain that the data still exclude from below at alpha; -1 when they exclude nothing."""
    items = differences(values)
    return -_edge(lambda gain: highest(Process.CERTIFY, items, -gain), alpha, -items)


def upper_bound(values: Any, alpha: float) -> float:
    """Smallest gain that the data exclude from above at alpha; 1 when they exclude nothing."""
    items = differences(values)
    return _edge(lambda gain: highest(Process.FLAG, items, gain), alpha, items)


def _edge(evidence_against: Evidence, alpha: float, items: Floats) -> float:
    """Where the evidence, which grows with the gain claimed, first reaches 1/alpha; never below that point."""
    needed = -math.log(alpha)
    low, below, high, above = _bracket(evidence_against, needed, items)
    if above < 0.0:
        return 1.0
    side = 0
    for _ in range(MOST_STEPS):
        if high - low <= PRECISION:
            break
        # The secant's guess kept inside the bracket; an end that stays twice counts for half (Illinois).
        guess = low - below * (high - low) / (above - below)
        middle = min(max(guess, low + PRECISION / 2.0), high - PRECISION / 2.0)
        seen = evidence_against(middle) - needed
        if seen >= 0.0:
            high, above, below, side = middle, seen, below / (2.0 if side > 0 else 1.0), 1
        else:
            low, below, above, side = middle, seen, above / (2.0 if side < 0 else 1.0), -1
    return high


def _bracket(evidence_against: Evidence, needed: float, items: Floats) -> tuple[float, float, float, float]:
    """A gain that is not excluded with its distance from 1/alpha, and one that is; the last distance is negative if none is."""
    low, below = -EDGE, -needed
    step = _first_step(items, needed)
    mean = float(items.mean()) if items.size else 0.0
    if -EDGE < mean < EDGE:
        seen = evidence_against(mean) - needed
        if seen >= 0.0:
            return low, below, mean, seen
        low, below = mean, seen
    high = min(EDGE, max(-EDGE, mean) + step)
    above = evidence_against(high) - needed
    for _ in range(MOST_STEPS):
        if above >= 0.0 or high >= EDGE:
            break
        low, below = high, above
        step *= 2.0
        high = min(EDGE, high + step)
        above = evidence_against(high) - needed
    return low, below, high, above


def _first_step(items: Floats, needed: float) -> float:
    """How far beyond the mean the bound may be expected: that of the best bet, or of the smallest if that is too large."""
    count = max(1, items.size)
    variance = float(items.var()) if items.size else 1.0
    target = needed + math.log(FRACTIONS.size)
    smallest = float(FRACTIONS[0])
    return max(math.sqrt(2.0 * variance * target / count), target / (count * smallest) + smallest * variance / 2.0, 1e-6)
