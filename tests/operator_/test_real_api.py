"""The operator as a process against a real API server; workers are replayed. What breaks here breaks for customers."""

import pytest

from tests.chart.objects import delivery
from tests.support.stage import Theatre, reason, state

pytestmark = pytest.mark.cluster


def order(**changes: object) -> dict:
    return delivery(spec__terms__data__sealed__secret=None, **changes)


async def test_a_delivery_goes_through_all_ten_stages(theatre: Theatre):
    """From the order to the certificate, with one approval and nothing else done by hand."""
    async with theatre.operator(), theatre.workers():
        theatre.admin.as_user("ada").create(order(), "-n", theatre.tenant)
        waiting = await theatre.reaches("the gate", lambda seen: state(seen) == "deploy/AwaitingApproval")
        theatre.approve(waiting)
        done = await theatre.reaches("delivery", lambda seen: state(seen) == "card/Delivered")
    assert reason(done, "Ready") == "Delivered"
    assert done.status.cost.billed == done.status.cost.amount != "0"
