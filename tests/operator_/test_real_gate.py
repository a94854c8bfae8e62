"""The gate with everything real but the workers: two approvers, a revocation, an override, a restarted controller's drift."""

import json

import pytest

from delivery_api import names
from delivery_api.delivery import Delivery
from delivery_operator.cluster import paths
from tests.chart.kube import OPERATOR
from tests.support.plays import Play
from tests.support.stage import Theatre, eventually, reason, state

pytestmark = pytest.mark.cluster

DEPLOYER = "system:serviceaccount:kube-system:deployment-controller"


@pytest.fixture
def people(theatre: Theatre) -> Theatre:
    """With fay, another approver, and oz, who may override."""
    for user, role in {"fay": "approver", "oz": "overrider"}.items():
        theatre.admin.ok("create", "rolebinding", user, "-n", theatre.tenant, f"--clusterrole=ptaas-{role}", f"--user={user}")
    return theatre


def decide(theatre: Theatre, user: str, delivery: Delivery, annotation: str, why: str) -> None:
    """A decision as somebody types it."""
    assert delivery.status is not None and delivery.status.approval is not None
    said = (f"{annotation}={delivery.status.approval.digest}", f"{names.reason_of(annotation)}={why}")
    theatre.admin.as_user(user).ok("annotate", "delivery", str(delivery.metadata["name"]), "-n", theatre.tenant, *said)


def waits(seen: Delivery) -> bool:
    return state(seen) == "deploy/AwaitingApproval"


async def serving(theatre: Theatre) -> int:
    """Servers there are."""
    return len((await theatre.api.list(paths.DEPLOYMENTS.path(theatre.work)))["items"])


async def test_two_approve_one_revokes_and_a_renewed_request_is_another(people: Theatre):
    """The whole life of a request, as the API server and the operator have it."""
    async with people.operator(), people.workers():
        people.order(spec__approval={"required": 2})
        seen = await people.reaches("the gate", waits)
        decide(people, "eve", seen, names.APPROVE, "seen by the desk")
        await people.reaches("the first", lambda one: "(1 of 2 approvals: eve)" in (one.status.message or ""))
        assert not await serving(people)
        decide(people, "fay", seen, f"{names.APPROVE}-1", "seen by the board")
        done = await people.reaches("delivery", lambda one: state(one) == "card/Delivered")
        assert [(one.by, one.reason) for one in done.status.approval.approvals] == [
            ("eve", "seen by the desk"),
            ("fay", "seen by the board"),
        ]
        decide(people, "fay", done, names.REVOKE, "answers in the wrong language")
        gone = await people.reaches("the end", lambda one: state(one) == "deploy/ApprovalRevoked")
        assert "fay revoked it: answers in the wrong language" in gone.status.message

        async def none() -> bool | None:
            return True if not await serving(people) else None

        await eventually(none, "no server")
        people.admin.as_user("bob").ok("annotate", "delivery", "router", "-n", people.tenant, f"{names.RETRY}=1")
        again = await people.reaches("another request", lambda one: state(one) == "deploy/ApprovalVoid")
        assert again.status.approval.digest != done.status.approval.digest
    warned = {one["reason"]: one["type"] for one in people.admin.get("events.events.k8s.io", "-n", people.tenant)["items"]}
    assert warned["ApprovalRevoked"] == "Warning"


async def test_an_override_serves_what_did_not_pass_and_says_so_everywhere(people: Theatre):
    """Condition, Event and certificate name who did it and why; no verdict turns, and nothing is billed."""
    async with people.operator(), people.workers(router=Play(wins=10)):
        people.order()
        asks = lambda one: state(one) == "eval/NotLearned" and one.status.approval is not None  # noqa: E731
        seen = await people.reaches("the verdict", asks)
        decide(people, "oz", seen, names.OVERRIDE, "the old model is broken")
        done = await people.reaches(
            "an override", lambda one: reason(one, "Deployed") == "Overridden" and one.status.certificate
        )

        async def server() -> bool | None:
            return True if await serving(people) else None

        await eventually(server, "a server")
        assert state(done) == "eval/NotLearned" and reason(done, "CostSettled") == "Withheld"

        async def told() -> dict | None:
            data = people.admin.get("deliverycertificate", done.status.certificate, "-n", people.tenant)["spec"]["papers"]
            return json.loads(data["certificate.json"]).get("override")

        override = await eventually(told, "the certificate")
    assert (override["by"], override["reason"]) == ("oz", "the old model is broken")
    events = people.admin.get("events.events.k8s.io", "-n", people.tenant)["items"]
    (event,) = [one for one in events if one["reason"] == "Overridden"]
    assert event["type"] == "Warning" and "oz overrode the audit (NotLearned)" in event["note"]


async def test_what_a_controller_changes_of_the_servers_is_put_back(people: Theatre):
    """Policies keep people out; a controller that is trusted, and wrong, is found by its drift."""
    async with people.operator(), people.workers():
        people.order()
        people.approve(await people.reaches("the gate", waits))
        await people.reaches("delivery", lambda one: state(one) == "card/Delivered")
        (there,) = people.admin.get("deployments", "-n", people.work)["items"]
        wanted = there["spec"]["template"]["spec"]["containers"][0]["image"]
        there["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/evil@sha256:" + "6" * 64
        people.admin.as_user(DEPLOYER).ok("replace", "-f", "-", stdin=json.dumps(there))

        async def back() -> bool | None:
            (now,) = (await people.api.list(paths.DEPLOYMENTS.path(people.work)))["items"]
            same = now["spec"]["template"]["spec"]["containers"][0]["image"] == wanted
            return True if same and now["metadata"]["generation"] > there["metadata"]["generation"] + 1 else None

        await eventually(back, "the approved image")
    managers = people.admin.get("deployments", "-n", people.work, "--show-managed-fields")["items"][0]["metadata"][
        "managedFields"
    ]
    assert any(one["manager"] == "delivery-operator" for one in managers), OPERATOR
