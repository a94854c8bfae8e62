"""The Job of one attempt of one stage."""

from dataclasses import dataclass
from typing import Any

from delivery_api import names
from delivery_api.digests import digest
from delivery_operator.manifests import parallel
from delivery_operator.manifests.common import owned, work_labels
from delivery_operator.manifests.pod import PodPlan, pod_spec
from delivery_operator.observed import Accelerated, Observed

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"


@dataclass(frozen=True, slots=True)
class JobPlan:
    """What differs from Job to Job."""

    stage: str
    inputs: str
    attempt: int
    pod: PodPlan
    deadline_seconds: int | None = None
    accelerated: Accelerated | None = None
    queue: str | None = None
    limit: str = ""
    """Money that may be spent in all as of now."""


def job_name(observed: Observed, stage: str, inputs: str, attempt: int) -> str:
    """Name of an attempt: the same inputs, retry token and number always give the same name."""
    token = observed.retry
    named = digest({"inputs": inputs, "retry": token}) if token else inputs
    return names.child(observed.key.name, stage, named, attempt)


def job(observed: Observed, plan: JobPlan) -> dict[str, Any]:
    """A batch/v1 Job that runs one pod once, or several at once."""
    labels = work_labels(observed, plan.stage, plan.inputs, plan.attempt)
    annotations = {names.RETRY: observed.retry} if observed.retry else {}
    if plan.accelerated:
        annotations |= {
            names.CLASS: plan.accelerated.accelerator_class,
            names.ACCELERATORS: str(plan.accelerated.accelerators),
            names.PRICE: plan.accelerated.price_per_hour,
        }
    bounds = {names.LIMIT: plan.limit} if plan.accelerated and plan.limit else {}
    # The Job says what all its pods hold, each pod what it holds: every pod is an entry of its own in the ledger.
    each = {names.ACCELERATORS: str(plan.pod.accelerators)} if plan.accelerated else {}
    template = pod_spec(plan.pod)
    if plan.deadline_seconds is not None:
        # The Job's clock also runs while its pod waits for a node, and starts anew after a pause; the pod's does neither.
        template["activeDeadlineSeconds"] = plan.deadline_seconds
    spec: dict[str, Any] = {
        "backoffLimit": 0,
        **parallel.indexed(plan.pod.pods),
        "suspend": plan.queue is not None,
        "template": {"metadata": {"labels": labels, "annotations": annotations | each}, "spec": template},
    }
    if plan.deadline_seconds is not None:
        spec["activeDeadlineSeconds"] = plan.deadline_seconds
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(observed, plan.stage, plan.inputs, plan.attempt),
            "namespace": observed.work_namespace,
            "labels": labels | ({QUEUE_LABEL: plan.queue} if plan.queue else {}),
            "annotations": annotations | bounds,
            "ownerReferences": owned(observed),
        },
        "spec": spec,
    }
