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
PRECISION = 1e-5
NEARLY = 0.9
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
    low, high = -EDGE, EDGE
    if evidence_against(high) < needed:
        return 1.0
    mean, reach = float(items.mean()), _reach(items, needed)
    guesses = [mean, mean + NEARLY * reach, mean + reach]
    while high - low > PRECISION:
        gain = guesses.pop() if guesses else (low + high) / 2.0
        if not low < gain < high:
            continue
        if evidence_against(gain) >= needed:
            high = gain
        else:
            low = gain
    return high


def _reach(items: Floats, needed: float) -> float:
    """About how far above the mean the bound lies where only the smallest bet is left: of a million items that is so."""
    smallest = float(FRACTIONS[0])
    return (needed + math.log(FRACTIONS.size)) / (items.size * smallest) + smallest * float(items.var()) / 2.0
