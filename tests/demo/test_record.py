"""What the demo leaves: a record with fixed keys, an order that the contract accepts, and a page."""

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from delivery_api.delivery import Delivery
from delivery_api.stages import STAGES, Stage
from demo import record, report
from demo.narrator import Step
from demo.order import FULL, HEALTHY, NOISY, PERMUTED, SMALL, Order, Pinned, Size, render
from demo.record import Outcome
from demo.view import Stopwatch, view
from tests.demo.worlds import DIGEST, cost, delivery, passed, training

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SOURCE = f"oci://registry/acme/x@{DIGEST}"
PINNED = Pinned(base=SOURCE, train=SOURCE, sealed=SOURCE, input="text", target="what: it is")


def outcome(**status: object) -> Outcome:
    told = delivery(passed(*STAGES), **status)
    return Outcome(told, view(told, None, Stopwatch(), NOON), 14)


def test_the_record_has_the_promised_keys(tmp_path: Path) -> None:
    done = outcome(cost=cost(amount="0.02", acceleratorSeconds="611.5", billed="0.02"), gain="+0.46")
    record.write(tmp_path / "demo.json", 700.04, [Step("cluster", 12.34)], [done])
    told = json.loads((tmp_path / "demo.json").read_text())
    assert told["seconds"] == 700.0 and told["steps"] == [{"name": "cluster", "seconds": 12.3}]
    (one,) = told["deliveries"]
    assert set(one) == {"name", "stages", "acceleratorSeconds", "cost", "billed", "gain", "operatorWrites", "ledger"}
    assert [stage["name"] for stage in one["stages"]] == [str(stage) for stage in STAGES]
    assert (one["acceleratorSeconds"], one["cost"], one["billed"], one["gain"]) == (611.5, 0.02, 0.02, 0.46)


def test_what_was_never_settled_is_null() -> None:
    """A bill of 0 and no bill are not the same."""
    told = outcome().as_json()
    assert told["billed"] is None and told["gain"] is None


@pytest.mark.parametrize("order", [HEALTHY, PERMUTED, NOISY], ids=lambda order: order.name)
@pytest.mark.parametrize("size", [FULL, SMALL], ids=["full", "small"])
def test_every_order_is_a_valid_delivery(order: Order, size: Size) -> None:
    text = render(order, size, PINNED, "oci://registry/acme/models", True)
    spec = Delivery.model_validate(yaml.safe_load(text)).spec
    assert spec.intake.fields.target == "what: it is"
    assert spec.terms.handling.intake_canary == order.canary
    assert spec.terms.acceptance.holdout_items == size.holdout


def test_names_of_the_three_are_no_prefixes_of_each_other() -> None:
    """Writes are told apart by the name that children begin with."""
    names = [order.name for order in (HEALTHY, PERMUTED, NOISY)]
    assert not any(a != b and b.startswith(a) for a in names for b in names)


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


def test_the_page_stands_alone_and_escapes() -> None:
    """A ticket is somebody's text; it must not become markup in a page that is mailed around."""
    page = report.page(outcome(cost=cost()), training(40, 0.25, 0.75), {"certificate.json": "<script>alert(1)</script>"})
    parser = Elements()
    parser.feed(page)
    assert "script" not in parser.tags and "link" not in parser.tags
    assert parser.tags.count("svg") == 1 and "Route &lt;our&gt; messages" in page


def test_a_page_without_training_has_no_chart() -> None:
    page = report.page(outcome(), None, {})
    assert 'id="training"' not in page and str(Stage.INTAKE) in page
