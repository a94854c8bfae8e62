"""Who created, drove and approved is what the API server saw, not what a client says."""

import json

import pytest

from tests.chart.conftest import Tenant
from tests.chart.kube import within
from tests.chart.objects import REQUEST, delivery

pytestmark = pytest.mark.cluster

STAMPS = ("ptaas.dev/created-by", "ptaas.dev/driven-by", "ptaas.dev/approve", "ptaas.dev/approved-by")


def stamps(tenant: Tenant) -> dict[str, str]:
    """The delivery's stamps."""
    return {name: value for name, value in tenant.annotations().items() if name in STAMPS}


def merge(tenant: Tenant, user: str, patch: object) -> tuple[str, ...]:
    """Arguments of a merge patch."""
    return ("patch", "delivery", "router", "-n", tenant.namespace, "--type=merge", "-p", json.dumps(patch))


def test_the_creator_is_stamped_whatever_is_claimed(tenant: Tenant) -> None:
    """A claimed creator would let the real one approve; claims of approval are dropped."""
    tenant.order(metadata__annotations=dict.fromkeys(STAMPS, "mallory") | {"team": "desk"})
    assert tenant.annotations() == {"ptaas.dev/created-by": "ada", "team": "desk"}


def test_a_delivery_without_annotations_gets_its_stamp(tenant: Tenant) -> None:
    tenant.order()
    assert tenant.annotations() == {"ptaas.dev/created-by": "ada"}


def test_the_last_driver_is_stamped_whatever_is_claimed(tenant: Tenant) -> None:
    tenant.order()
    forged = {"metadata": {"annotations": {"ptaas.dev/driven-by": "eve"}}, "spec": {"plan": {"packing": False}}}
    tenant("bob").ok(*merge(tenant, "bob", forged))
    assert stamps(tenant) == {"ptaas.dev/created-by": "ada", "ptaas.dev/driven-by": "bob"}


@pytest.mark.parametrize(
    "change",
    [{"intake": {"instruction": "Be brief"}}, {"plan": {"packing": False}}, {"config": {"rank": 8}}, {"schedule": {"count": 2}},
     {"approval": {"expiresAfter": "1h"}}, {"serving": {"replicas": 2}}, {"suspend": True},
     {"card": {"claims": [{"type": "Cost", "subject": "amount", "value": "1"}]}}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_every_field_of_the_driver_counts_as_driving(tenant: Tenant, change: object) -> None:
    tenant.order()
    tenant("bob").ok(*merge(tenant, "bob", {"spec": change}))
    assert stamps(tenant)["ptaas.dev/driven-by"] == "bob"


def test_raising_the_budget_does_not_hide_the_last_driver(tenant: Tenant) -> None:
    """Else a driver who may approve waits for the customer to fund, and approves his own work."""
    tenant.order()
    tenant("sam").ok(*merge(tenant, "sam", {"spec": {"config": {"rank": 8}}}))
    tenant("ada").ok(*merge(tenant, "ada", {"spec": {"terms": {"budget": {"limit": "50"}}}}))
    assert stamps(tenant)["ptaas.dev/driven-by"] == "sam"


FORGERIES = {
    "ptaas.dev/created-by": "written by the API server and never changed; leave it as it is",
    "ptaas.dev/driven-by": "written by the API server when spec changes; leave it as it is",
    "ptaas.dev/approved-by": "written by the API server with a decision; leave it as it is",
}


@pytest.mark.parametrize("stamp", FORGERIES)
@pytest.mark.parametrize("user", ["bob", "sam"])
def test_a_forged_stamp_is_refused(ordered: Tenant, stamp: str, user: str) -> None:
    patch = {"metadata": {"annotations": {stamp: "somebody"}}}
    assert ordered(user).refused(*merge(ordered, user, patch)) == f"metadata.annotations[{stamp}]: {FORGERIES[stamp]}"


@pytest.mark.parametrize(
    "patch", [{"annotations": None}, {"annotations": {"ptaas.dev/created-by": None, "ptaas.dev/driven-by": None}}]
)
def test_a_stamp_that_is_taken_away_is_put_back(tenant: Tenant, patch: object) -> None:
    """kubectl replace with a file that has no annotations must work, and must not make a Delivery without a creator."""
    tenant.order()
    tenant("bob").ok(*merge(tenant, "bob", {"spec": {"suspend": True}}))
    tenant("bob").run(*merge(tenant, "bob", {"metadata": patch}))
    assert stamps(tenant) == {"ptaas.dev/created-by": "ada", "ptaas.dev/driven-by": "bob"}


def test_replacing_the_object_keeps_creator_and_approval_apart(tenant: Tenant) -> None:
    """A PUT drops all annotations: it is seen as driving, and would withdraw an approval only for who may approve."""
    tenant.order()
    tenant.write_status()
    tenant("eve").ok("annotate", "delivery", "router", "-n", tenant.namespace, f"ptaas.dev/approve={REQUEST}")
    whole = json.dumps(delivery(spec__suspend=True))
    said = tenant("bob").refused("replace", "-n", tenant.namespace, "-f", "-", stdin=whole)
    assert said == (
        "metadata.annotations[ptaas.dev/approve]: bob lacks the verb approve on deliveries in "
        f"{tenant.namespace}; ask someone who has it (ClusterRole ptaas-approver)"
    )
    assert stamps(tenant)["ptaas.dev/approved-by"] == "eve"


def test_without_the_mutating_policy_nothing_is_created_or_approved(tenant: Tenant) -> None:
    """Taking one half of the gate away closes it."""
    tenant.order()
    tenant.write_status()
    binding = ("mutatingadmissionpolicybinding", "ptaas-stamps")
    kept = tenant.admin.get(*binding)
    tenant.admin.ok("delete", *binding)
    dry = ("create", "-n", tenant.namespace, "--dry-run=server", "-f", "-")
    bare = json.dumps(delivery(metadata__name="second"))
    approved = json.dumps(delivery(metadata__name="second", metadata__annotations={"ptaas.dev/approve": REQUEST}))
    try:
        within(30, "stamps off", lambda: tenant("ada").run(*dry, stdin=bare).returncode != 0)
        said = tenant("ada").refused(*dry, stdin=bare)
        assert said == f"metadata.annotations[ptaas.dev/created-by]: {FORGERIES['ptaas.dev/created-by']}"
        said = tenant("ada").refused(*dry, stdin=approved)
        assert said == "metadata.annotations[ptaas.dev/approve]: nothing is decided before it exists; leave it out"
        said = tenant("eve").refused("annotate", "delivery", "router", "-n", tenant.namespace, f"ptaas.dev/approve={REQUEST}")
        assert said == f"metadata.annotations[ptaas.dev/approved-by]: {FORGERIES['ptaas.dev/approved-by']}"
    finally:
        metadata = {key: kept["metadata"][key] for key in ("name", "labels", "annotations")}
        tenant.admin.create(kept | {"metadata": metadata})
        within(30, "stamps on", lambda: tenant("ada").run(*dry, stdin=bare).returncode == 0)
