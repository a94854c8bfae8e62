"""Serving by KServe, against its published CRD on a real API server; its controller is played (`tests/support/kserve`)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from delivery_api import names
from delivery_operator.cluster import paths
from tests.chart.kube import Kube
from tests.support import kserve
from tests.support.plays import Play
from tests.support.scenes import at_gate, change, delivered
from tests.support.stage import Theatre, eventually, reason

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module", autouse=True)
def installed(control_plane: Kube) -> Iterator[None]:
    """The cluster has KServe for as long as these tests run."""
    kserve.install(control_plane)
    yield
    kserve.uninstall(control_plane)


async def approved(theatre: Theatre) -> None:
    """Order and approve."""
    theatre.order()
    theatre.approve(await theatre.reaches("the gate", at_gate))


async def only_service(theatre: Theatre) -> dict[str, Any]:
    """The one InferenceService, once it is there."""

    async def look() -> dict[str, Any] | None:
        return next(iter(theatre.admin.get("inferenceservices", "-n", theatre.work)["items"]), None)

    return await eventually(look, "an InferenceService", 20)


async def test_where_kserve_is_the_model_is_served_by_it(theatre: Theatre):
    """Created with fields that the CRD knows (a strict apply), ready when its status says so, verified, and then at rest."""
    async with theatre.operator(), theatre.workers():
        await approved(theatre)
        made = await only_service(theatre)
        await theatre.reaches("servers", lambda seen: reason(seen, "Deployed") == "ServingStarting")
        assert not (await theatre.delivery()).status.serving.ready_replicas
        async with kserve.Controller(theatre.admin, theatre.api, theatre.work).playing():
            done = await theatre.reaches("delivery", delivered)
            before = len(theatre.writes())
            kserve.itself(theatre.admin).ok("annotate", "deployment", "--all", "-n", theatre.work, "example.com/look=again")
            theatre.order("second")
            await theatre.reaches("work", lambda seen: seen.status.stage == "train", "second")
            assert not [write for write in theatre.writes()[before:] if "router" in write]
    predictor = made["spec"]["predictor"]
    (container,) = predictor["containers"]
    assert container["name"] == "kserve-container" and container["image"] and container["args"] == ["serve"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (1, 1)
    assert predictor["securityContext"]["runAsNonRoot"] and predictor["deploymentStrategy"] == {"type": "Recreate"}
    assert made["metadata"]["annotations"] == {"serving.kserve.io/deploymentMode": "RawDeployment", kserve.STOP: "false"}
    assert made["metadata"]["ownerReferences"][0]["name"] == names.anchor(done.metadata["uid"])
    assert done.status.serving.ready_replicas == 1


async def test_what_answers_otherwise_is_not_delivered_whatever_kserve_says(theatre: Theatre):
    """KServe is ready, the endpoint answers as the base does: ready is not served."""
    played = kserve.Controller(theatre.admin, theatre.api, theatre.work).playing()
    async with theatre.operator(), theatre.workers(router=Play(answer="label_1")), played:
        await approved(theatre)
        seen = await theatre.reaches("the verdict", lambda seen: reason(seen, "Deployed") == "ServedDiffers")
    assert reason(seen, "Ready") == "ServedDiffers"


async def test_an_inference_service_is_put_right_and_is_stopped_by_a_pause(theatre: Theatre):
    """What is served, and how many, is the approval's. KServe's autoscaler has a floor of one: a paused one is stopped."""
    swap = json.dumps({"spec": {"predictor": {"minReplicas": 3, "maxReplicas": 9}}})
    async with theatre.operator(), theatre.workers(), kserve.Controller(theatre.admin, theatre.api, theatre.work).playing():
        await approved(theatre)
        await theatre.reaches("delivery", delivered)
        name = (await only_service(theatre))["metadata"]["name"]
        kserve.itself(theatre.admin).ok("patch", "inferenceservice", name, "-n", theatre.work, "--type=merge", "-p", swap)

        async def back() -> bool | None:
            predictor = (await only_service(theatre))["spec"]["predictor"]
            return True if (predictor["minReplicas"], predictor["maxReplicas"]) == (1, 1) else None

        await eventually(back, "the replicas that were approved", 20)
        change(theatre, suspend=True)
        await theatre.reaches("pause", lambda seen: reason(seen, "Deployed") == "Suspended")
        assert (await only_service(theatre))["metadata"]["annotations"][kserve.STOP] == "true"

        async def still() -> bool | None:
            pods = await theatre.api.list(paths.PODS.path(theatre.work), labelSelector="ptaas.dev/serves=true")
            return True if not pods["items"] else None

        await eventually(still, "the end of all servers", 20)
        change(theatre, suspend=False)
        await theatre.reaches("delivery again", delivered)
