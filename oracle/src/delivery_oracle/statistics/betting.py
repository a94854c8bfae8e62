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

from delivery_oracle.statistics.eprocess import Process, differences, wealth

BISECTIONS = 40
EDGE = 1.0 - 1e-9


def p_value(values: Any, delta: float = 0.0) -> float:
    """Anytime-valid p of "the gain is at most delta"."""
    return math.exp(-wealth(Process.CERTIFY, values, delta).highest)


def lower_bound(values: Any, alpha: float) -> float:
    """Largest gain that the data still exclude from below at alpha; -1 when they exclude nothing."""
    items = differences(values)
    return -_edge(lambda gain: wealth(Process.CERTIFY, items, -gain).highest, alpha)


def upper_bound(values: Any, alpha: float) -> float:
    """Smallest gain that the data exclude from above at alpha; 1 when they exclude nothing."""
    items = differences(values)
    return _edge(lambda gain: wealth(Process.FLAG, items, gain).highest, alpha)


def _edge(evidence_against: Callable[[float], float], alpha: float) -> float:
    """Where the evidence, which grows with the gain claimed, first reaches 1/alpha."""
    needed = -math.log(alpha)
    low, high = -EDGE, EDGE
    if evidence_against(high) < needed:
        return 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if evidence_against(middle) >= needed else (middle, high)
    return high
