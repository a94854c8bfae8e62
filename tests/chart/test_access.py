"""Roles by the verb: what each identity may do, and that it may do no more."""

import pytest

from tests.chart.conftest import Tenant
from tests.chart.kube import OPERATOR, RELEASE, VERBS, Kube, held

pytestmark = pytest.mark.cluster

READ = {"get", "list", "watch"}
PEOPLE = {
    "ada": READ | {"create", "patch", "delete", "fund"},
    "bob": READ | {"patch", "update"},
    "eve": READ | {"patch", "approve"},
    "vic": READ,
}

OPERATOR_NEEDS = {
    "deliveries.ptaas.dev": READ | {"patch"},
    "deliveries.ptaas.dev/status": {"get", "patch", "update"},
    "acceleratorclasses.ptaas.dev": READ,
    "modelversions.ptaas.dev": READ | {"create"},
    "namespaces": READ | {"create"},
    "nodes": READ,
    "jobs.batch": READ | {"create", "patch", "delete"},
    "pods": READ | {"delete"},
    "configmaps": READ | {"create", "update", "patch", "delete"},
    "services": READ | {"create", "patch", "delete"},
    "deployments.apps": READ | {"create", "patch", "delete"},
    "inferenceservices.serving.kserve.io": READ | {"create", "patch", "delete"},
    "networkpolicies.networking.k8s.io": {"get", "create"},
    "serviceaccounts": {"get", "create"},
    "roles.rbac.authorization.k8s.io": READ | {"create"},
    "rolebindings.rbac.authorization.k8s.io": READ | {"create"},
    "secrets": {"get", "create"},
    "events.events.k8s.io": {"create", "patch"},
    "customresourcedefinitions.apiextensions.k8s.io": READ,
    "selfsubjectaccessreviews.authorization.k8s.io": {"create"},
}
OPERATOR_NEVER = {
    "clusterroles.rbac.authorization.k8s.io": set(VERBS) | {"bind", "escalate"},
    "clusterrolebindings.rbac.authorization.k8s.io": set(VERBS),
    "validatingadmissionpolicies.admissionregistration.k8s.io": set(VERBS),
    "validatingadmissionpolicybindings.admissionregistration.k8s.io": set(VERBS),
    "mutatingadmissionpolicies.admissionregistration.k8s.io": set(VERBS),
    "pods/exec": {"get", "create"},
    "pods/attach": {"get", "create"},
    "pods/ephemeralcontainers": {"patch", "update"},
    "serviceaccounts/token": {"create"},
    "roles.rbac.authorization.k8s.io": {"bind", "escalate", "update", "patch", "delete"},
    "users": {"impersonate"},
    "leases.coordination.k8s.io": {"create", "update"},
}


@pytest.mark.parametrize("user", PEOPLE)
def test_people_may_do_their_part_and_no_more(tenant: Tenant, user: str) -> None:
    assert held(tenant(user), "deliveries.ptaas.dev", tenant.namespace) == PEOPLE[user]


@pytest.mark.parametrize("user", PEOPLE)
def test_people_may_do_nothing_in_the_work_namespace(tenant: Tenant, work: str, user: str) -> None:
    for resource in ("pods", "pods/exec", "pods/log", "secrets", "configmaps", "serviceaccounts/token"):
        assert held(tenant(user), resource, work) == set(), resource


def test_people_may_do_nothing_in_another_namespace(tenant: Tenant) -> None:
    assert not any(held(tenant(user), "deliveries.ptaas.dev", "default") for user in PEOPLE)


@pytest.mark.parametrize("resource", OPERATOR_NEEDS)
def test_the_operator_may_do_what_it_needs_and_no_more(admin: Kube, resource: str) -> None:
    assert held(admin.as_user(OPERATOR), resource, "default") == OPERATOR_NEEDS[resource]


@pytest.mark.parametrize("resource", OPERATOR_NEVER)
def test_the_operator_cannot_widen_its_own_rights(admin: Kube, resource: str) -> None:
    """Neither through roles, tokens and impersonation, nor by switching the policies off."""
    assert held(admin.as_user(OPERATOR), resource, "default", OPERATOR_NEVER[resource]) == set()


def test_the_operator_leads_by_a_lease_in_its_own_namespace(admin: Kube) -> None:
    assert held(admin.as_user(OPERATOR), "leases.coordination.k8s.io", RELEASE) == {"get", "create", "update", "patch"}


@pytest.mark.parametrize("role", ["admin", "edit", "view"])
def test_built_in_roles_gain_nothing(admin: Kube, tenant: Tenant, role: str) -> None:
    """An `edit` of a namespace is no customer, driver or approver by default."""
    user = f"builtin-{role}"
    admin.ok("create", "rolebinding", user, "-n", tenant.namespace, f"--clusterrole={role}", f"--user={user}")
    assert held(tenant(user), "deliveries.ptaas.dev", tenant.namespace) == set()
