"""A pool too small for fresh items at every look: one e-value a look, averaged with weights fixed before the run.

Looks at the same items must never be multiplied (simulated false alarms: 27-30 % at 5 %). Each look alone is a fair bet
on its items, whatever else was seen of them, and a weighted average of e-values is an e-value under any dependence. It only
ever grows as looks come, so it may be read at every look: at 1/alpha the null is rejected at alpha.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from delivery_oracle.statistics.eprocess import Process, Wealth, wealth, weighted_average


def reused(process: Process, looks: Sequence[Any], deltas: Sequence[float], planned_looks: int) -> Wealth:
    """Log of the average so far, one value a look; looks that are planned and not yet taken count as nothing.

    `looks` holds the differences of each look over the same items, `deltas` the gain each look is held against.
    """
    if len(looks) != len(deltas):
        raise ValueError(f"{len(looks)} looks need as many minimum gains, found {len(deltas)}")
    if not len(looks) <= planned_looks:
        raise ValueError(f"{len(looks)} looks, but {planned_looks} were planned; the weights are fixed before the run")
    each = [wealth(process, values, delta).last for values, delta in zip(looks, deltas, strict=True)]
    share = 1.0 / max(1, planned_looks)
    averages = [weighted_average(each[: count + 1], [share] * (count + 1)) for count in range(len(each))]
    return Wealth(np.array(averages, dtype=np.float64))
