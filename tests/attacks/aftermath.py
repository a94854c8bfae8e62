"""What is so after an attack that the API server lets through because it has no effect."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from delivery_operator.cluster import paths
from delivery_operator.cluster.client import Api
from delivery_operator.cluster.observe import Observer
from delivery_operator.cluster.world import World
from delivery_operator.observed import Key, Observed
from tests.attacks.stage import TENANT, WORK, Stage
from tests.support.stage import configuration


def annotation(delivery: str, name: str) -> Callable[[Stage], str]:
    """One annotation of a Delivery."""

    def look(stage: Stage) -> str:
        value = stage.delivery(delivery)["metadata"].get("annotations", {}).get(name)
        return f"{name} is {value or 'absent'}"

    return look


def stamped_only(delivery: str) -> Callable[[Stage], str]:
    """Nothing but the creator."""

    def look(stage: Stage) -> str:
        (only,) = stage.delivery(delivery)["metadata"]["annotations"].items()
        return f"{delivery} has no annotation but {only[0]}, which is {only[1]}"

    return look


def no_gain(stage: Stage) -> str:
    """The status that the operator wrote."""
    return "status is as it was" if "gain" not in stage.delivery("router")["status"] else "status has another gain"


def no_status(stage: Stage) -> str:
    """A new order."""
    return "judged has no status" if "status" not in stage.delivery("judged") else "judged has a status"


async def observed(stage: Stage) -> Observed:
    """The router as the operator observes it, with all that bears its uid anywhere."""
    api = Api(await configuration(stage.admin.kubeconfig), lambda: None)
    try:
        world = World(api, lambda key: None, 60)
        for store, kind in ((world.pods, paths.PODS), (world.deployments, paths.DEPLOYMENTS)):
            for raw in (await api.list(kind.path(), labelSelector="ptaas.dev/delivery-uid"))["items"]:
                store.put(raw)
        return await Observer(api, world, ()).observe(Key(TENANT, "router"), stage.delivery("router"), datetime.now(UTC))
    finally:
        await api.close()


def no_pod(stage: Stage) -> str:
    """Spoofed labels."""
    seen = asyncio.run(observed(stage)).pods
    return f"the operator sees {'a' if seen else 'no'} pod of this Delivery outside {WORK}"


def no_server(stage: Stage) -> str:
    """Spoofed labels."""
    seen = asyncio.run(observed(stage)).servers
    return f"the operator sees {'a' if seen else 'no'} server of this Delivery outside {WORK}"


def no_image(stage: Stage) -> str:
    """An unknown field."""
    return f"spec.serving has {'an' if 'image' in stage.delivery('router')['spec'].get('serving', {}) else 'no'} image"


def no_approved(stage: Stage) -> str:
    """An unknown field."""
    return f"spec has {'an' if 'approved' in stage.delivery('router')['spec'] else 'no'} approved"


AFTER: Mapping[str, Callable[[Stage], str]] = {
    "approve and withdraw between two looks of the operator": annotation("blink", "ptaas.dev/approve"),
    "approve in another's name": annotation("named", "ptaas.dev/approved-by"),
    "take the creator's stamp away": annotation("router", "ptaas.dev/created-by"),
    "take the last driver's stamp away": annotation("driven", "ptaas.dev/driven-by"),
    "take all stamps away at once": annotation("router", "ptaas.dev/created-by"),
    "write the status by the main resource": no_gain,
    "approve in the metadata of a status": annotation("router", "ptaas.dev/approve"),
    "a pod of another namespace with the labels of ours": no_pod,
    "a server of another namespace with the labels of ours": no_server,
    "name another image in the Delivery's spec": no_image,
    "an unknown field that reads like a pass": no_approved,
    "an order that was approved before it exists": stamped_only("early"),
    "an order with a status": no_status,
    "an order of the same name, with the approval of the one before": stamped_only("again"),
}
"""By name of the attack."""
