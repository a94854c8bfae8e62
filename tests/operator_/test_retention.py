"""Per-item outcomes are kept as long as the customer's terms say, and no longer."""

from datetime import timedelta

from delivery_api import names
from tests.oracle import world
from tests.support.fake import KEY, FakeCluster


def kept(fake: FakeCluster) -> list[str]:
    return [name for name, raw in fake.objects.items() if names.EVIDENCE in raw["metadata"].get("labels", {})]


async def test_evidence_goes_after_its_days_and_verdicts_stay():
    """Thirty days after the delivery, nobody can read the customer's rows out of it any more."""
    fake = await FakeCluster(spec=world.spec(terms__handling__retention_days=30)).go_on()
    assert len(kept(fake)) == 4
    fake.now += timedelta(days=29)
    await fake.settle()
    assert len(kept(fake)) == 4
    before = fake.status
    fake.now += timedelta(days=1)
    await fake.settle()
    assert kept(fake) == [] and fake.status == before and fake.status.state == "Delivered"


async def test_the_queue_is_told_when_to_look_again():
    """Nothing else would wake a delivery that has ended."""
    fake = await FakeCluster(spec=world.spec(terms__handling__retention_days=1)).go_on()
    again = await fake.reconciler().look(KEY)
    assert again is not None and 0 < again <= 86_400


async def test_without_a_term_evidence_is_kept():
    fake = await FakeCluster().go_on()
    fake.now += timedelta(days=3650)
    await fake.settle()
    assert len(kept(fake)) == 4
