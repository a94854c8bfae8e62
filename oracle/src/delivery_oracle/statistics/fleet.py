"""Many deliveries at once: e-BH keeps the false discovery rate under any dependence between them.

The e-value of a delivery is its wealth when its probe stopped or now, never the highest it ever was: the highest is no e-value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def e_bh(log_evalues: Sequence[float], alpha: float) -> tuple[int, ...]:
    """Positions rejected at false discovery rate alpha (Wang and Ramdas)."""
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha {alpha} is not inside (0, 1)")
    if any(math.isnan(value) for value in log_evalues):
        raise ValueError("an e-value is not a number; leave the delivery out or judge it anew")
    total = len(log_evalues)
    order = sorted(range(total), key=lambda position: -log_evalues[position])
    kept = 0
    for rank, position in enumerate(order, start=1):
        if log_evalues[position] >= math.log(total / (alpha * rank)):
            kept = rank
    return tuple(sorted(order[:kept]))
