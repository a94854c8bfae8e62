"""Work of several accelerators: torchrun in every pod, an Indexed Job of them, and a headless Service where they meet.

torchrun reads its options from `PET_*`. One process for each accelerator; in a pod they talk through memory, between pods
through the network, on ports that they agree on, which is why pods that train in a work namespace may reach each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from delivery_api import names
from delivery_operator.manifests.common import owned, owner_labels
from delivery_operator.observed import Observed

if TYPE_CHECKING:
    from delivery_operator.manifests.pod import PodPlan

PORT = 29500
INDEX = "batch.kubernetes.io/job-completion-index"
MEET_SECONDS = 900
"""Nodes come one after another; so long the first waits for the last."""
LEAVE_SECONDS = 100
"""A step and a checkpoint, once asked to stop; less than the pod's grace."""


def command(plan: PodPlan) -> dict[str, Any]:
    """What the container runs: the image's own entry, or that once for each accelerator."""
    if plan.accelerators * plan.pods <= 1 or plan.command != "train":
        return {"args": [plan.command]}
    return {"command": ["python3", "-m", "torch.distributed.run"], "args": ["-m", "delivery_worker", plan.command]}


def environment(plan: PodPlan) -> list[dict[str, Any]]:
    """Options of torchrun."""
    if "command" not in command(plan):
        return []
    told = {
        "PET_NNODES": str(plan.pods),
        "PET_NPROC_PER_NODE": str(plan.accelerators),
        "PET_MASTER_ADDR": plan.meets or "127.0.0.1",
        "PET_MASTER_PORT": str(PORT),
        "PET_RDZV_CONF": f"timeout={MEET_SECONDS}",
        "PET_SHUTDOWN_TIMEOUT": str(LEAVE_SECONDS),
    }
    fixed: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in told.items()]
    if plan.pods == 1:
        return [*fixed, {"name": "PET_NODE_RANK", "value": "0"}]
    field = {"apiVersion": "v1", "fieldPath": f"metadata.annotations['{INDEX}']"}
    return [*fixed, {"name": "PET_NODE_RANK", "valueFrom": {"fieldRef": field}}]


def place(plan: PodPlan) -> dict[str, Any]:
    """Fields that give a pod its name among its peers: an Indexed Job sets the host name, this its domain."""
    return {"subdomain": plan.meets.split(".")[1]} if plan.pods > 1 else {}


def indexed(pods: int) -> dict[str, Any]:
    """Fields of the Job."""
    if pods == 1:
        return {"completions": 1, "parallelism": 1}
    return {"completions": pods, "parallelism": pods, "completionMode": "Indexed"}


def meeting_point(observed: Observed, job: str) -> str:
    """Address of the first pod of a Job."""
    return f"{job}-0.{service_name(observed)}.{observed.work_namespace}.svc"


def service_name(observed: Observed) -> str:
    """One for all attempts of a Delivery."""
    return f"peers-{observed.uid}"


def service(observed: Observed, stage: str) -> dict[str, Any]:
    """The headless Service: addresses of pods that are not ready yet, as they get ready by meeting."""
    labels = owner_labels(observed) | {names.STAGE: stage}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": service_name(observed),
            "namespace": observed.work_namespace,
            "labels": labels,
            "ownerReferences": owned(observed),
        },
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {names.DELIVERY_UID: observed.uid, names.STAGE: stage},
            "ports": [{"name": "meet", "port": PORT, "targetPort": PORT, "protocol": "TCP"}],
        },
    }
