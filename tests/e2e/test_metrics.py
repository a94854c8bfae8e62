"""What a real Prometheus saw of three real deliveries: every panel and every rule had data, in the unit that it claims."""

import asyncio
import re
import time
from pathlib import Path

import pytest

from demo.order import NAMESPACE
from tests.dashboards.test_generated import SHOWS
from tests.dashboards.units import is_right
from tests.e2e.conftest import Record, Scraped
from tests.support.prometheus import Sample
from tools.observability.dashboards.panels import Show, expression
from tools.observability.rules import RECORDED

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

UNSEEN = {"delivery_override_last_used_timestamp_seconds"}
"""Nothing is overridden in the demo; the ring before this one asks for it, of workers that are played."""


def seen(scraped: Scraped, expr: str) -> list[Sample]:
    """Every value that a query had since the run began, nothing and not-a-number left out."""
    found = asyncio.run(scraped.prometheus.between(expr, scraped.since, time.time(), step=5))
    return [(labels, value) for labels, value in found if value == value]


@pytest.mark.parametrize("show", SHOWS, ids=lambda show: show.title)
def test_a_panel_had_data_in_its_unit(scraped: Scraped, out: Path, show: Show) -> None:
    samples = seen(scraped, expression(show).replace("$namespace", ".*"))
    assert samples, f"{show.title} stayed empty: {show.expr}"
    assert all(is_right(show, value) for _, value in samples), [one for one in samples if not is_right(show, one[1])][:3]
    wanted = set(re.findall(r"{{(\w+)}}", show.legend))
    assert all(wanted <= set(labels) for labels, _ in samples), samples[:1]


def test_every_rule_was_evaluated_without_an_error(scraped: Scraped, out: Path) -> None:
    rules = asyncio.run(scraped.prometheus.rules())
    assert rules and [rule["name"] for rule in rules if rule["health"] != "ok" or rule.get("lastError")] == []
    for one in RECORDED:
        assert seen(scraped, one.name), one.name
    for rule in rules:
        for metric in set(re.findall(r"\b(?:delivery_(?!operator)|leader_election_)\w+", rule["query"])) - UNSEEN:
            assert seen(scraped, metric), f"{rule['name']} asks for {metric}, which nobody served"


def test_the_alert_about_noise_rang_and_the_one_about_the_gate_did_not(scraped: Scraped, out: Path) -> None:
    rang = {labels["alertname"] for labels, _ in seen(scraped, 'ALERTS{alertstate="firing"}')}
    assert "DeliveryTrainsButDoesNotLearn" in rang
    assert not {"DeliveryGatePolicyMissing", "DeliveryBudgetOverspent", "DeliveryInternalError"} & rang


def test_the_money_is_what_the_record_says(scraped: Scraped, record: Record) -> None:
    billed = seen(scraped, f'sum(delivery_billed_cost{{namespace="{NAMESPACE}"}})')
    withheld = seen(scraped, f'sum(delivery_withheld_cost{{namespace="{NAMESPACE}"}})')
    deliveries = record["deliveries"]
    assert max(value for _, value in billed) == pytest.approx(sum(one["billed"] for one in deliveries), abs=1e-6)
    assert max(value for _, value in withheld) == pytest.approx(
        sum(one["cost"] - one["billed"] for one in deliveries), abs=1e-6
    )
