"""Objects that the tests of the chart create."""

import copy
from typing import Any

PIN = "@sha256:" + "b" * 64
WORK_LABEL = "ptaas.dev/work-namespace"

DELIVERY: dict[str, Any] = {
    "apiVersion": "ptaas.dev/v1alpha1",
    "kind": "Delivery",
    "metadata": {"name": "router"},
    "spec": {
        "terms": {
            "ticket": "Route our support messages",
            "data": {
                "train": {"uri": "oci://registry.example/acme/support" + PIN},
                "sealed": {"uri": "oci://registry.example/acme/sealed" + PIN, "secret": "acme-sealed"},
            },
            "acceptance": {"minimumGain": "0.20"},
            "budget": {"limit": "40"},
        },
        "base": {"uri": "oci://registry.example/base" + PIN},
        "output": {"repository": "oci://registry.example/acme/models"},
        "intake": {"task": "Classification", "fields": {"input": "text", "target": "intent"}, "metric": "Accuracy"},
    },
}

REQUEST = "c" * 64
STATUS: dict[str, Any] = {
    "state": "AwaitingApproval",
    "conditions": [
        {
            "type": "Evaluated",
            "status": "True",
            "reason": "Learned",
            "message": "0.784 against 0.328",
            "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }
    ],
    "approval": {
        "digest": REQUEST,
        "request": {
            "deliveryUid": "u",
            "artifact": "sha256:" + "d" * 64,
            "evaluation": "sha256:" + "e" * 64,
            "cost": "7.12",
            "serving": "sha256:" + "f" * 64,
        },
        "requestedAt": "2026-01-01T00:00:00Z",
    },
}


def delivery(**changes: Any) -> dict[str, Any]:
    """A Delivery; keys are paths joined by two underscores, None removes the field."""
    made = copy.deepcopy(DELIVERY)
    for path, value in changes.items():
        at, *keys = path.split("__")
        here = made[at]
        for key in keys[:-1]:
            here = here.setdefault(key, {})
        if value is None:
            here.pop(keys[-1], None)
        else:
            here[keys[-1]] = value
    return made


def pod(name: str, account: str) -> dict[str, Any]:
    """A worker's pod as the `restricted` level admits it."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "serviceAccountName": account,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "worker",
                    "image": "registry.example/worker" + PIN,
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                }
            ],
        },
    }


def evidence(name: str, complete: bool = False, **metadata: Any) -> dict[str, Any]:
    """The evidence ConfigMap of a pod."""
    data = {"evidence.json": "{}"} | ({"complete": "true"} if complete else {})
    labels = {"ptaas.dev/evidence": "train"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels} | metadata, "data": data}


def certificate(name: str) -> dict[str, Any]:
    """The papers of a delivery."""
    spec = {"delivery": "acme/router", "deliveryUid": "u", "papers": {"card.md": "x"}}
    return {"apiVersion": "ptaas.dev/v1alpha1", "kind": "DeliveryCertificate", "metadata": {"name": name}, "spec": spec}


def model_version() -> dict[str, Any]:
    """A record."""
    pin = "sha256:" + "a" * 64
    spec = {
        "artifact": pin,
        "location": "oci://registry.example/acme/models@" + pin,
        "kind": "Merged",
        "base": "hf://o/m@" + "0" * 40,
        "trainDigest": pin,
        "sealedDigest": pin,
        "delivery": "acme/router",
        "deliveryUid": "u",
        "inputs": "i",
        "trainEvidence": pin,
        "evaluation": {"metric": "Accuracy", "items": 1000, "base": "0.328", "candidate": "0.784", "evidence": pin},
    }
    return {"apiVersion": "ptaas.dev/v1alpha1", "kind": "ModelVersion", "metadata": {"name": "router-1"}, "spec": spec}
