"""What the operator must be allowed to do, asked of the API server at the start: it is not ready to work blind."""

from collections.abc import Iterable

from delivery_operator.cluster import paths
from delivery_operator.cluster.client import Api

READ = ("get", "list", "watch")
NEEDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("ptaas.dev", "deliveries", (*READ, "patch")),
    ("ptaas.dev", "deliveries/status", ("update",)),
    ("ptaas.dev", "acceleratorclasses", ("list", "watch")),
    ("ptaas.dev", "deliverybudgets", READ),
    ("ptaas.dev", "deliverybudgets/status", ("update",)),
    ("ptaas.dev", "modelversions", ("list", "watch", "create")),
    ("ptaas.dev", "deliverycertificates", (*READ, "create", "patch")),
    ("", "namespaces", ("get", "create")),
    ("", "serviceaccounts", ("get", "create")),
    ("", "configmaps", (*READ, "create", "patch", "delete")),
    ("", "pods", ("list", "watch")),
    ("", "services", ("list", "watch", "create", "patch")),
    ("", "nodes", ("list", "watch")),
    ("batch", "jobs", (*READ, "create", "patch", "delete")),
    ("apps", "deployments", ("list", "watch", "create", "patch", "delete")),
    ("rbac.authorization.k8s.io", "rolebindings", ("get", "create")),
    ("networking.k8s.io", "networkpolicies", ("get", "create")),
    ("events.k8s.io", "events", ("create",)),
)
"""Group, resource and verbs; the chart's ClusterRole grants these."""


def questions() -> Iterable[tuple[str, str, str]]:
    """(group, resource, verb), one at a time."""
    return ((group, resource, verb) for group, resource, verbs in NEEDS for verb in verbs)


async def missing(api: Api) -> tuple[str, ...]:
    """What is not allowed, as `verb resource.group`."""
    refused = []
    for group, resource, verb in questions():
        name, _, part = resource.partition("/")
        attributes = {"group": group, "resource": name, "verb": verb} | ({"subresource": part} if part else {})
        body = {
            "apiVersion": paths.REVIEWS.api_version,
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        answer = await api.review(paths.REVIEWS.path(), body)
        if not answer.get("status", {}).get("allowed", False):
            refused.append(f"{verb} {resource}" + (f".{group}" if group else ""))
    return tuple(refused)
