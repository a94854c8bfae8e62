"""Whether a value can be what its unit says."""

import time

from delivery_operator.metrics.catalogue import Unit
from tools.observability.dashboards.panels import Show


def is_right(show: Show, value: float) -> bool:
    """Of a panel, within the last hour where it is a time."""
    if show.unit is Unit.TIMESTAMP:
        return abs(value / 1000 - time.time()) < 3600
    if show.unit is Unit.COUNT:
        return value >= 0 and value == int(value)
    if show.unit is Unit.SECONDS:
        return 0 <= value < 10 * 365 * 86_400
    return value >= 0
