"""Training Jobs of several accelerators before a real scheduler: KWOK plays nodes with NVIDIA's feature discovery labels."""

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from delivery_api import names
from delivery_api.accelerator import AcceleratorClassSpec
from delivery_operator import ledger, placement, reading
from delivery_operator.ledger import Witnesses
from delivery_operator.manifests import parallel
from delivery_operator.manifests.job import JobPlan, job
from delivery_operator.manifests.pod import PodPlan
from delivery_operator.observed import Accelerated, Observed
from tests.chart.conftest import start as up
from tests.chart.conftest import stop as down
from tests.chart.kube import Kube, within
from tests.oracle import world
from tests.support.fake import FakeCluster

pytestmark = pytest.mark.cluster

PRODUCT = "nvidia.com/gpu.product"
NODES = {"h200-0": ("NVIDIA-H200", 8), "h200-1": ("NVIDIA-H200", 8), "a40-0": ("NVIDIA-A40", 4)}


def kind(name: str, product: str) -> AcceleratorClassSpec:
    return AcceleratorClassSpec.model_validate(
        world.accelerator(name).spec.model_dump() | {"node_selector": {PRODUCT: product}}
    )


H200, A40 = kind("h200", "NVIDIA-H200"), kind("a40", "NVIDIA-A40")


def node(name: str, product: str, count: int) -> dict[str, Any]:
    room = {"nvidia.com/gpu": str(count), "cpu": "64", "memory": "512Gi", "pods": "110"}
    metadata = {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": {PRODUCT: product}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": {"allocatable": room, "capacity": room}}


@pytest.fixture(scope="module")
def kube() -> Iterator[Kube]:
    """A control plane with a scheduler, the nodes, and the work namespace with what its pods need."""
    name = f"kwok-{os.getpid()}-{secrets.token_hex(3)}"
    try:
        kube = up(name, "--kwok")
        apply(kube, *(node(name, *what) for name, what in NODES.items()))
        kube.ok("create", "namespace", "acme-ptaas")
        kube.ok("create", "serviceaccount", "trainer", "-n", "acme-ptaas")
        kube.ok("wait", "node", "--all", "--for=condition=Ready", "--timeout=60s")
        yield kube
    finally:
        down(name)


def apply(kube: Kube, *objects: dict[str, Any]) -> None:
    kube.ok("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))


def seen_by_operator(kube: Kube) -> Observed:
    nodes = tuple(reading.node(one) for one in kube.get("nodes")["items"])
    return replace(FakeCluster(classes={"h200": H200, "a40": A40}).seen(), nodes=nodes)


def start(
    kube: Kube, spec: AcceleratorClassSpec, inputs: str, count: int, pods: int, queue: str | None = None
) -> dict[str, Any]:
    """A training Job as the operator writes it; its owner is left out, as there is none."""
    observed = seen_by_operator(kube)
    where = f"router-train-{inputs}-1-0.{parallel.service_name(observed)}.acme-ptaas.svc" if pods > 1 else ""
    pod = PodPlan(
        image="i@sha256:1", command="train", task="{}", service_account="trainer", accelerator=spec, accelerators=count // pods,
        pods=pods, meets=where, extra={"restartPolicy": "Never"},
    )  # fmt: skip
    made = job(observed, JobPlan("train", inputs, 1, pod, 3600, Accelerated("h200", count, "4.00"), queue))
    service = parallel.service(observed, "train")
    there = kube.run("get", "service", service["metadata"]["name"], "-n", "acme-ptaas").returncode == 0
    objects = [made, service] if pods > 1 and not there else [made]
    for one in objects:
        del one["metadata"]["ownerReferences"]
    apply(kube, *reversed(objects))
    return made


def pods_of(kube: Kube, made: dict[str, Any]) -> list[dict[str, Any]]:
    selector = f"batch.kubernetes.io/job-name={made['metadata']['name']}"
    found: list[dict[str, Any]] = kube.get("pods", "-n", "acme-ptaas", "-l", selector)["items"]
    return found


def ends(kube: Kube, pod: dict[str, Any]) -> None:
    """A pod's status as its kubelet writes it once it has ended well."""
    ended = {"exitCode": 0, "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:10:00Z"}
    container = {
        "name": "worker",
        "ready": False,
        "restartCount": 0,
        "image": "i",
        "imageID": "",
        "state": {"terminated": ended},
    }
    status = json.dumps({"status": {"phase": "Succeeded", "containerStatuses": [container]}})
    kube.ok("patch", "pod", pod["metadata"]["name"], "-n", "acme-ptaas", "--subresource=status", "--type=merge", "-p", status)


def suspended(kube: Kube, name: str) -> bool:
    status = kube.get("job", name, "-n", "acme-ptaas").get("status", {})
    return any(one["type"] == "Suspended" for one in status.get("conditions", ()))


def test_nodes_are_counted_class_by_class(kube: Kube) -> None:
    assert {name: room.nodes for name, room in placement.rooms(seen_by_operator(kube)).items()} == {"h200": (8, 8), "a40": (4,)}


def test_a_run_over_two_nodes_gets_a_pod_on_each_and_they_know_their_place(kube: Kube) -> None:
    made = start(kube, H200, "aaaa", 16, 2)
    within(60, "two pods on nodes", lambda: [bool(pod["spec"].get("nodeName")) for pod in pods_of(kube, made)] == [True, True])
    pods = sorted(pods_of(kube, made), key=lambda pod: pod["metadata"]["annotations"][parallel.INDEX])
    assert {pod["spec"]["nodeName"] for pod in pods} == {"h200-0", "h200-1"}
    name, service = made["metadata"]["name"], pods[0]["spec"]["subdomain"]
    assert [pod["spec"]["hostname"] for pod in pods] == [f"{name}-0", f"{name}-1"]
    assert kube.get("service", service, "-n", "acme-ptaas")["spec"]["clusterIP"] == "None"
    told = {one["name"]: one.get("value") for one in pods[0]["spec"]["containers"][0]["env"]}
    assert told["PET_MASTER_ADDR"] == f"{pods[0]['spec']['hostname']}.{service}.acme-ptaas.svc"
    for pod in pods:
        ends(kube, pod)
    kube.ok("wait", "job", name, "-n", "acme-ptaas", "--for=condition=Complete", "--timeout=50s")
    ended = tuple(reading.pod(pod) for pod in pods_of(kube, made))
    entries = ledger.advance((), Witnesses("u", ended, (), (), seen_by_operator(kube).now))
    assert [entry.accelerators for entry in entries] == [8, 8], "what is paid for is sixteen, not two"


def test_accelerators_of_one_node_are_one_pod_there(kube: Kube) -> None:
    made = start(kube, A40, "bbbb", 4, 1)
    within(60, "a pod on a node", lambda: [bool(pod["spec"].get("nodeName")) for pod in pods_of(kube, made)] == [True])
    (pod,) = pods_of(kube, made)
    assert pod["spec"]["nodeName"] == "a40-0"
    assert pod["spec"]["containers"][0]["resources"]["limits"] == {"nvidia.com/gpu": "4"}
    assert pod["metadata"]["annotations"][names.ACCELERATORS] == "4"


def test_a_run_that_no_node_has_room_for_waits_and_the_reason_is_known(kube: Kube) -> None:
    made = start(kube, A40, "cccc", 8, 1)
    within(60, "the scheduler's answer", lambda: any(reading.pod(pod).unschedulable for pod in pods_of(kube, made)))
    plan = PodPlan(image="i", command="train", task="{}", service_account="trainer", accelerator=A40, accelerators=8)
    missing = placement.what_is_missing(plan, seen_by_operator(kube).nodes)
    assert missing == "the pod needs nvidia.com/gpu=8 and the largest fitting node has 4"
    kube.ok("delete", "job", made["metadata"]["name"], "-n", "acme-ptaas", "--wait=false")


def test_a_run_of_a_queue_has_no_pod_until_the_queue_lets_it(kube: Kube) -> None:
    made = start(kube, H200, "dddd", 16, 2, queue="gpus")
    name = made["metadata"]["name"]
    within(60, "the Job controller's answer", lambda: suspended(kube, name))
    assert not pods_of(kube, made)
    kube.ok("patch", "job", name, "-n", "acme-ptaas", "--type=merge", "-p", json.dumps({"spec": {"suspend": False}}))
    within(60, "both pods, together", lambda: len(pods_of(kube, made)) == 2)
