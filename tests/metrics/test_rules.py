"""Rules: understood by promtool, each alert seen firing and seen silent, each with a runbook; series that exist."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from delivery_operator.metrics.catalogue import CATALOGUE
from tools.observability.rules import ALERTS, RECORDED, Alert

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).with_name("alerts.yaml")
RULES = ROOT / "charts/delivery-operator/rules/delivery.yaml"


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """promtool, whatever it says."""
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60)


def test_every_case_holds():
    done = promtool("test", "rules", str(CASES))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_case_notices_a_rule_that_is_wrong(tmp_path: Path):
    """Else the green above would mean nothing."""
    wrong = RULES.read_text().replace("> 86400", "> 864000")
    (tmp_path / "rules.yaml").write_text(wrong)
    (tmp_path / "alerts.yaml").write_text(
        CASES.read_text().replace("../../charts/delivery-operator/rules/delivery.yaml", "rules.yaml")
    )
    done = promtool("test", "rules", str(tmp_path / "alerts.yaml"))
    assert done.returncode != 0 and "DeliveryApprovalPendingTooLong" in done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_is_seen_to_fire_and_to_be_silent(alert: Alert):
    tests = yaml.safe_load(CASES.read_text())["tests"]
    cases = [case for test in tests for case in test.get("alert_rule_test", ()) if case["alertname"] == alert.name]
    assert any(case["exp_alerts"] for case in cases) and any(not case["exp_alerts"] for case in cases)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_has_a_runbook_that_says_what_to_do(alert: Alert):
    page = (ROOT / f"docs/runbooks/{alert.name}.md").read_text()
    assert page.startswith(f"# {alert.name}\n")
    assert "\n## What it means\n" in page and "\n## What to do\n" in page
    assert "kubectl " in page.split("## What to do")[1], "a command that somebody woken at night can copy"


def test_no_runbook_is_left_of_an_alert_that_is_gone():
    assert {path.stem for path in (ROOT / "docs/runbooks").glob("*.md")} == {alert.name for alert in ALERTS}


def test_rules_ask_for_series_that_exist_with_labels_that_they_have():
    """A misspelt name would be silent for ever."""
    known = {metric.name for metric in CATALOGUE} | {one.name for one in RECORDED}
    known |= {f"{metric.name}_bucket" for metric in CATALOGUE if metric.kind == "histogram"}
    for rule in (*RECORDED, *ALERTS):
        asked = set(re.findall(r"(?:delivery|controller_runtime|workqueue|leader_election)_\w+", rule.expr))
        assert asked and asked <= known | {"delivery_operator"}, (rule.name, asked - known)
