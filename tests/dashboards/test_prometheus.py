"""A real Prometheus scrapes the operator while it delivers: every panel and every rule has data, in the unit it claims."""

import json
import os
import re
from pathlib import Path

import pytest
import yaml

from delivery_api import names
from delivery_api.delivery import Delivery
from tests.chart.kube import CHART, IMAGES, RELEASE
from tests.dashboards.test_generated import SHOWS
from tests.dashboards.units import is_right
from tests.operator_.test_real_api import free_port
from tests.support.plays import Play
from tests.support.prometheus import Prometheus, Sample, prometheus
from tests.support.scenes import deliver
from tests.support.stage import Theatre, eventually, reason, state
from tools.observability.dashboards.panels import Show, expression
from tools.observability.rules import RECORDED

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("DELIVERY_SHARED", ROOT.parent / "shared"))
MONITORING = ("servicemonitors", "prometheusrules")


async def play(theatre: Theatre) -> None:
    """One delivered, one at the gate, one of noise, one of permuted labels, and one served by override."""
    theatre.order("noisy", spec__terms__handling={"intakeCanary": "Skip"})
    theatre.order("permuted")
    theatre.order("waiting")
    theatre.order("weak")
    await deliver(theatre, "done")
    await theatre.reaches("withheld", lambda seen: reason(seen, "CostSettled") == "Withheld", "noisy")
    await theatre.reaches("refused", lambda seen: state(seen) == "intake/LabelsUnrelated", "permuted")
    await theatre.reaches("the gate", lambda seen: state(seen) == "deploy/AwaitingApproval", "waiting")
    await override(theatre, "weak")


def overridable(seen: Delivery) -> bool:
    """The audit has failed, and the request says so."""
    return seen.status.approval is not None and seen.status.approval.request.audit == "NotLearned"


async def override(theatre: Theatre, name: str) -> None:
    """Somebody with the verb has it served although its audit did not pass."""
    theatre.admin.ok("create", "rolebinding", "oz", "--clusterrole=ptaas-overrider", "--user=oz", "-n", theatre.tenant)
    weak = await theatre.reaches(
        "a failed audit", lambda seen: seen.status.approval and seen.status.approval.request.audit, name
    )
    decision = (f"{names.OVERRIDE}={weak.status.approval.digest}", f"{names.reason_of(names.OVERRIDE)}=the old one is broken")
    theatre.admin.as_user("oz").ok("annotate", "delivery", name, "-n", theatre.tenant, *decision)
    await theatre.reaches("the override", lambda seen: reason(seen, "Deployed") == "Overridden", name)


async def test_every_panel_and_every_rule_has_data_in_its_unit(theatre: Theatre, tmp_path: Path):
    """What people look at is there, and is what the API server says."""
    scrape, port = free_port(), free_port()
    noise = {"noisy": Play(arm="noise"), "permuted": Play(arm="permute"), "weak": Play(wins=10)}
    rules = ROOT / "charts/delivery-operator/rules/delivery.yaml"
    async with (
        theatre.operator(DELIVERY_METRICS_PORT=str(scrape)),
        theatre.workers(**noise) as workers,
        prometheus(tmp_path, port, scrape, rules) as asked,
    ):
        await play(theatre)
        workers.runs.add("train")
        theatre.order("running")
        await theatre.reaches("training", lambda seen: reason(seen, "Trained") == "JobRunning", "running")
        shown = {show.title: await data(asked, show) for show in SHOWS}
        await every_rule_is_healthy(asked)
        await agrees(theatre, asked, shown)


async def data(asked: Prometheus, show: Show) -> list[Sample]:
    """What a panel shows, once it shows something."""
    expr = expression(show).replace("$namespace", ".*")

    async def found() -> list[Sample] | None:
        samples = await asked.ask(expr)
        return samples if samples and not any(value != value for _, value in samples) else None

    samples = await eventually(found, f"data in the panel {show.title!r}: {expr}", 40)
    assert all(is_right(show, value) for _, value in samples), (show.title, samples)
    wanted = set(re.findall(r"{{(\w+)}}", show.legend))
    assert all(wanted <= set(labels) for labels, _ in samples), (show.title, samples)
    return samples


async def burns(asked: Prometheus, hourly: float) -> None:
    """One accelerator of the class cpu trains, and two serve: the one approved and the one overridden."""
    (show,) = [show for show in SHOWS if show.title == "Burn"]

    async def found() -> bool | None:
        samples = await asked.ask(expression(show).replace("$namespace", ".*"))
        return True if samples == [({"currency": "USD"}, pytest.approx(hourly))] else None

    await eventually(found, f"a burn of {hourly} USD an hour", 60)


async def every_rule_is_healthy(asked: Prometheus) -> None:
    """Evaluated without an error; what is recorded is there, and what an alert watches exists."""
    rules = await asked.rules()
    assert [rule["name"] for rule in rules if rule["health"] != "ok" or rule.get("lastError")] == []
    for one in RECORDED:
        assert await asked.ask(one.name), one.name
    for rule in rules:
        for metric in set(re.findall(r"\b(?:delivery_(?!operator)|leader_election_)\w+", rule["query"])):
            assert await asked.ask(metric), f"{rule['name']} asks for {metric}, which nobody serves"


async def agrees(theatre: Theatre, asked: Prometheus, shown: dict[str, list[Sample]]) -> None:
    """Money and verdicts as the objects have them; and the alert about noise rings."""
    costs = {
        one["metadata"]["name"]: one["status"].get("cost", {})
        for one in theatre.admin.get("deliveries", "-n", theatre.tenant)["items"]
    }
    for panel, field in (("Billed", "billed"), ("Withheld", "withheld"), ("Saved by stopping early", "saved")):
        total = sum(float(cost.get(field, 0)) for cost in costs.values())
        assert shown[panel] == [({"currency": "USD"}, pytest.approx(total))] and total > 0, panel
    await burns(asked, 0.30)
    assert {labels["reason"] for labels, _ in shown["Trains but does not learn"]} == {
        "NotLearning",
        "LabelsUnrelated",
        "NotLearned",
    }
    assert shown["Waiting for approval"][0][1] == shown["Served by override"][0][1] == 1
    firing = {labels["alertname"] for labels, _ in await asked.ask('ALERTS{alertstate="firing"}')}
    assert {"DeliveryTrainsButDoesNotLearn", "DeliveryOverrideUsed"} <= firing
    assert not {"DeliveryOperatorWithoutLeader", "DeliveryGatePolicyMissing", "DeliveryWatchStalled"} & firing


def test_monitor_and_rules_are_made_where_the_kinds_are_and_are_admitted(control_plane):
    """Rendered against this cluster before and after the Prometheus operator's kinds are there; admitted strictly."""
    template = ("template", "ptaas", str(CHART), "--namespace", RELEASE, "--kube-version", "1.36.3", *IMAGES)
    assert not monitoring(control_plane.helm(*template).stdout)
    crds = [SHARED / f"crds/monitoring.coreos.com_{kind}.yaml" for kind in MONITORING]
    assert all(path.is_file() for path in crds), f"published CRDs are expected in {SHARED}/crds; set DELIVERY_SHARED"
    known = [f"--api-versions=monitoring.coreos.com/v1/{kind}" for kind in ("ServiceMonitor", "PrometheusRule")]
    rendered = monitoring(control_plane.helm(*template, *known, "--set", "metrics.monitorLabels.release=mine").stdout)
    assert sorted(one["kind"] for one in rendered) == ["PrometheusRule", "ServiceMonitor"]
    assert all(one["metadata"]["labels"]["release"] == "mine" for one in rendered)
    try:
        for path in crds:
            control_plane.ok("apply", "--server-side", "-f", str(path))
        control_plane.ok(
            "wait", "--for=condition=Established", "crd", *(f"{kind}.monitoring.coreos.com" for kind in MONITORING)
        )
        stdin = json.dumps({"apiVersion": "v1", "kind": "List", "items": rendered})
        control_plane.ok("apply", "--server-side", "--validate=strict", "--dry-run=server", "-f", "-", stdin=stdin)
    finally:
        for path in crds:
            control_plane.run("delete", "--ignore-not-found", "-f", str(path))


def monitoring(rendered: str) -> list[dict]:
    """Objects of the Prometheus operator's kinds."""
    return [one for one in yaml.safe_load_all(rendered) if one and one["apiVersion"].startswith("monitoring")]


def test_dashboards_are_config_maps_that_a_sidecar_finds(control_plane):
    """With the label, and the JSON as it was generated."""
    made = control_plane.get("configmaps", "-n", RELEASE, "-l", "grafana_dashboard=1")["items"]
    assert {one["metadata"]["name"] for one in made} == {"delivery-dashboard-cost", "delivery-dashboard-compliance"}
    for one in made:
        ((file, text),) = one["data"].items()
        assert text == (CHART / "dashboards" / file.removeprefix("ptaas-")).read_text()
