"""Many deliveries at once: e-BH keeps the false discovery rate under any dependence between them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def e_bh(log_evalues: Sequence[float], alpha: float) -> tuple[int, ...]:
    """Positions rejected at false discovery rate alpha (Wang and Ramdas)."""
    total = len(log_evalues)
    order = sorted(range(total), key=lambda position: -log_evalues[position])
    kept = 0
    for rank, position in enumerate(order, start=1):
        if log_evalues[position] >= math.log(total / (alpha * rank)):
            kept = rank
    return tuple(sorted(order[:kept]))
