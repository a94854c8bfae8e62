"""The gate: an approval is by the right person, of exactly what was audited, and of nothing else."""

import json
from typing import Any

import pytest

from tests.chart.conftest import Tenant, write_status
from tests.chart.kube import OPERATOR
from tests.chart.objects import REQUEST, STATUS, delivery

pytestmark = pytest.mark.cluster
FIELD = "metadata.annotations[ptaas.dev/approve]: "


@pytest.fixture
def waiting(tenant: Tenant) -> Tenant:
    """A delivery that waits for its approval."""
    tenant.order()
    tenant.write_status()
    return tenant


def approve(tenant: Tenant, digest: str = REQUEST, **also: Any) -> tuple[str, ...]:
    """Arguments of an approval, with whatever else is in the patch."""
    annotations = {"ptaas.dev/approve": digest} | also.pop("annotations", {})
    metadata = {"annotations": annotations} | also.pop("metadata", {})
    return (
        "patch",
        "delivery",
        "router",
        "-n",
        tenant.namespace,
        "--type=merge",
        "-p",
        json.dumps({"metadata": metadata} | also),
    )


def lacks(user: str, tenant: Tenant) -> str:
    """What somebody without the verb is told."""
    return (
        f"{FIELD}{user} lacks the verb approve on deliveries in {tenant.namespace}; "
        "ask someone who has it (ClusterRole ptaas-approver)"
    )


def test_an_approver_approves_what_status_asks_for(waiting: Tenant) -> None:
    waiting("eve").ok("annotate", "delivery", "router", "-n", waiting.namespace, f"ptaas.dev/approve={REQUEST}")
    found = waiting.annotations()
    assert (found["ptaas.dev/approve"], found["ptaas.dev/approved-by"]) == (REQUEST, "eve")


def test_the_approvers_name_is_the_servers_not_the_clients(waiting: Tenant) -> None:
    waiting("eve").ok(*approve(waiting, annotations={"ptaas.dev/approved-by": "the-board"}))
    assert waiting.annotations()["ptaas.dev/approved-by"] == "eve"


@pytest.mark.parametrize("user", ["ada", "bob", OPERATOR])
def test_without_the_verb_nobody_approves(waiting: Tenant, user: str) -> None:
    """Patch and update are not approve; the operator's own trial has to be refused too, or it deploys nothing."""
    assert waiting(user).refused(*approve(waiting)) == lacks(user, waiting)
    assert waiting(user).refused(*approve(waiting), "--dry-run=server") == lacks(user, waiting)


def test_the_creator_does_not_approve(waiting: Tenant) -> None:
    """A cluster admin who ordered has every verb, and is refused all the same."""
    waiting.admin.ok("delete", "delivery", "router", "-n", waiting.namespace)
    waiting.admin.ok(
        "create", "rolebinding", "ada-approver", "-n", waiting.namespace, "--clusterrole=ptaas-approver", "--user=ada"
    )
    waiting.order()
    waiting.write_status()
    said = waiting("ada").refused(*approve(waiting))
    assert said == f"{FIELD}ada created this Delivery and cannot approve it; ask another approver"


def test_the_last_driver_does_not_approve(waiting: Tenant) -> None:
    driving = json.dumps({"spec": {"config": {"rank": 8}}})
    waiting("sam").ok("patch", "delivery", "router", "-n", waiting.namespace, "--type=merge", "-p", driving)
    said = waiting("sam").refused(*approve(waiting))
    assert said == f"{FIELD}sam was the last to change its spec and cannot approve it; ask another approver"


@pytest.mark.parametrize("digest", ["d" * 64, REQUEST[:40], REQUEST.upper(), REQUEST + " ", "", "sha256:" + REQUEST])
def test_any_other_digest_is_refused_with_the_right_command(waiting: Tenant, digest: str) -> None:
    said = waiting("eve").refused(*approve(waiting, digest))
    assert said == (
        f"{FIELD}not the digest that is asked for; to approve exactly what stands in status: kubectl annotate --overwrite "
        f"delivery router -n {waiting.namespace} ptaas.dev/approve={REQUEST}"
    )


@pytest.mark.parametrize("stands", ["False", "Unknown"])
def test_what_did_not_pass_its_audit_is_not_approved(waiting: Tenant, stands: str) -> None:
    waiting.write_status(conditions=[STATUS["conditions"][0] | {"status": stands}])
    said = waiting("eve").refused(*approve(waiting))
    assert said == (
        f"{FIELD}the audit has not passed (condition Evaluated is not True); "
        "see kubectl describe delivery for what it waits for"
    )


def test_a_status_sent_with_the_request_does_not_count(tenant: Tenant) -> None:
    """A client may send any status along; only the stored one is read."""
    tenant.order()
    said = tenant("eve").refused(*approve(tenant, status=STATUS))
    assert said.startswith(f"{FIELD}the audit has not passed")


def test_nothing_is_approved_before_it_is_asked_for(waiting: Tenant) -> None:
    waiting.write_status(approval=None)
    said = waiting("eve").refused(*approve(waiting))
    assert said == f"{FIELD}no approval is asked for (status.approval.digest is empty); wait for the state AwaitingApproval"


@pytest.mark.parametrize(
    "also",
    [{"spec": {"serving": {"replicas": 9}}}, {"metadata": {"labels": {"x": "y"}}}, {"annotations": {"ptaas.dev/retry": "1"}},
     {"metadata": {"finalizers": ["example.com/stay"]}}, {"annotations": {"ptaas.dev/created-by": "mallory"}}],
    ids=["spec", "labels", "annotation", "finalizer", "creator"],
)  # fmt: skip
def test_an_approval_changes_nothing_else(waiting: Tenant, also: dict[str, Any]) -> None:
    """What the approver did not see must not ride along, whoever sends it."""
    said = waiting("eve").refused(*approve(waiting, **also))
    assert said in (
        f"{FIELD}an approval changes nothing else; send the other changes in a request of their own",
        "metadata.annotations[ptaas.dev/created-by]: written by the API server and never changed; leave it as it is",
    )
    assert "ptaas.dev/approve" not in waiting.annotations()


def test_an_approver_withdraws_and_the_stamp_goes_with_it(waiting: Tenant) -> None:
    waiting("eve").ok(*approve(waiting))
    assert waiting("bob").refused("annotate", "delivery", "router", "-n", waiting.namespace, "ptaas.dev/approve-") == lacks(
        "bob", waiting
    )
    waiting("eve").ok("annotate", "delivery", "router", "-n", waiting.namespace, "ptaas.dev/approve-")
    assert set(waiting.annotations()) == {"ptaas.dev/created-by"}


def test_an_approval_is_not_carried_to_a_new_object_of_the_same_name(waiting: Tenant) -> None:
    waiting("eve").ok(*approve(waiting))
    kept = waiting.annotations()
    waiting("ada").ok("delete", "delivery", "router", "-n", waiting.namespace)
    waiting.order(metadata__annotations=kept)
    assert waiting.annotations() == {"ptaas.dev/created-by": "ada"}


def test_the_status_subresource_carries_no_approval(waiting: Tenant) -> None:
    """The operator may write status; what it sends along in metadata is not stored."""
    whole = waiting.admin.get("delivery", "router", "-n", waiting.namespace)
    whole["metadata"]["annotations"] |= {"ptaas.dev/approve": REQUEST, "ptaas.dev/approved-by": "eve"}
    waiting.operator.ok("replace", "--subresource=status", "-f", "-", stdin=json.dumps(whole))
    assert waiting.annotations() == {"ptaas.dev/created-by": "ada"}


@pytest.mark.parametrize("user", ["bob", "eve"])
def test_server_side_apply_is_no_way_around(waiting: Tenant, user: str) -> None:
    """Another field manager is still the same person."""
    approval: dict[str, Any] = {
        "apiVersion": "ptaas.dev/v1alpha1",
        "kind": "Delivery",
        "metadata": {"name": "router", "annotations": {"ptaas.dev/approve": REQUEST}},
    }
    apply = (
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager=delivery-operator",
        "-n",
        waiting.namespace,
        "-f",
        "-",
    )
    if user == "bob":
        assert waiting("bob").refused(*apply, stdin=json.dumps(approval)) == lacks("bob", waiting)
        return
    approval["metadata"]["annotations"]["ptaas.dev/approved-by"] = "the-board"
    waiting("eve").ok(*apply, stdin=json.dumps(approval))
    assert waiting.annotations()["ptaas.dev/approved-by"] == "eve"


def test_an_approval_of_another_delivery_does_not_count(waiting: Tenant) -> None:
    """Its request has another digest, as it names another object."""
    waiting("ada").create(delivery(metadata__name="second"), "-n", waiting.namespace)
    write_status(waiting.admin, waiting.namespace, "second", approval=STATUS["approval"] | {"digest": "9" * 64})
    waiting("eve").ok(*approve(waiting))
    said = waiting("eve").refused("annotate", "delivery", "second", "-n", waiting.namespace, f"ptaas.dev/approve={REQUEST}")
    assert said.startswith(f"{FIELD}not the digest that is asked for")


def test_through_which_group_somebody_approved_is_stamped(tenant: Tenant) -> None:
    """Of their groups those that count, whatever the client claims; nobody changes it, and it goes with the approval."""
    tenant.order(spec__approval={"groups": ["board", "clinic"]})
    tenant.write_status()
    eve = tenant.admin.as_user("eve", "clinic", "canteen", "system:authenticated")
    eve.ok(*approve(tenant, annotations={"ptaas.dev/approved-by-group": "board"}))
    assert tenant.annotations()["ptaas.dev/approved-by-group"] == "clinic"
    said = "metadata.annotations[ptaas.dev/approved-by-group]: written by the API server with a decision; leave it as it is"
    assert tenant("bob").refused(*annotated(tenant, {"ptaas.dev/approved-by-group": "board"})) == said
    tenant("bob").ok(*annotated(tenant, {"ptaas.dev/approved-by-group": None}))
    assert tenant.annotations()["ptaas.dev/approved-by-group"] == "clinic", "it is put back"
    eve.ok(*annotated(tenant, {"ptaas.dev/approve": None}))
    assert not {"ptaas.dev/approved-by", "ptaas.dev/approved-by-group"} & set(tenant.annotations())


def test_where_no_groups_are_asked_for_none_is_stamped(waiting: Tenant) -> None:
    claimed = approve(waiting, annotations={"ptaas.dev/approved-by-group": "board"})
    waiting.admin.as_user("eve", "clinic").ok(*claimed)
    assert "ptaas.dev/approved-by-group" not in waiting.annotations()


def annotated(tenant: Tenant, values: dict[str, str | None]) -> tuple[str, ...]:
    """Arguments of a patch of annotations."""
    change = json.dumps({"metadata": {"annotations": values}})
    return ("patch", "delivery", "router", "-n", tenant.namespace, "--type=merge", "-p", change)
