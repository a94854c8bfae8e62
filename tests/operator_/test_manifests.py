"""What the operator makes: pods that the restricted level admits, names that are facts, quantities as stored."""

import copy
import json
import re
from dataclasses import replace

import pytest

from delivery_api import names
from delivery_api.accelerator import AcceleratorClassSpec, Toleration
from delivery_api.tasks import TrainTask
from delivery_operator import placement, reading
from delivery_operator.manifests import common, pod, serving
from delivery_operator.manifests.pod import PodPlan, pod_spec
from delivery_operator.observed import Key, Node
from tests.oracle import world
from tests.support.fake import CPU, FakeCluster

GPU = AcceleratorClassSpec.model_validate(
    world.accelerator("h200").spec.model_dump()
    | {
        "node_selector": {"nvidia.com/gpu.product": "NVIDIA-H200"},
        "tolerations": [Toleration(key="nvidia.com/gpu", operator="Exists", effect="NoSchedule").model_dump()],
    }
)


def plan(**changes: object) -> PodPlan:
    return PodPlan(**({"image": "i@sha256:1", "command": "train", "task": "{}", "service_account": "trainer"} | changes))


async def test_the_inputs_digests_are_what_they_have_always_been():
    """When this goes red, an upgrade is about to train every customer's model again."""
    done = await FakeCluster().go_on()
    assert sorted(name for name in done.objects if name.startswith("Job/")) == [
        "Job/router-deploy-df4d6295e6-1",
        "Job/router-eval-4e354ee306-1",
        "Job/router-intake-41dc52be1a-1",
        "Job/router-train-876a380f22-1",
    ]


@pytest.mark.parametrize("made", [plan(), plan(accelerator=CPU, accelerators=1), plan(serves=True, writes_evidence=False)])
def test_every_pod_is_restricted(made):
    """A namespace that enforces the restricted level would refuse it otherwise."""
    spec = pod_spec(made)
    context, inner = spec["securityContext"], spec["containers"][0]["securityContext"]
    assert context["runAsNonRoot"] and context["runAsUser"] == 65532
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert inner["capabilities"] == {"drop": ["ALL"]} and not inner["allowPrivilegeEscalation"]
    assert inner["readOnlyRootFilesystem"] and not spec["automountServiceAccountToken"]
    assert not any("hostPath" in volume for volume in spec["volumes"])


def test_only_who_writes_evidence_has_a_token():
    """A server that is taken over has nothing to talk to the API server with."""
    tokens = [any("projected" in volume for volume in pod_spec(plan(writes_evidence=w))["volumes"]) for w in (True, False)]
    assert tokens == [True, False]


def test_a_gpu_pod_asks_for_the_extended_resource_and_tolerates_its_taint():
    spec = pod_spec(plan(accelerator=GPU, accelerators=4))
    assert spec["containers"][0]["resources"]["limits"] == {"nvidia.com/gpu": "4"}
    assert spec["nodeSelector"] == {"nvidia.com/gpu.product": "NVIDIA-H200"}
    assert spec["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


def test_the_region_is_a_label_of_the_node():
    """Data that must stay in a region is not copied out of it."""
    assert pod_spec(plan(region="eu-west-1"))["nodeSelector"] == {pod.REGION: "eu-west-1"}


@pytest.mark.parametrize(
    ("quantity", "count", "stored"), [("1", 3, "3"), ("1500m", 1, "1500m"), ("1500m", 2, "3"), ("500m", 3, "1500m")]
)
def test_quantities_are_written_as_the_api_server_stores_them(quantity, count, stored):
    """Another notation of the same amount would look like a change at every pass."""
    assert common.times(quantity, count) == stored


@pytest.mark.parametrize(
    ("size", "stored"), [(8 * 2**30, "8Gi"), (10_000_000_000, "9536Mi"), (2**40, "1Ti"), (512 * 2**20, "512Mi")]
)
def test_memory_is_written_as_the_api_server_stores_it(size, stored):
    assert common.memory(size) == stored


def test_a_wish_is_so_whatever_the_api_server_adds():
    seen = {"spec": {"replicas": 1, "strategy": {"type": "Recreate"}, "added": 1}, "status": {}}
    assert common.matches({"spec": {"replicas": 1}}, seen) and not common.matches({"spec": {"replicas": 2}}, seen)
    assert not common.matches({"spec": {"list": [1]}}, {"spec": {"list": [1, 2]}})


NODE = Node(
    "n", {"nvidia.com/gpu.product": "NVIDIA-H200"}, {"nvidia.com/gpu": "8"}, True, (("nvidia.com/gpu", "", "NoSchedule"),)
)


@pytest.mark.parametrize(
    ("nodes", "accelerators", "words"),
    [
        pytest.param((), 1, "no node has the label nvidia.com/gpu.product=NVIDIA-H200", id="no such node"),
        pytest.param((NODE,), 8, None, id="it fits"),
        pytest.param((NODE,), 16, "needs nvidia.com/gpu=16 and the largest fitting node has 8", id="too many"),
        pytest.param(
            (Node("n", NODE.labels, NODE.allocatable, True, (("other", "", "NoExecute"),)),), 1, "taint", id="a foreign taint"
        ),
        pytest.param((Node("n", NODE.labels, NODE.allocatable, False),), 1, "no node is ready", id="not ready"),
    ],
)
def test_why_no_node_fits(nodes, accelerators, words):
    """The message says what to change, and has no counter that moves."""
    said = placement.what_is_missing(plan(accelerator=GPU, accelerators=accelerators), nodes)
    assert said is None if words is None else words in (said or "")


def test_a_service_of_a_delivery_whose_name_starts_with_a_digit_has_a_legal_name():
    fake = FakeCluster()
    seen = fake.seen()
    assert serving.service_name(replace(seen, key=Key("acme", "77-desks"))).startswith("m-77-desks")


KSERVE_DEFAULTS = {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"cpu": "1", "memory": "2Gi"}}
"""What KServe's own configuration gives a container that leaves them out."""


@pytest.mark.parametrize("kind", [CPU, GPU])
def test_what_kserve_fills_in_is_no_change_to_put_back(kind):
    """Its webhook renames the only container and completes its resources: fought over, it would never come to rest."""
    served = plan(accelerator=kind, accelerators=2, serves=True, writes_evidence=False)
    wanted = serving.inference_service(FakeCluster().seen(), "sha256:" + "c" * 64, served, 1)
    stored = copy.deepcopy(wanted)
    (container,) = stored["spec"]["predictor"]["containers"]
    container["name"] = "kserve-container"
    for kind_of, given in KSERVE_DEFAULTS.items():
        container["resources"][kind_of] = given | container["resources"][kind_of]
    assert common.matches(wanted, stored)
    assert placement.amount(container["resources"]["limits"]["memory"]) > 2**33, "no engine starts in two gibibytes"


def test_a_deployment_that_kserve_made_is_not_a_server_of_ours():
    """It has our labels, as KServe copies them; taken for ours, it would void the approval of the InferenceService."""
    ours = {"metadata": {"labels": {serving.SERVES: "true"}, "ownerReferences": [{"kind": "ConfigMap"}]}}
    its = {
        "metadata": {"labels": {serving.SERVES: "true"}, "ownerReferences": [{"kind": "InferenceService", "controller": True}]}
    }
    assert reading.is_server(ours) and not reading.is_server(its)


def test_a_status_of_an_earlier_inference_service_says_nothing():
    raw = {
        "kind": "InferenceService", "metadata": {"name": "s", "generation": 2}, "spec": {"predictor": {"minReplicas": 2}},
        "status": {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]},
    }  # fmt: skip
    assert (reading.server(raw).wanted, reading.server(raw).ready) == (2, 0)
    raw["status"]["observedGeneration"] = 2
    assert reading.server(raw).ready == 2


@pytest.mark.parametrize("name", ["77-desks", "a.b.c", "9." * 30 + "z"])
def test_a_server_has_a_name_that_kserve_takes(name):
    """A letter first, no dots, and room for the tail that KServe adds."""
    made = serving.server_name(replace(FakeCluster().seen(), key=Key("acme", name)), "sha256:" + "f" * 64)
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", made) and len(f"{made}-predictor") <= 63


def test_a_child_name_is_at_most_52_characters_and_says_its_stage():
    name = names.child("a" * 200, "train", "sha256:" + "f" * 64, 12)
    assert len(name) <= 52 and name.endswith("-train-ffffffffff-12")


async def test_a_worker_is_told_all_it_needs_in_its_environment():
    fake = await FakeCluster().settle()
    fake.run_pods()
    await fake.settle()
    task = fake.task(fake.pod("train"))
    assert isinstance(task, TrainTask) and task.seconds > 0 and task.look_steps and task.inputs.startswith("sha256:")
    env = {one["name"]: one for one in fake.pods[fake.pod("train")]["spec"]["containers"][0]["env"]}
    assert {"DELIVERY_TASK", "POD_NAME", "POD_NAMESPACE", "ANCHOR_UID"} <= set(env)
    assert json.loads(env["DELIVERY_TASK"]["value"])["kind"] == "Train"
