"""The numbers of the HTML report: what it says of deliveries that learn, that do not, that run, and that have not begun."""

from decimal import Decimal

from kubectl_delivery.report import of_certificate, page, report
from tests.plugin.standing import curves, delivery, noisy, training
from tests.support.fake import FakeCluster


async def test_a_run_that_does_not_learn_is_seen_by_its_two_curves():
    """The loss falls and the gain does not: what the page is for."""
    fake = await noisy()
    made = report(delivery(fake), fake.now, curves(fake), {})
    assert made.curves.loss[0][1] > made.curves.loss[-1][1] and max(gain for _, gain, _ in made.curves.probe) <= 0
    text = page(made)
    assert "asked for +0.20" in text and '<tr class="fail"><th scope="row">train</th><td>fail</td><td>NotLearning' in text
    assert "withheld" in text and "Papers" not in text


async def test_burn_follows_the_ledger_to_the_cent():
    """Flat while nothing is held; at the end it is what the bill says."""
    fake = await FakeCluster().go_on()
    made = report(delivery(fake), fake.now, None, {})
    amounts = [Decimal(point.amount) for point in made.burn]
    assert amounts == sorted(amounts) and str(amounts[-1]) == fake.status.cost.billed
    assert amounts == [Decimal(0), Decimal("0.005"), Decimal("0.005"), Decimal("0.0075")]


async def test_a_run_under_way_has_a_page_too():
    fake = await training()
    text = page(report(delivery(fake), fake.now, curves(fake), {}))
    assert "step 20: gain" in text and "+6m" in text and "the operator: it goes on by itself" in text


def test_before_anything_ran_there_is_a_page():
    fake = FakeCluster()
    text = page(report(delivery(fake), fake.now, None, {}))
    assert 'id="verdicts"' in text and 'id="training"' not in text and "<svg" not in text


async def test_curves_of_the_certificate_are_those_of_the_evidence():
    """A customer sees the same as who may read the work namespace."""
    fake = await FakeCluster().go_on()
    documents = fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]["papers"]
    issued, seen = of_certificate(documents), curves(fake)
    assert issued is not None and issued.loss == seen.loss and issued.planned_steps == seen.planned_steps
    assert [look[0] for look in issued.probe] == [look[0] for look in seen.probe]
    assert all(abs(one[1] - other[1]) < 1e-6 for one, other in zip(issued.probe, seen.probe, strict=True))
    assert of_certificate({}) is None
