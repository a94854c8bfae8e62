"""Who may change what of a Delivery: money by the verb fund, the driver's part by update, nothing by patch alone."""

import json
from typing import Any

import pytest

from tests.chart.conftest import Tenant
from tests.chart.kube import OPERATOR, within
from tests.chart.objects import delivery, model_version

pytestmark = pytest.mark.cluster


def patch(tenant: Tenant, change: dict[str, Any]) -> tuple[str, ...]:
    """Arguments of a merge patch."""
    return ("patch", "delivery", "router", "-n", tenant.namespace, "--type=merge", "-p", json.dumps(change))


def limit(amount: str) -> dict[str, Any]:
    """A change of the budget."""
    return {"spec": {"terms": {"budget": {"limit": amount}}}}


def test_the_customer_raises_the_budget(tenant: Tenant) -> None:
    tenant.order()
    tenant("ada").ok(*patch(tenant, limit("55.50")))
    assert tenant.admin.get("delivery", "router", "-n", tenant.namespace)["spec"]["terms"]["budget"]["limit"] == "55.50"


def test_the_customer_raises_the_budget_by_apply(tenant: Tenant) -> None:
    """kubectl apply also writes its own annotation; that must not look like driving."""
    order = json.dumps({"apiVersion": "ptaas.dev/v1alpha1", "kind": "Delivery", "metadata": {"name": "router"}} | _spec("40"))
    tenant("ada").ok("apply", "-n", tenant.namespace, "-f", "-", stdin=order)
    tenant("ada").ok("apply", "-n", tenant.namespace, "-f", "-", stdin=order.replace('"40"', '"41"'))
    assert "ptaas.dev/driven-by" not in tenant.annotations()


def _spec(amount: str) -> dict[str, Any]:
    return {"spec": delivery(spec__terms__budget__limit=amount)["spec"]}


@pytest.mark.parametrize("user", ["bob", "eve", "sam"])
def test_nobody_else_raises_the_budget(ordered: Tenant, user: str) -> None:
    """A driver short of money must ask the one who pays."""
    said = ordered(user).refused(*patch(ordered, limit("55")))
    assert said == (
        f"spec.terms.budget.limit: {user} lacks the verb fund on deliveries in {ordered.namespace}; "
        "ask the customer (ClusterRole ptaas-customer) to raise it"
    )


@pytest.mark.parametrize("user", ["ada", "eve", OPERATOR])
@pytest.mark.parametrize(
    "change",
    [{"spec": {"suspend": True}}, {"spec": {"config": {"rank": 8}}}, {"metadata": {"labels": {"a": "b"}}},
     {"metadata": {"annotations": {"ptaas.dev/retry": "1"}}}, {"metadata": {"finalizers": ["example.com/stay"]}}],
    ids=["suspend", "config", "label", "retry", "finalizer"],
)  # fmt: skip
def test_patch_alone_changes_nothing(ordered: Tenant, user: str, change: dict[str, Any]) -> None:
    """Customer, approver and operator hold patch for one purpose each; driving is none of them."""
    said = ordered(user).refused(*patch(ordered, change))
    assert said == (
        f"spec, labels or annotations: {user} lacks the verb update on deliveries in {ordered.namespace}; "
        "ask a driver (ClusterRole ptaas-driver)"
    )


def test_a_driver_drives(tenant: Tenant) -> None:
    tenant.order()
    change = {"spec": {"config": {"rank": 8}, "suspend": True}, "metadata": {"annotations": {"ptaas.dev/retry": "1"}}}
    tenant("bob").ok(*patch(tenant, change))
    assert tenant.admin.get("delivery", "router", "-n", tenant.namespace)["spec"]["config"]["rank"] == 8


@pytest.mark.parametrize("field", ["ownerReferences", "finalizers"])
def test_a_driver_does_not_delete_by_way_of_metadata(ordered: Tenant, field: str) -> None:
    """An owner that does not exist makes the garbage collector delete the object; a finalizer makes it stay for ever."""
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "nobody", "uid": "00000000-0000-0000-0000-000000000000"}
    value: dict[str, Any] = {"ownerReferences": [owner], "finalizers": ["example.com/stay"]}
    said = ordered("bob").refused(*patch(ordered, {"metadata": {field: value[field]}}))
    assert said == (
        f"metadata.ownerReferences, metadata.finalizers: bob lacks the verb delete on deliveries in {ordered.namespace}; "
        "who may not delete a Delivery does not decide when it goes"
    )


@pytest.mark.parametrize("cascade", ["background", "foreground", "orphan"])
def test_the_customer_cancels(tenant: Tenant, cascade: str) -> None:
    """In the foreground the garbage collector takes a finalizer off; the policies must let it."""
    tenant.order()
    router = ("delivery", "router", "-n", tenant.namespace)
    tenant("ada").ok("delete", *router, f"--cascade={cascade}", "--wait=false")
    within(30, "the delivery gone", lambda: tenant.admin.run("get", *router).returncode != 0)


def test_a_driver_neither_creates_nor_deletes(ordered: Tenant) -> None:
    """Else the driver sets the terms anew."""
    assert 'cannot create resource "deliveries"' in ordered("bob").cannot_create(
        delivery(metadata__name="easy"), "-n", ordered.namespace
    )
    assert 'cannot delete resource "deliveries"' in ordered("bob").refused(
        "delete", "delivery", "router", "-n", ordered.namespace
    )


@pytest.mark.parametrize("user", ["ada", "bob", "eve", "vic"])
def test_nobody_but_the_operator_writes_status(ordered: Tenant, user: str) -> None:
    for verb in ("patch", "update"):
        asked = ordered(user).run("auth", "can-i", verb, "deliveries", "--subresource=status", "-n", ordered.namespace)
        assert asked.stdout.strip() == "no"


def test_not_even_an_admin_writes_status_or_a_record(ordered: Tenant) -> None:
    """The gate trusts status; a cluster admin's slip must not open it."""
    said = ordered.admin.refused(*patch(ordered, {"status": {"gain": "+0.9"}}), "--subresource=status")
    assert said == "status: only the operator writes it, and kubernetes-admin is not the operator"
    said = ordered.admin.cannot_create(model_version(), "-n", ordered.namespace)
    assert said == "ModelVersion: only the operator writes it, and kubernetes-admin is not the operator"


def test_the_operator_writes_status_and_records(tenant: Tenant) -> None:
    tenant.order()
    tenant.write_status(gain="+0.46")
    tenant.operator.create(model_version(), "-n", tenant.namespace)
    assert tenant("ada").get("modelversion", "router-1", "-n", tenant.namespace)["spec"]["delivery"] == "acme/router"
