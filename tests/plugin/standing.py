"""Deliveries as the API server would have them, from whole deliveries played in memory."""

from datetime import timedelta
from typing import Any

from delivery_api.delivery import Delivery
from kubectl_delivery.report import Curves, of_evidence
from tests.oracle import world
from tests.support.fake import KEY, FakeCluster
from tests.support.plays import Play


def delivery(fake: FakeCluster, **metadata: Any) -> Delivery:
    """What `kubectl get delivery` would read."""
    about = {"name": KEY.name, "namespace": KEY.namespace, "uid": fake.uid, "annotations": dict(fake.annotations)}
    return Delivery(metadata=about | metadata, spec=fake.spec, status=fake.status)


async def waiting() -> FakeCluster:
    """At the gate."""
    return await FakeCluster().go_on(approve=False)


async def training(seconds: int = 360) -> FakeCluster:
    """A training pod has run for a while and has told of 40 steps."""
    fake = FakeCluster()
    await fake.settle()
    fake.run_pods()
    await fake.settle()
    pod = fake.pod("train")
    fake.start(pod)
    fake.partly(pod, 40)
    fake.now += timedelta(seconds=seconds)
    return await fake.settle()


async def noisy() -> FakeCluster:
    """Stopped by the clean probe."""
    fake = FakeCluster(spec=world.spec(terms__handling__intake_canary="Skip"), play=Play(arm="noise"))
    return await fake.go_on()


def curves(fake: FakeCluster) -> Curves:
    """What the trainer recorded."""
    (found,) = [raw for name, raw in fake.objects.items() if raw["kind"] == "ConfigMap" and "-train-" in name]
    return of_evidence(found["data"]["evidence.json"])
