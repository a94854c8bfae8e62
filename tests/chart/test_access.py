"""Roles by the verb: what each identity may do, and that it may do no more."""

import pytest

from delivery_operator.cluster.access import NEEDS
from tests.chart.conftest import Tenant
from tests.chart.kube import OPERATOR, RELEASE, VERBS, Kube, held

pytestmark = pytest.mark.cluster

READ = {"get", "list", "watch"}
PEOPLE = {
    "ada": READ | {"create", "patch", "delete", "fund"},
    "bob": READ | {"patch", "update"},
    "eve": READ | {"patch", "approve", "reject", "expire", "revoke"},
    "vic": READ,
}

OPERATOR_FURTHER: dict[str, set[str]] = {
    # What it meets under a name that it wanted to create.
    "modelversions.ptaas.dev": {"get"},
    # Optional, so readiness does not wait for it.
    "inferenceservices.serving.kserve.io": {"list", "watch", "create", "patch", "delete"},
    # Any authenticated user has it.
    "selfsubjectaccessreviews.authorization.k8s.io": {"create"},
}
"""Beside what the operator asks for at its start."""


def needs() -> dict[str, set[str]]:
    """Resource to verbs: what the operator's own list says, and the further ones."""
    found = {name: set(verbs) for name, verbs in OPERATOR_FURTHER.items()}
    for group, resource, verbs in NEEDS:
        kind, slash, part = resource.partition("/")
        found.setdefault(f"{kind}.{group}".rstrip(".") + slash + part, set()).update(verbs)
    return found


OPERATOR_NEVER = {
    "clusterroles.rbac.authorization.k8s.io": set(VERBS) | {"bind", "escalate"},
    "rolebindings.rbac.authorization.k8s.io": {"update", "patch", "delete"},
    "clusterrolebindings.rbac.authorization.k8s.io": set(VERBS),
    "validatingadmissionpolicies.admissionregistration.k8s.io": set(VERBS),
    "validatingadmissionpolicybindings.admissionregistration.k8s.io": set(VERBS),
    "mutatingadmissionpolicies.admissionregistration.k8s.io": set(VERBS),
    "pods/exec": {"get", "create"},
    "pods/attach": {"get", "create"},
    "pods/ephemeralcontainers": {"patch", "update"},
    "serviceaccounts/token": {"create"},
    "roles.rbac.authorization.k8s.io": set(VERBS) | {"bind", "escalate"},
    "users": {"impersonate"},
    "leases.coordination.k8s.io": {"create", "update"},
    "secrets": set(VERBS),
    "pods": {"create", "update", "patch", "delete"},
    "namespaces": {"update", "patch", "delete"},
}


@pytest.mark.parametrize("user", PEOPLE)
def test_people_may_do_their_part_and_no_more(ordered: Tenant, user: str) -> None:
    assert held(ordered(user), "deliveries.ptaas.dev", ordered.namespace) == PEOPLE[user]


@pytest.mark.parametrize("user", PEOPLE)
def test_people_may_do_nothing_in_the_work_namespace(ordered: Tenant, furnished: str, user: str) -> None:
    for resource in ("pods", "pods/exec", "pods/log", "secrets", "configmaps", "serviceaccounts/token"):
        assert held(ordered(user), resource, furnished) == set(), resource


def test_people_may_do_nothing_in_another_namespace(ordered: Tenant) -> None:
    assert not any(held(ordered(user), "deliveries.ptaas.dev", "default") for user in PEOPLE)


@pytest.mark.parametrize("resource", sorted(needs()))
def test_the_operator_may_do_what_it_needs_and_no_more(admin: Kube, resource: str) -> None:
    assert held(admin.as_user(OPERATOR), resource, "default") == needs()[resource]


@pytest.mark.parametrize("resource", OPERATOR_NEVER)
def test_the_operator_cannot_widen_its_own_rights(admin: Kube, resource: str) -> None:
    """Neither through roles, tokens and impersonation, nor by switching the policies off."""
    assert held(admin.as_user(OPERATOR), resource, "default", OPERATOR_NEVER[resource]) == set()


def test_the_operator_leads_by_a_lease_in_its_own_namespace(admin: Kube) -> None:
    assert held(admin.as_user(OPERATOR), "leases.coordination.k8s.io", RELEASE) == {"get", "create", "update"}


@pytest.mark.parametrize("role", ["admin", "edit", "view"])
def test_built_in_roles_gain_nothing(admin: Kube, ordered: Tenant, role: str) -> None:
    """An `edit` of a namespace is no customer, driver or approver by default."""
    user = f"builtin-{role}"
    admin.ok("create", "rolebinding", user, "-n", ordered.namespace, f"--clusterrole={role}", f"--user={user}")
    assert held(ordered(user), "deliveries.ptaas.dev", ordered.namespace) == set()
