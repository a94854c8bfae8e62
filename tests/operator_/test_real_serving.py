"""The time to live of what serves, on a real API server: its servers go, and the rest of the Delivery stays as it is."""

import pytest

from delivery_operator.cluster import paths
from tests.support.scenes import at_gate
from tests.support.stage import Theatre, eventually, reason

pytestmark = pytest.mark.cluster


async def test_servers_whose_time_is_over_are_taken_down_and_charged_to_their_end(theatre: Theatre):
    """A second after the first of them has started: Deployment and pods go, and nothing puts them back."""
    async with theatre.operator(), theatre.workers():
        theatre.order(spec__terms__serving={"timeToLive": "1s"})
        theatre.approve(await theatre.reaches("the gate", at_gate))
        await theatre.reaches("the end of serving", lambda seen: reason(seen, "Deployed") == "ServingEnded")

        async def gone() -> bool | None:
            pods = await theatre.api.list(paths.PODS.path(theatre.work), labelSelector="ptaas.dev/serves=true")
            made = await theatre.api.list(paths.DEPLOYMENTS.path(theatre.work))
            return True if not pods["items"] and not made["items"] else None

        await eventually(gone, "the end of the servers", 30)
        done = await theatre.reaches("the last price", lambda seen: seen.status.serving.burn == "0")
    assert done.status.serving.since and all(one.finished_at for one in done.status.serving.ledger)
    assert done.status.serving.ready_replicas == 0 and done.status.cost.billed == done.status.cost.amount
