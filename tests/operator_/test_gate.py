"""The gate as the operator sees it: who approved, rejected, revoked or overrode, and what comes of it."""

import copy
import json
from datetime import timedelta

import pytest

from delivery_api import names
from delivery_api.driver import Approval
from tests.oracle import world
from tests.support.fake import SETTINGS, FakeCluster
from tests.support.plays import Play

SERVERS = ("Deployment/", "InferenceService/")


def servers(fake: FakeCluster) -> list[str]:
    """What serves."""
    return [name for name in fake.objects if name.startswith(SERVERS)]


def sign(fake: FakeCluster, annotation: str, by: str) -> None:
    """One approval."""
    asked = fake.status.approval
    assert asked is not None
    fake.annotations |= {annotation: asked.digest, names.DECISIONS[annotation]: by}


async def waiting(**approval: object) -> FakeCluster:
    """A delivery that waits for its approval."""
    fake = await FakeCluster(spec=world.spec(approval=Approval(**approval).model_dump())).go_on(approve=False)
    assert fake.reason("Deployed") == "AwaitingApproval"
    return fake


async def test_of_two_approvers_one_is_not_enough():
    """Four eyes: the message says who approved already, and which annotation the next one takes."""
    fake = await waiting(required=2)
    assert "(0 of 2 approvals)" in fake.message("Deployed")
    sign(fake, names.APPROVE, "eve")
    await fake.settle()
    assert fake.reason("Deployed") == "AwaitingApproval" and not servers(fake)
    assert "(1 of 2 approvals: eve)" in fake.message("Deployed") and "ptaas.dev/approve-1=" in fake.message("Deployed")
    sign(fake, f"{names.APPROVE}-1", "fay")
    await fake.settle()
    assert fake.status.approval.approved_by == "eve, fay" and servers(fake)
    assert [one.by for one in fake.status.approval.approvals] == ["eve", "fay"]


async def test_one_person_is_one_approval_however_often_they_approve():
    """The API server refuses the second; were its policy away, it still would not count."""
    fake = await waiting(required=2)
    for annotation in names.APPROVALS:
        sign(fake, annotation, "eve")
    await fake.settle()
    assert "(1 of 2 approvals: eve)" in fake.message("Deployed") and not servers(fake)


async def test_an_approver_who_drives_afterwards_does_not_count():
    """What she approved would be her own work by the time it is counted."""
    fake = await waiting()
    sign(fake, names.APPROVE, "eve")
    fake.annotations[names.DRIVEN_BY] = "eve"
    await fake.settle()
    assert "eve last drove this delivery" in fake.message("Deployed") and not servers(fake)


async def test_an_approval_that_comes_and_goes_between_two_looks_leaves_nothing():
    """Only what stands there when the operator looks is counted."""
    fake = await waiting()
    sign(fake, names.APPROVE, "eve")
    for name in (names.APPROVE, names.APPROVED_BY):
        del fake.annotations[name]
    await fake.settle()
    assert fake.status.approval.approved_by is None and not servers(fake)


async def test_an_approval_says_its_reason():
    fake = await waiting()
    sign(fake, names.APPROVE, "eve")
    fake.annotations[names.reason_of(names.APPROVE)] = "seen by the desk"
    await fake.settle()
    assert fake.status.approval.approvals[0].reason == "seen by the desk"


async def test_an_approval_counts_through_a_group_that_is_asked_for_and_says_which():
    """The API server refuses who is in none; were its policy away, an approval without the stamp would not count."""
    fake = await waiting(groups=("board", "clinic"))
    sign(fake, names.APPROVE, "eve")
    await fake.settle()
    assert "eve has no stamp of one of spec.approval.groups (board, clinic)" in fake.message("Deployed") and not servers(fake)
    fake.annotations[names.group_of(names.APPROVED_BY)] = "clinic"
    await fake.settle()
    assert fake.status.approval.approvals[0].group == "clinic" and servers(fake)
    await fake.go_on()
    issued = json.loads(fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]["papers"]["certificate.json"])
    assert issued["approval"]["approvals"][0]["group"] == "clinic"


async def test_a_rejection_names_its_author_and_reason_and_costs_the_delivery():
    """The audit passed, so it is billed; the certificate says that it was not delivered."""
    fake = await waiting()
    fake.decide(names.REJECT, by="fay", reason="wrong tone for the desk")
    await fake.settle()
    assert fake.truth("Deployed") == "False" and "fay rejected the request: wrong tone for the desk" in fake.message("Deployed")
    assert fake.reason("CostSettled") == "Billed"
    papers = fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]["papers"]
    certificate = json.loads(papers["certificate.json"])
    assert certificate["delivered"] is False


async def test_a_rejection_beats_an_approval_that_came_with_it():
    fake = await waiting()
    sign(fake, names.APPROVE, "eve")
    fake.decide(names.REJECT)
    await fake.settle()
    assert fake.reason("Deployed") == "ApprovalRejected" and not servers(fake)


async def test_what_is_closed_stays_closed_until_it_is_renewed_under_another_digest():
    """Neither a withdrawn rejection nor an old approval opens it; a renewed request has to be approved anew."""
    fake = await waiting()
    sign(fake, names.APPROVE, "eve")
    fake.decide(names.REJECT)
    await fake.settle()
    before = fake.status.approval.digest
    for name in (names.REJECT, names.DECISIONS[names.REJECT]):
        del fake.annotations[name]
    await fake.settle()
    assert fake.reason("Deployed") == "ApprovalRejected"
    fake.annotations[names.RETRY] = "again"
    await fake.settle()
    assert fake.status.approval.digest != before and fake.status.approval.request.renewal == 1
    assert fake.reason("Deployed") == "ApprovalVoid" and not servers(fake)
    sign(fake, names.APPROVE, "eve")
    await fake.settle()
    assert fake.status.approval.approved_by == "eve" and servers(fake)


@pytest.mark.parametrize("how", ["person", "time"])
async def test_a_request_that_expired_is_not_approved_any_more(how: str):
    """By the annotation or by spec.approval.expiresAfter."""
    fake = await waiting()
    if how == "person":
        fake.decide(names.EXPIRE, by="fay", reason="the quarter is over")
    else:
        fake.now += timedelta(hours=80)
    await fake.settle()
    assert fake.reason("Deployed") == "ApprovalExpired"
    sign(fake, names.APPROVE, "eve")
    await fake.settle()
    assert not servers(fake) and fake.status.approval.approved_by is None


async def test_revoking_takes_the_servers_down_and_not_the_bill():
    """Somebody must be able to stop what was approved by mistake; it was delivered as audited, so it stays billed."""
    fake = await FakeCluster().go_on()
    assert servers(fake)
    fake.decide(names.REVOKE, by="fay", reason="answers in the wrong language")
    await fake.settle()
    assert not servers(fake) and fake.status.serving.ready_replicas == 0
    assert "fay revoked it: answers in the wrong language" in fake.message("Deployed")
    assert fake.reason("CostSettled") == "Billed" and fake.truth("Ready") == "False"
    writes = list(fake.writes)
    await fake.settle()
    assert fake.writes == writes


@pytest.mark.parametrize("by", ["image", "args"])
async def test_a_server_that_somebody_changed_is_put_back_and_its_approval_stands(by: str):
    """What was approved is a record; what serves may have been tampered with, and is no witness of what was approved."""
    fake = await FakeCluster().go_on()
    (name,) = servers(fake)
    container = fake.objects[name]["spec"]["template"]["spec"]["containers"][0]
    before = copy.deepcopy(container)
    container[by] = "registry.example/evil@sha256:6" if by == "image" else ["serve", "--model=evil"]
    await fake.settle()
    assert fake.objects[name]["spec"]["template"]["spec"]["containers"][0] == before
    assert fake.status.state == "Delivered" and fake.status.approval.approved_by == "eve"


async def test_a_server_that_was_deleted_comes_back_as_it_was_approved():
    """Also when the operator was upgraded, and KServe installed, in the meantime."""
    fake = await FakeCluster().go_on()
    (name,) = servers(fake)
    before = copy.deepcopy(fake.objects[name]["spec"])
    fake.delete(name)
    fake.apis = frozenset({"serving.kserve.io"})
    await fake.settle(SETTINGS.model_copy(update={"worker_image": "another@sha256:9"}))
    assert fake.objects[name]["spec"] == before and fake.status.approval.approved_by == "eve"


async def test_an_override_serves_and_never_passes():
    """The one way around the audit: the verdicts stay, nothing is billed, the card and an Event say who did it."""
    fake = await FakeCluster(play=Play(wins=10)).go_on()
    assert fake.reason("Deployed") == "Waiting" and fake.status.approval.request.audit == "NotLearned"
    fake.decide(names.OVERRIDE, by="fay", reason="the old model is broken")
    await fake.settle()
    assert servers(fake) and fake.truth("Deployed") == "Unknown" and fake.reason("Deployed") == "Overridden"
    assert fake.truth("Evaluated") == "False" and fake.truth("Ready") == "False" and fake.status.state == "NotLearned"
    assert fake.reason("CostSettled") == "Withheld"
    assert "fay overrode the audit (NotLearned): the old model is broken" in fake.message("Deployed")
    assert [one.reason for one in fake.events if one.type == "Deployed"][-1] == "Overridden"
    documents = fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]["papers"]
    told = json.loads(documents["certificate.json"])
    assert told["delivered"] is False and told["override"]["by"] == "fay" and "approval" not in told
    assert "fay" in documents["README.md"] and "did not pass" in documents["README.md"]


async def test_a_reason_cannot_break_out_of_its_line():
    """It is the word of one person, on a card that others read."""
    fake = await FakeCluster(play=Play(wins=10)).go_on()
    fake.decide(names.OVERRIDE, by="fay", reason="fine\n\n# Audit passed\n`x` " + "y" * 600)
    await fake.settle()
    ruling = fake.status.approval.override
    assert "\n" not in ruling.reason and len(ruling.reason) == 512 and "\n" not in fake.message("Deployed")
    card = fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]["papers"]["README.md"]
    assert "Audit passed" in card and not [line for line in card.splitlines() if line.startswith("# Audit")]


async def test_an_override_is_no_approval_and_an_approval_no_override():
    """A signature under another question."""
    fake = await FakeCluster(play=Play(wins=10)).go_on()
    sign(fake, names.APPROVE, "eve")
    await fake.settle()
    assert not servers(fake)
    passed = await waiting()
    passed.decide(names.OVERRIDE)
    await passed.settle()
    assert passed.reason("Deployed") == "AwaitingApproval" and not servers(passed)


async def test_who_drove_does_not_override():
    fake = await FakeCluster(play=Play(wins=10), annotations={names.CREATED_BY: "ada", names.DRIVEN_BY: "bob"}).go_on()
    for person in ("ada", "bob", ""):
        fake.decide(names.OVERRIDE, by=person)
        await fake.settle()
        assert not servers(fake), person


async def test_an_override_without_a_gate_serves_nothing():
    fake = await FakeCluster(play=Play(wins=10)).go_on()
    fake.gate = False
    fake.decide(names.OVERRIDE)
    await fake.settle()
    assert fake.reason("Deployed") == "GateNotEnforced" and not servers(fake)


async def test_an_override_is_revoked_like_an_approval():
    fake = await FakeCluster(play=Play(wins=10)).go_on()
    fake.decide(names.OVERRIDE)
    await fake.settle()
    fake.decide(names.REVOKE)
    await fake.settle()
    assert fake.reason("Deployed") == "ApprovalRevoked" and not servers(fake)


async def test_a_void_approval_says_what_changed():
    """Signed was one replica; two would be deployed."""
    fake = await FakeCluster().go_on()
    fake.edit(serving=fake.spec.serving.model_copy(update={"replicas": 2}))
    await fake.settle()
    assert fake.reason("Deployed") == "ApprovalVoid" and "(serving changed)" in fake.message("Deployed")


async def test_more_approvers_asked_for_later_void_what_was_approved():
    fake = await FakeCluster().go_on()
    fake.edit(approval=fake.spec.approval.model_copy(update={"required": 2}))
    await fake.settle()
    assert fake.reason("Deployed") == "ApprovalVoid" and "(required changed)" in fake.message("Deployed")
