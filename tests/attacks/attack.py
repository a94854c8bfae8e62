"""What an attack is: who tries what, and the words in which it is refused. Rows of data, of which the docs' table is made."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REQUEST = "c" * 64
"""Digest of the request that the deliveries of the stage wait to have approved."""

People = Mapping[str, str]
WHO: People = {
    "ada": "customer",
    "ora": "customer who is an approver and overrider too",
    "bob": "driver",
    "eve": "approver",
    "sam": "driver who is an approver too",
    "fay": "overrider",
    "ned": "`edit` of the tenant's namespace",
    "tad": "`admin` of the tenant's namespace",
    "wes": "`edit` of the work namespace, by mistake",
    "driver": "driver with a client certificate",
    "mallory": "outsider",
    "root": "cluster admin",
    "operator": "the operator itself",
    "second": "a second operator, with the operator's ClusterRole",
    "worker": "worker pod, by its own token",
    "stranger": "pod of the tenant with a worker's name, and a worker's role by mistake",
}
"""Everybody on the stage, as the table names them."""


@dataclass(frozen=True)
class Attack:
    """One attempt, and what is to come of it."""

    name: str
    """What is attempted, in words; also the id of the test."""
    who: str
    command: tuple[str, ...]
    """kubectl arguments. `$tenant` and `$work` stand for the two namespaces."""
    refused: str
    """The refusal, without what kubectl and Kubernetes put in front. For `by` of `nothing`: what is so afterwards."""
    by: str
    """The policy that refuses; RBAC, CRD, API server or kubectl where it is not one of ours; `nothing` where the request
    is let through and has no effect."""
    stdin: Any = None
    """Text, or an object that is sent as JSON."""
    before: tuple[str, ...] = ()
    """What the same person does first, and may do."""

    def filled(self, text: str, tenant: str, work: str) -> str:
        """With the names of this stage."""
        return text.replace("$tenant", tenant).replace("$work", work)


def patch(
    name: str, who: str, change: object, refused: str, by: str, on: str = "router", how: str = "merge", **more: Any
) -> Attack:
    """A patch of a Delivery."""
    command = ("patch", "delivery", on, "-n", "$tenant", f"--type={how}", "-p", json.dumps(change, ensure_ascii=False))
    extra = (f"--subresource={more['subresource']}",) if "subresource" in more else ()
    return Attack(name, who, (*command, *extra), refused, by)


def annotate(name: str, who: str, refused: str, by: str, on: str = "router", **said: str | None) -> Attack:
    """A patch of annotations; keys without the group, underscores for hyphens, None takes one away."""
    values = {f"ptaas.dev/{key.replace('_', '-')}": value for key, value in said.items()}
    return patch(name, who, {"metadata": {"annotations": values}}, refused, by, on)


def made(name: str, who: str, manifest: object, refused: str, by: str, namespace: str = "$work") -> Attack:
    """An object to be created."""
    return Attack(name, who, ("create", "-n", namespace, "-f", "-"), refused, by, manifest)


def asks(
    name: str, who: str, line: str, *more: str, refused: str, by: str, stdin: Any = None, before: tuple[str, ...] = ()
) -> Attack:
    """Any other command, as one types it after kubectl; `more` is what is not to be taken apart."""
    return Attack(name, who, (*shlex.split(line), *more), refused, by, stdin, before)


def rbac(user: str, verb: str, resource: str, namespace: str, group: str = "") -> str:
    """What RBAC says."""
    return f'User "{user}" cannot {verb} resource "{resource}" in API group "{group}" in the namespace "{namespace}"'


APPROVED: dict[str, Any] = {
    "apiVersion": "ptaas.dev/v1alpha1",
    "kind": "Delivery",
    "metadata": {"name": "router", "annotations": {"ptaas.dev/approve": REQUEST}},
}
"""The router with an approval, for server-side apply."""


def applied(name: str, who: str, user: str = "", subresource: str = "") -> Attack:
    """By server-side apply, for which one need not read what is there."""
    part = (f"--subresource={subresource}",) if subresource else ()
    command = ("apply", "--server-side", "--force-conflicts", "--field-manager=x", *part, "-n", "$tenant", "-f", "-")
    resource = "deliveries" + (f"/{subresource}" if subresource else "")
    return Attack(name, who, command, rbac(user or who, "patch", resource, "$tenant", "ptaas.dev"), "RBAC", APPROVED)
