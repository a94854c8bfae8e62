"""The work namespace of a tenant: made once, where tenants have no rights.

Workers may write ConfigMaps there (an admission policy narrows it to the evidence of their own pod);
who created a Delivery may put Secrets there, which nobody but the pods can read again.
"""

from typing import Any

from delivery_api import names
from delivery_api.digests import digest, short
from delivery_operator.manifests import network

SERVICE_ACCOUNTS = ("auditor", "trainer", "evaluator", "server")
WRITERS = ("auditor", "trainer", "evaluator")
EVIDENCE_ROLE, SECRET_ROLE, READER_ROLE = "ptaas-evidence-writer", "ptaas-secret-writer", "ptaas-secret-reader"
OPERATOR = "delivery-operator"
"""Service account of the operator, by the chart."""
RBAC = "rbac.authorization.k8s.io"


def _object(api: str, kind: str, name: str, namespace: str | None, **rest: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "labels": {"app.kubernetes.io/managed-by": names.MANAGED_BY}}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **rest}


def namespace(name: str, tenant: str, tenant_uid: str = "") -> dict[str, Any]:
    """The namespace, `restricted`, with the name of the tenant it works for, by whom it is owned: when the tenant's namespace
    goes, Kubernetes' garbage collector ends this one and all work in it, whether or not the operator runs."""
    made = _object("v1", "Namespace", name, None)
    if tenant_uid:
        made["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": "Namespace", "name": tenant, "uid": tenant_uid}]
    made["metadata"]["labels"] |= {
        names.WORK_NAMESPACE: "true",
        names.DELIVERY_NAMESPACE: tenant,
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
    }
    return made


def furniture(name: str, tenant: str) -> tuple[dict[str, Any], ...]:
    """What a work namespace holds besides work."""
    accounts = tuple(
        _object("v1", "ServiceAccount", account, name, automountServiceAccountToken=False) for account in SERVICE_ACCOUNTS
    )
    subjects = [{"kind": "ServiceAccount", "name": account, "namespace": name} for account in WRITERS]
    walls = tuple(
        _object("networking.k8s.io/v1", "NetworkPolicy", policy, name, spec=spec)
        for policy, spec in network.policies(tenant).items()
    )
    return (*accounts, _binding("evidence-writer", name, EVIDENCE_ROLE, subjects), *walls)


def reader(name: str, home: str) -> dict[str, Any]:
    """Lets the operator, which lives in `home`, read Secrets here and nowhere else."""
    return _binding("secret-reader", name, READER_ROLE, [{"kind": "ServiceAccount", "name": OPERATOR, "namespace": home}])


def depositor(name: str, user: str) -> dict[str, Any]:
    """Lets one creator of Deliveries, as the API server stamped it, put Secrets here."""
    subject = {"kind": "User", "name": user, "apiGroup": RBAC}
    return _binding(f"secret-writer-{short(digest(user))}", name, SECRET_ROLE, [subject])


def _binding(name: str, namespace: str, role: str, subjects: list[dict[str, Any]]) -> dict[str, Any]:
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}
    return _object(f"{RBAC}/v1", "RoleBinding", name, namespace, subjects=subjects, roleRef=reference)
