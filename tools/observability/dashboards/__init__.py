"""The two dashboards, made with Grafana's foundation SDK."""

from collections.abc import Callable
from typing import Any

from tools.observability.dashboards import compliance, cost

DASHBOARDS: dict[str, Callable[[], dict[str, Any]]] = {"cost": cost.dashboard_of, "compliance": compliance.dashboard_of}
