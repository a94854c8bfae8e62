"""Where objects live in the API: paths by kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def group(self) -> str:
        """API group; empty is the core group."""
        return self.api_version.rpartition("/")[0]

    def path(self, namespace: str | None = None, name: str | None = None, part: str | None = None) -> str:
        """Path of the collection, of one object, or of a part of it such as `status`."""
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.api_version}"
        pieces = [root]
        if namespace and self.namespaced:
            pieces += ["namespaces", quote(namespace)]
        pieces += [self.plural] + ([quote(name)] if name else []) + ([part] if part else [])
        return "/".join(pieces)


DELIVERIES = Kind("ptaas.dev/v1alpha1", "Delivery", "deliveries")
CLASSES = Kind("ptaas.dev/v1alpha1", "AcceleratorClass", "acceleratorclasses", False)
VERSIONS = Kind("ptaas.dev/v1alpha1", "ModelVersion", "modelversions")
CERTIFICATES = Kind("ptaas.dev/v1alpha1", "DeliveryCertificate", "deliverycertificates")
BUDGETS = Kind("ptaas.dev/v1alpha1", "DeliveryBudget", "deliverybudgets")
JOBS = Kind("batch/v1", "Job", "jobs")
PODS = Kind("v1", "Pod", "pods")
CONFIG_MAPS = Kind("v1", "ConfigMap", "configmaps")
SECRETS = Kind("v1", "Secret", "secrets")
SERVICES = Kind("v1", "Service", "services")
NAMESPACES = Kind("v1", "Namespace", "namespaces", False)
NODES = Kind("v1", "Node", "nodes", False)
SERVICE_ACCOUNTS = Kind("v1", "ServiceAccount", "serviceaccounts")
DEPLOYMENTS = Kind("apps/v1", "Deployment", "deployments")
INFERENCE_SERVICES = Kind("serving.kserve.io/v1beta1", "InferenceService", "inferenceservices")
ROLE_BINDINGS = Kind("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings")
NETWORK_POLICIES = Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")
LEASES = Kind("coordination.k8s.io/v1", "Lease", "leases")
EVENTS = Kind("events.k8s.io/v1", "Event", "events")
REVIEWS = Kind("authorization.k8s.io/v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", False)

KINDS: Mapping[str, Kind] = {
    kind.kind: kind
    for kind in (
        DELIVERIES, CLASSES, VERSIONS, CERTIFICATES, BUDGETS, JOBS, PODS, CONFIG_MAPS, SECRETS, SERVICES, NAMESPACES, NODES,
        SERVICE_ACCOUNTS, DEPLOYMENTS, INFERENCE_SERVICES, ROLE_BINDINGS, NETWORK_POLICIES, LEASES, EVENTS, REVIEWS,
    )
}  # fmt: skip


def collection(manifest: Mapping[str, Any]) -> str:
    """Path to create an object at."""
    return KINDS[manifest["kind"]].path(manifest["metadata"].get("namespace"))


def address(manifest: Mapping[str, Any]) -> str:
    """Path of the object itself."""
    metadata = manifest["metadata"]
    return KINDS[manifest["kind"]].path(metadata.get("namespace"), metadata["name"])
