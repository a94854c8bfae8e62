"""The pod that workers and servers run in: `restricted`, without a token unless it writes evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from delivery_api.accelerator import AcceleratorClassSpec
from delivery_api.delivery import DeliverySpec
from delivery_api.sources import Source
from delivery_operator.manifests import parallel
from delivery_operator.manifests.common import memory, times

USER = 65532
REGION = "topology.kubernetes.io/region"
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(frozen=True, slots=True)
class PodPlan:
    """What differs from pod to pod."""

    image: str
    command: str
    """The one argument: audit, verify, train, evaluate or serve."""
    task: str
    """Canonical JSON of the task."""
    service_account: str
    owner_uid: str = ""
    """Uid of the anchor: workers make it the owner of their evidence."""
    writes_evidence: bool = True
    accelerator: AcceleratorClassSpec | None = None
    accelerators: int = 0
    """Accelerators of this pod."""
    pods: int = 1
    """Pods that do the work together."""
    meets: str = ""
    """Where they meet: address of the first, when there are several."""
    memory: str = "4Gi"
    """Memory limit of a pod that holds no accelerator."""
    region: str | None = None
    secrets: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    serves: bool = False
    grace_seconds: int = 60
    pull_policy: str = "IfNotPresent"
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the pod spec, such as restartPolicy."""


def secrets_of(sources: Sequence[Source | None], *others: str | None) -> tuple[str, ...]:
    """Secrets that sources need, each once, sorted."""
    given = {source.secret for source in sources if source and source.secret}
    return tuple(sorted(given | {other for other in others if other}))


def claims_of(sources: Sequence[Source | None]) -> tuple[str, ...]:
    """PersistentVolumeClaims that pvc:// sources name."""
    uris = [source.uri for source in sources if source]
    return tuple(sorted({uri.removeprefix("pvc://").split("/")[0] for uri in uris if uri.startswith("pvc://")}))


def all_secrets(spec: DeliverySpec) -> tuple[str, ...]:
    """Every Secret that a delivery names."""
    return secrets_of([spec.terms.data.train, spec.terms.data.sealed, spec.base], spec.output.secret)


def node_selector(accelerator: AcceleratorClassSpec | None, region: str | None) -> dict[str, str]:
    """Labels that a node must have."""
    selector = dict(accelerator.node_selector) if accelerator else {}
    return selector | ({REGION: region} if region else {})


def resources(plan: PodPlan) -> dict[str, dict[str, str]]:
    """Requests and limits: extended resources of a GPU class, processor time of a CPU class."""
    chosen = plan.accelerator
    if chosen is None:
        return {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": plan.memory}}
    quantity = times(chosen.resource_quantity, max(1, plan.accelerators))
    if chosen.resource == "cpu":
        limit = memory(chosen.memory_bytes * max(1, plan.accelerators))
        return {"requests": {"cpu": quantity, "memory": "512Mi"}, "limits": {"memory": limit}}
    return {"requests": {chosen.resource: quantity}, "limits": {chosen.resource: quantity}}


def _volumes(plan: PodPlan) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    volumes: list[dict[str, Any]] = [{"name": "tmp", "emptyDir": {}}, {"name": "work", "emptyDir": {}}]
    mounts: list[dict[str, Any]] = [{"name": "tmp", "mountPath": "/tmp"}, {"name": "work", "mountPath": "/work"}]
    if plan.serves or plan.accelerators > 1:
        # A container has 64 MiB of it, processes of one pod talk through more; it counts as the pod's memory.
        volumes.append({"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}})
        mounts.append({"name": "shm", "mountPath": "/dev/shm"})
    for number, name in enumerate(plan.secrets):
        volumes.append({"name": f"secret-{number}", "secret": {"secretName": name, "defaultMode": 0o440}})
        mounts.append({"name": f"secret-{number}", "mountPath": f"/secrets/{name}", "readOnly": True})
    for number, name in enumerate(plan.claims):
        volumes.append({"name": f"claim-{number}", "persistentVolumeClaim": {"claimName": name, "readOnly": True}})
        mounts.append({"name": f"claim-{number}", "mountPath": f"/claims/{name}", "readOnly": True})
    if plan.writes_evidence:
        volumes.append({"name": "token", "projected": {"defaultMode": 0o440, "sources": _token_sources()}})
        mounts.append({"name": "token", "mountPath": TOKEN_PATH, "readOnly": True})
    return volumes, mounts


def _token_sources() -> list[dict[str, Any]]:
    """A bound token that lives an hour, and what is needed to use it."""
    here = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    return [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": here}]}},
    ]


def _env(plan: PodPlan) -> list[dict[str, Any]]:
    fields = (("POD_NAME", "metadata.name"), ("POD_NAMESPACE", "metadata.namespace"))
    downward = [{"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}} for name, path in fields]
    owner = [{"name": "ANCHOR_UID", "value": plan.owner_uid}] if plan.writes_evidence else []
    return [{"name": "DELIVERY_TASK", "value": plan.task}, *owner, *downward, *parallel.environment(plan)]


def _container(plan: PodPlan, mounts: list[dict[str, Any]]) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": "server" if plan.serves else "worker",
        "image": plan.image,
        "imagePullPolicy": plan.pull_policy,
        **parallel.command(plan),
        "env": _env(plan),
        "resources": resources(plan),
        "volumeMounts": mounts,
        "terminationMessagePolicy": "File",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    if plan.serves:
        health = {"path": "/health", "port": 8000, "scheme": "HTTP"}
        container["ports"] = [{"name": "http", "containerPort": 8000, "protocol": "TCP"}]
        # Weights are fetched and loaded before the first answer: an hour at most, then the kubelet starts it anew.
        container["startupProbe"] = {"httpGet": health, "periodSeconds": 5, "failureThreshold": 720}
        container["readinessProbe"] = {"httpGet": health, "periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 3}
        container["livenessProbe"] = {"httpGet": health, "periodSeconds": 20, "timeoutSeconds": 10, "failureThreshold": 6}
    return container


def pod_spec(plan: PodPlan) -> dict[str, Any]:
    """A pod spec that the `restricted` Pod Security level admits."""
    volumes, mounts = _volumes(plan)
    spec: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "serviceAccountName": plan.service_account,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": plan.grace_seconds,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(plan, mounts)],
        "volumes": volumes,
        **parallel.place(plan),
        **plan.extra,
    }
    if selector := node_selector(plan.accelerator, plan.region):
        spec["nodeSelector"] = selector
    if plan.accelerator and plan.accelerator.tolerations:
        spec["tolerations"] = [one.model_dump(exclude_none=True) for one in plan.accelerator.tolerations]
    return spec
