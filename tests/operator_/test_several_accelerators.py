"""Work of several accelerators as objects: torchrun in a pod, an Indexed Job over nodes, where its pods meet, what is paid."""

from dataclasses import replace
from decimal import Decimal

import pytest

from delivery_api import names
from delivery_api.accelerator import AcceleratorClassSpec
from delivery_operator import ledger, placement, reading, work
from delivery_operator.ledger import Witnesses
from delivery_operator.manifests import network
from delivery_operator.manifests.pod import PodPlan, pod_spec
from delivery_operator.observed import Node
from tests.oracle import world
from tests.support.fake import CPU, NODE, ROOM, FakeCluster

H200 = AcceleratorClassSpec.model_validate(
    world.accelerator("h200").spec.model_dump() | {"node_selector": {"nvidia.com/gpu.product": "NVIDIA-H200"}}
)


def gpu_node(name: str, product: str, count: int, **labels: str) -> Node:
    return Node(name, {"nvidia.com/gpu.product": product} | labels, {"nvidia.com/gpu": str(count)}, usable=True)


def ordered(there: tuple[Node, ...] = (NODE, replace(NODE, name="n2")), **schedule: object) -> FakeCluster:
    return FakeCluster(spec=world.spec(schedule=schedule), nodes=there)


def made(cluster: FakeCluster, kind: str, part: str) -> dict:
    (found,) = [raw for name, raw in cluster.objects.items() if name.startswith(f"{kind}/") and part in name]
    return found


async def training(cluster: FakeCluster) -> FakeCluster:
    """Up to the training Job."""
    for _ in range(6):
        await cluster.go_on()
        if any("-train-" in name for name in cluster.objects):
            return cluster
    raise AssertionError(cluster.status.message)


def environment(job: dict) -> dict[str, object]:
    container = job["spec"]["template"]["spec"]["containers"][0]
    return {one["name"]: one.get("value", one.get("valueFrom")) for one in container["env"]}


async def test_accelerators_of_one_node_are_one_pod_that_starts_a_process_for_each():
    cluster = await training(ordered(count=2, nodes=1))
    job = made(cluster, "Job", "-train-")
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == ["python3", "-m", "torch.distributed.run"]
    assert container["args"] == ["-m", "delivery_worker", "train"]
    told = environment(job)
    assert (told["PET_NNODES"], told["PET_NPROC_PER_NODE"], told["PET_NODE_RANK"]) == ("1", "2", "0")
    assert job["spec"]["completions"] == 1 and not any("peers-" in name for name in cluster.objects)
    assert {"name": "shm", "mountPath": "/dev/shm"} in container["volumeMounts"]
    assert '"accelerators":2' in told["DELIVERY_TASK"] and '"parallelism":"DataParallel"' in told["DELIVERY_TASK"]


async def test_accelerators_of_several_nodes_are_an_indexed_job_whose_pods_meet_at_the_first():
    cluster = await training(ordered(count=2, nodes=2))
    job, service = made(cluster, "Job", "-train-"), made(cluster, "Service", "peers-")
    spec, told = job["spec"], environment(job)
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 2, 2)
    assert spec["template"]["spec"]["subdomain"] == service["metadata"]["name"]
    first = f"{job['metadata']['name']}-0.{service['metadata']['name']}.acme-ptaas.svc"
    assert told["PET_MASTER_ADDR"] == first and told["PET_NNODES"] == "2" and told["PET_NPROC_PER_NODE"] == "1"
    index = told["PET_NODE_RANK"]
    assert isinstance(index, dict) and index["fieldRef"]["fieldPath"].endswith("job-completion-index']")
    assert service["spec"]["clusterIP"] == "None" and service["spec"]["publishNotReadyAddresses"]
    labels = spec["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    made_at = [write for write in cluster.writes if "peers-" in write or "-train-" in write]
    assert made_at[0].endswith(service["metadata"]["name"]), "pods look for it as soon as they start"


async def test_each_pod_holds_its_part_and_the_money_is_that_of_all():
    cluster = await training(ordered(count=2, nodes=2))
    job = made(cluster, "Job", "-train-")
    assert job["metadata"]["annotations"][names.ACCELERATORS] == "2"
    assert job["spec"]["template"]["metadata"]["annotations"][names.ACCELERATORS] == "1"
    alone = made(await training(ordered(count=1)), "Job", "-train-")
    seconds = [one["spec"]["activeDeadlineSeconds"] for one in (job, alone)]
    assert seconds[0] == pytest.approx(seconds[1] / 2, abs=1)


async def test_a_queue_gets_all_pods_of_a_run_at_once():
    cluster = await training(ordered(count=2, nodes=2, queue="gpus"))
    job = made(cluster, "Job", "-train-")
    assert job["spec"]["suspend"] and job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "gpus"


async def test_the_audit_uses_one_accelerator():
    """Its engine does; the others would be paid for and idle."""
    cluster = ordered(count=2, nodes=1)
    for _ in range(12):
        await cluster.go_on()
    job = made(cluster, "Job", "-eval-")
    assert job["metadata"]["annotations"][names.ACCELERATORS] == "1"
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["evaluate"]


def test_every_pod_of_a_run_is_an_entry_of_the_ledger():
    """What is billed is the number of accelerators times the seconds that each was held."""
    cluster = FakeCluster()
    shape = {names.PRICE: "3.60", names.CLASS: "h200", names.ACCELERATORS: "4"}
    pods = tuple(
        reading.pod(
            {
                "metadata": {"name": f"t-{index}", "labels": {names.STAGE: "train", names.ATTEMPT: "1"}, "annotations": shape},
                "status": {
                    "phase": "Succeeded",
                    "containerStatuses": [
                        {
                            "state": {
                                "terminated": {"startedAt": "2026-01-01T00:00:00Z", "finishedAt": f"2026-01-01T00:{ended}:00Z"}
                            }
                        }
                    ],
                },
            }
        )
        for index, ended in ((0, "10"), (1, "05"))
    )
    entries = ledger.advance((), Witnesses("u", pods, (), (), cluster.now))
    assert [entry.accelerators for entry in entries] == [4, 4]
    assert ledger.settled(entries) == Decimal("3.60") * 4 * (600 + 300) / 3600


def test_memory_that_ran_out_in_one_pod_is_no_loss_of_the_others():
    """The first is asked to stop when another dies, and says so; three attempts would end the same way."""
    first = {"name": "t-0", "stage": "train", "inputs": "i", "attempt": 1, "created_at": "", "phase": "Failed"}
    second = first | {"name": "t-1", "killed_by": "OOMKilled", "started_at": "2026-01-01T00:00:00Z"}
    pods = [work.Pod(**first), work.Pod(**second)]
    job = work.Job("t", "train", "i", 1, "", "", finished="Failed")
    found = work._fatal(work.Stage.TRAIN, job, pods, [])
    assert found is not None and found.reason is work.Reason.OUT_OF_MEMORY


def test_nodes_are_counted_by_the_labels_of_feature_discovery():
    nodes = (
        gpu_node("a", "NVIDIA-H200", 8),
        gpu_node("b", "NVIDIA-H200", 4),
        gpu_node("c", "NVIDIA-A40", 8),
        replace(gpu_node("d", "NVIDIA-H200", 8), usable=False),
        replace(gpu_node("e", "NVIDIA-H200", 8), taints=(("reserved", "", "NoSchedule"),)),
        Node("f", {"nvidia.com/gpu.product": "NVIDIA-H200"}, {}, usable=True),
    )
    seen = replace(FakeCluster(classes={"h200": H200, "cpu": CPU}).seen(), nodes=(*nodes, NODE))
    assert placement.rooms(seen)["h200"].nodes == (8, 4)
    assert placement.rooms(seen)["cpu"].nodes == (int(placement.amount(ROOM["cpu"]) / placement.amount(CPU.resource_quantity)),)


def test_a_region_narrows_the_nodes():
    spec = world.spec(terms__handling={"personal_data": "Redact", "region": "eu"})
    nodes = (gpu_node("a", "NVIDIA-H200", 8, **{"topology.kubernetes.io/region": "eu"}), gpu_node("b", "NVIDIA-H200", 8))
    seen = replace(FakeCluster(spec=spec, classes={"h200": H200}).seen(), nodes=nodes)
    assert placement.rooms(seen)["h200"].nodes == (8,)


async def test_it_is_said_that_no_node_has_so_many():
    cluster = await training(ordered(there=(replace(NODE, allocatable={"cpu": "1", "memory": "1Gi"}),), count=2))
    assert "so its Job will wait for one" in cluster.message("Scheduled")


def test_pods_of_training_reach_each_other_and_nobody_else_does():
    policy = network.policies("acme")["peers-in-training"]
    chosen = {"matchLabels": {names.STAGE: "train"}}
    assert policy["podSelector"] == chosen and policy["ingress"] == [{"from": [{"podSelector": chosen}]}]


def test_one_accelerator_is_started_as_ever():
    spec = pod_spec(PodPlan(image="i", command="train", task="{}", service_account="trainer", accelerator=H200, accelerators=1))
    container = spec["containers"][0]
    assert container["args"] == ["train"] and "command" not in container and "subdomain" not in spec
