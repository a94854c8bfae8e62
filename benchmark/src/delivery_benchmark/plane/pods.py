"""What a kubelet and a worker write about a pod, as plain objects: the benchmark's replayer and the tests' write the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from delivery_api import names
from delivery_api.digests import canonical, sha256
from delivery_api.evidence import EvidenceCommon

JSON = dict[str, Any]
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
STAGE = {"Audit": "intake", "Train": "train", "Evaluate": "eval", "Verify": "deploy", "Sign": "card"}
"""Kind of a task to the stage that it works for."""


def time_of(seconds: float) -> str:
    """A time of the replayed clock, which starts at the same moment for every delivery, so that costs repeat to the cent."""
    return (START + timedelta(seconds=round(seconds))).strftime("%Y-%m-%dT%H:%M:%SZ")


def task_of(pod: JSON) -> tuple[str, str]:
    """(task as JSON, uid of the anchor) that the operator gave a pod."""
    environment = {one["name"]: one.get("value", "") for one in pod["spec"]["containers"][0]["env"]}
    return environment["DELIVERY_TASK"], environment.get("ANCHOR_UID", "")


def status_of(pod: JSON, phase: str, *, ready: bool = False, reason: str = "", **state: Any) -> JSON:
    """Merge patch of `status` as the kubelet writes it; `state` is running=, waiting= or terminated=."""
    truth = "True" if ready else "False"
    container = {
        "name": pod["spec"]["containers"][0]["name"], "image": "i", "imageID": "i", "ready": ready, "restartCount": 0,
        "state": state,
    }  # fmt: skip
    status: JSON = {
        "phase": phase,
        "conditions": [{"type": kind, "status": truth} for kind in ("Ready", "ContainersReady")],
        "containerStatuses": [container],
        "startTime": time_of(0),
    }
    return {"status": status | ({"reason": reason} if reason else {})}


def evidence_map(made: EvidenceCommon, namespace: str, stage: str, anchor_uid: str) -> JSON:
    """The evidence ConfigMap of a pod, named as the pod and owned by the Delivery's anchor."""
    text = canonical(made)
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": names.anchor(made.delivery_uid), "uid": anchor_uid}
    labels = {names.EVIDENCE: stage, names.STAGE: stage, names.DELIVERY_UID: made.delivery_uid}
    data = {"evidence.json": text, "digest": sha256(text), "complete": "true" if made.complete else "false"}
    metadata = {"name": made.pod, "namespace": namespace, "labels": labels, "ownerReferences": [owner]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def token_request(pod: JSON) -> JSON:
    """What the kubelet asks for: a token that dies with the pod."""
    bound = {"kind": "Pod", "apiVersion": "v1", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
    spec = {"boundObjectRef": bound, "expirationSeconds": 3600}
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
