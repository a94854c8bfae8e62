"""What tests on a real API server do again and again: order, approve, wait for the end, look at what is left."""

import json
from typing import Any

from delivery_api import names
from delivery_api.delivery import Delivery
from delivery_operator.cluster import paths
from tests.support.stage import Theatre, eventually, state

AT_GATE = "deploy/AwaitingApproval"


def at_gate(seen: Delivery) -> bool:
    """It waits for its approval."""
    return state(seen) == AT_GATE


def delivered(seen: Delivery) -> bool:
    """All ten stages hold."""
    return state(seen) == "card/Delivered"


async def deliver(theatre: Theatre, name: str = "router") -> Delivery:
    """Order, approve, and have it."""
    theatre.order(name)
    theatre.approve(await theatre.reaches("the gate", at_gate, name))
    return await theatre.reaches("delivery", delivered, name)


async def gone(theatre: Theatre, delivery: Delivery, seconds: float = 20) -> None:
    """All work of a deleted Delivery has ended."""
    selector = f"{names.DELIVERY_UID}={delivery.metadata['uid']}"

    async def look() -> bool | None:
        left = [
            len((await theatre.api.list(kind.path(theatre.work), labelSelector=selector))["items"])
            for kind in (paths.JOBS, paths.PODS, paths.CONFIG_MAPS, paths.DEPLOYMENTS, paths.SERVICES)
        ]
        return True if not any(left) else None

    await eventually(look, "the end of all work", seconds)


def change(theatre: Theatre, name: str = "router", user: str = "bob", **spec: Any) -> None:
    """The driver changes the spec."""
    text = json.dumps({"spec": spec})
    theatre.admin.as_user(user).ok("patch", "delivery", name, "-n", theatre.tenant, "--type=merge", "-p", text)


def bill(theatre: Theatre, delivery: Delivery) -> dict[str, Any]:
    """The bill of a Delivery, which outlives it."""
    name = f"{delivery.metadata['name']}-certificate-{delivery.metadata['uid'][:8]}"
    papers = theatre.admin.get("deliverycertificate", name, "-n", theatre.tenant)["spec"]["papers"]
    found: dict[str, Any] = json.loads(papers["bill.json"])
    return found
