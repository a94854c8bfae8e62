"""What serves: a Deployment or a KServe InferenceService, and the Service in front of it."""

from collections.abc import Mapping
from typing import Any

from delivery_api import names
from delivery_api.accelerator import AcceleratorClassSpec
from delivery_operator.manifests.common import memory, owned, owner_labels, work_labels
from delivery_operator.manifests.pod import PodPlan, pod_spec
from delivery_operator.observed import Observed

KSERVE = "serving.kserve.io"
PORT = 8000
SERVES = "ptaas.dev/serves"
STOP = f"{KSERVE}/stop"
KSERVE_CONTAINER = "kserve-container"
"""KServe calls the only container of a custom predictor so, whatever its name was; another name would be put back for ever."""


def server_name(observed: Observed, serving: str) -> str:
    """Name of what serves one serving plan."""
    return names.child(_dns(observed.key.name), "serve", serving, 1)


def service_name(observed: Observed) -> str:
    """Name of the Service: it stays when the artifact behind it changes."""
    return _dns(f"{observed.key.name[:40].replace('.', '-').rstrip('-')}-{observed.uid[:8]}")


def _dns(name: str) -> str:
    """Services must start with a letter."""
    return name if name[0].isalpha() else f"m-{name}"


def url(observed: Observed) -> str:
    """OpenAI-compatible endpoint inside the cluster."""
    return f"http://{service_name(observed)}.{observed.work_namespace}.svc:{PORT}/v1"


def _selector(observed: Observed, serving: str) -> dict[str, str]:
    labels = work_labels(observed, "deploy", serving, 1)
    chosen = (names.DELIVERY_UID, names.STAGE, names.INPUTS)
    return {name: labels[name] for name in chosen} | {SERVES: "true"}


def deployment(observed: Observed, serving: str, pod: PodPlan, replicas: int) -> dict[str, Any]:
    """vLLM over the audited artifact."""
    labels = {**work_labels(observed, "deploy", serving, 1), SERVES: "true"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": server_name(observed, serving),
            "namespace": observed.work_namespace,
            "labels": labels,
            "ownerReferences": owned(observed),
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": _selector(observed, serving)},
            # The old server goes first: on a full cluster a second one would wait for an accelerator for ever.
            "strategy": {"type": "Recreate"},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(pod)},
        },
    }


def inference_service(observed: Observed, serving: str, pod: PodPlan, replicas: int) -> dict[str, Any]:
    """The same pod under KServe, as a custom predictor in its raw deployment mode, which newer releases call Standard."""
    labels = {**work_labels(observed, "deploy", serving, 1), SERVES: "true"}
    spec = pod_spec(pod)
    (container,) = spec["containers"]
    named = {"name": KSERVE_CONTAINER, "resources": _complete(container["resources"], pod.accelerator, pod.accelerators)}
    # Its autoscaler has a floor of one replica: to have none, the service is stopped.
    count = max(1, replicas)
    return {
        "apiVersion": f"{KSERVE}/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": server_name(observed, serving),
            "namespace": observed.work_namespace,
            "labels": labels,
            "annotations": {f"{KSERVE}/deploymentMode": "RawDeployment", STOP: "false" if replicas else "true"},
            "ownerReferences": owned(observed),
        },
        "spec": {
            "predictor": {
                **spec,
                "containers": [container | named],
                "deploymentStrategy": {"type": "Recreate"},
                "labels": labels,
                "minReplicas": count,
                "maxReplicas": count,
            }
        },
    }


def _complete(
    given: Mapping[str, Mapping[str, str]], kind: AcceleratorClassSpec | None, count: int
) -> dict[str, dict[str, str]]:
    """Requests and limits with processor and memory in both: KServe fills what is left out with one processor and 2 GiB,
    in which no engine starts. Host memory is that of the accelerators, since weights pass through it."""
    many = max(1, count)
    room = {"cpu": str(8 * many), "memory": memory(kind.memory_bytes * many) if kind else "4Gi"}
    return {
        "requests": {"cpu": "1", "memory": "2Gi"} | dict(given["requests"]),
        "limits": room | dict(given["limits"]),
    }


def service(observed: Observed, serving: str) -> dict[str, Any]:
    """The endpoint that `status.serving.url` names."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": service_name(observed),
            "namespace": observed.work_namespace,
            "labels": owner_labels(observed) | {names.STAGE: "deploy"},
            "ownerReferences": owned(observed),
        },
        "spec": {
            "selector": _selector(observed, serving),
            "ports": [{"name": "http", "port": PORT, "targetPort": PORT, "protocol": "TCP"}],
        },
    }
