"""Dashboards, rules and the page of metrics are what their source says, and each panel shows a known series in its unit."""

import json
import re
from pathlib import Path

import pytest

from delivery_operator.metrics.catalogue import CATALOGUE, LABELS
from tools.observability.__main__ import main, wanted
from tools.observability.dashboards import DASHBOARDS, compliance, cost
from tools.observability.dashboards.panels import GRAFANA_UNIT, Show
from tools.observability.rules import RECORDED

ROOT = Path(__file__).resolve().parents[2]
SHOWS = [show for dashboard in (cost, compliance) for _, shows in dashboard.ROWS for show in shows]
UNITS = {one.name: one.unit for one in (*CATALOGUE, *RECORDED)}
LABELS_OF = {one.name: set(one.labels) for one in (*CATALOGUE, *RECORDED)}
every_panel = pytest.mark.parametrize("show", SHOWS, ids=lambda show: show.title)


@pytest.mark.parametrize("name", sorted(wanted()))
def test_a_generated_file_is_as_its_source_says(name: str):
    assert (ROOT / name).read_text() == wanted()[name], "run `make generate`"


def test_a_file_that_differs_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(tmp_path)]) == 0 and main([str(tmp_path), "--check"]) == 0
    (tmp_path / "docs/reference/metrics.md").write_text("by hand")
    capsys.readouterr()
    assert main([str(tmp_path), "--check"]) == 1
    assert "docs/reference/metrics.md differs from tools/observability; run `make generate`" in capsys.readouterr().err


@every_panel
def test_a_panel_shows_one_known_series_in_the_unit_it_has(show: Show):
    assert show.unit is UNITS[show.series]
    asked = set(re.findall(r"\b(?:namespace:|delivery:)?(?:delivery|reconcile|leader_election)_[\w:]+", show.expr))
    assert asked == {show.series}


@every_panel
def test_a_panel_only_sums_filters_and_takes_the_highest(show: Show):
    """A quotient would have another unit than the series it names."""
    bare = re.sub(r'"[^"]*"', '""', show.expr)
    assert not set("/*-+%^") & set(bare)
    assert set(re.findall(r"(\w+) ?\(", bare.replace("by (", "by("))) <= {"sum", "max", "by", "vector"}


@every_panel
def test_a_legend_and_a_filter_name_labels_that_the_series_has(show: Show):
    grouped = {label.strip() for group in re.findall(r"by \(([^)]*)\)", show.expr) for label in group.split(",")}
    filtered = set(re.findall(r"(\w+)(?:=~|=|!=)", show.expr))
    legend = set(re.findall(r"{{(\w+)}}", show.legend))
    assert grouped | filtered <= LABELS_OF[show.series]
    assert legend <= (grouped or LABELS_OF[show.series]) and legend <= set(LABELS)


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_a_dashboard_is_whole(name: str):
    made = json.loads((ROOT / f"charts/delivery-operator/dashboards/{name}.json").read_text())
    panels = [panel for panel in made["panels"] if panel["type"] != "row"]
    assert made["uid"] == f"ptaas-{name}" and len(panels) >= 14
    assert {variable["name"] for variable in made["templating"]["list"]} == {"datasource", "namespace"}
    for panel in panels:
        assert panel["title"] and panel["description"] and panel["datasource"]["uid"] == "$datasource"
        assert panel["fieldConfig"]["defaults"]["unit"] in GRAFANA_UNIT.values()
        assert panel["gridPos"]["w"] + panel["gridPos"]["x"] <= 24
    assert len({panel["title"] for panel in panels}) == len(panels)
