"""A panel in one line: what is asked, in which unit it is shown, and what it means.

A panel asks for one metric or recorded series, summed or filtered and never divided, so that its unit is that of the
catalogue; what is divided is recorded under a name and a unit of its own.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from grafana_foundation_sdk.builders import common as options
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as models

from delivery_operator.metrics.catalogue import Unit

GRAFANA_UNIT: dict[Unit, str] = {
    Unit.COUNT: "none",
    Unit.SECONDS: "s",
    Unit.TIMESTAMP: "dateTimeFromNow",
    Unit.CURRENCY: "locale",
    Unit.HOURLY: "suffix: /h",
    Unit.RATIO: "percentunit",
    Unit.PER_SECOND: "ops",
}
"""Money has no unit of its own: its currency is in the legend, for Grafana cannot take it from a label."""
DATASOURCE = models.DataSourceRef(type_val="prometheus", uid="$datasource")
MINE = 'namespace=~"$namespace"'
WIDTH, HEIGHT = 24, 7


@dataclass(frozen=True)
class Show:
    """One panel."""

    title: str
    series: str
    """The metric or recorded series."""
    expr: str
    unit: Unit
    legend: str
    about: str
    kind: Literal["stat", "lines"] = "lines"


def expression(show: Show) -> str:
    """What Grafana asks: its dates are milliseconds."""
    return f"({show.expr}) * 1000" if show.unit is Unit.TIMESTAMP else show.expr


def _panel(show: Show, width: int) -> stat.Panel | timeseries.Panel:
    query = prometheus.Dataquery().expr(expression(show)).legend_format(show.legend).datasource(DATASOURCE).ref_id("A")
    panel: Any = stat.Panel() if show.kind == "stat" else timeseries.Panel().fill_opacity(10).show_points(_never())
    panel = panel.title(show.title).description(show.about).unit(GRAFANA_UNIT[show.unit]).datasource(DATASOURCE)
    if show.kind == "stat":
        panel = panel.reduce_options(_last())
    made: stat.Panel | timeseries.Panel = panel.with_target(query).height(HEIGHT).span(width)
    return made


def _never() -> common.VisibilityMode:
    return common.VisibilityMode.NEVER


def _last() -> Any:
    return options.ReduceDataOptions().calcs(["lastNotNull"])


def dashboard(uid: str, title: str, about: str, rows: Sequence[tuple[str, Sequence[Show]]]) -> dict[str, Any]:
    """A whole dashboard as JSON."""
    made = (
        build.Dashboard(title)
        .uid(uid)
        .description(about)
        .tags(["ptaas", "delivery-operator"])
        .refresh("30s")
        .time("now-6h", "now")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(build.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(
            build.QueryVariable("namespace")
            .label("Namespace")
            .datasource(DATASOURCE)
            .query("label_values(delivery_objects, namespace)")
            .multi(True)
            .include_all(True)
            .all_value(".*")
            .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        )
    )
    for name, shows in rows:
        made = made.with_row(build.Row(name))
        for show in shows:
            made = made.with_panel(_panel(show, WIDTH // len(shows)))
    encoded: dict[str, Any] = json.loads(json.dumps(made.build(), cls=JSONEncoder))
    return encoded
