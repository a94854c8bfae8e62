"""Every reason, from a world that leads to it. A reason that no world leads to is a promise nobody keeps."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from delivery_api import names
from delivery_api.driver import Card, Claim, Plan, Schedule
from delivery_api.evidence import Overlap
from delivery_api.reasons import Reason
from delivery_operator import pipeline
from delivery_operator.observed import Allowance
from tests.oracle import world
from tests.support import fake as fakes
from tests.support.fake import FakeCluster
from tests.support.plays import Play

World = Callable[[], Awaitable[FakeCluster]]


def ends(**made: object) -> World:
    """A delivery that goes as far as it can."""

    async def play() -> FakeCluster:
        return await FakeCluster(**made).go_on()

    return play


def dies(stage: str, how: str, times: int = 1) -> World:
    """Attempts of a stage die in some way."""
    return ends(play=Play(deaths={(stage, attempt): how for attempt in range(1, times + 1)}))


def audited(**changes: object) -> World:
    """The auditor finds something else."""

    async def play() -> FakeCluster:
        fake = FakeCluster(play=Play(changes=changes))
        return await fake.go_on()

    return play


def until(stage: str, then: Callable[[FakeCluster], object], runs: bool = True) -> World:
    """Everything before a stage has passed; then something happens."""

    async def play() -> FakeCluster:
        fake = await FakeCluster().settle()
        for _ in range(8):
            if any(pod["metadata"]["labels"][names.STAGE] == stage for pod in fake.pods.values()):
                break
            fake.run_pods()
            await fake.settle()
            if fake.status.state == "AwaitingApproval" and stage != "gate":
                fake.approve()
                await fake.settle()
        then(fake)
        return await fake.settle()

    return play


def gate(then: Callable[[FakeCluster], object]) -> World:
    """The delivery waits for its approval; then something happens."""

    async def play() -> FakeCluster:
        fake = await FakeCluster().go_on(approve=False)
        assert fake.status.state == "AwaitingApproval"
        then(fake)
        return await fake.settle()

    return play


async def retrying() -> FakeCluster:
    """The registry was away; the next attempt waits a little."""
    fake = await FakeCluster(play=Play(deaths={("intake", 1): "problem:Unreachable"})).settle()
    fake.run_pods()
    return await fake.settle()


def pod_is(**status: object) -> Callable[[FakeCluster], None]:
    """The pod of the training run is in some state."""

    def change(fake: FakeCluster) -> None:
        fake.pods[fake.pod("train")]["status"] = {"phase": "Pending", **status}

    return change


def waiting(reason: str) -> dict:
    return {"containerStatuses": [{"state": {"waiting": {"reason": reason, "message": "secret x not found"}}}]}


UNSCHEDULABLE = {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]}


def no_nodes(fake: FakeCluster) -> None:
    pod_is(**UNSCHEDULABLE)(fake)
    fake.nodes = ()


def expire(fake: FakeCluster) -> None:
    fake.now += timedelta(hours=80)


def void(fake: FakeCluster) -> None:
    fake.approve()
    assert fake.status.approval is not None
    approval = fake.status.approval.model_copy(update={"approved_by": "eve", "approved_at": "2026-11-24T10:00:00Z"})
    fake.status = fake.status.model_copy(update={"approval": approval})
    fake.edit(serving=fake.spec.serving.model_copy(update={"replicas": 2}))


def no_gate(fake: FakeCluster) -> None:
    fake.gate = False
    fake.approve()


async def revoked() -> FakeCluster:
    """What served is found wanting."""
    fake = await FakeCluster().go_on()
    fake.decide(names.REVOKE)
    return await fake.settle()


async def serving_ended() -> FakeCluster:
    """What it may cost to serve is nothing, and a server has started."""
    fake = await FakeCluster(spec=world.spec(terms__serving={"limit": "0"})).go_on()
    serving = fake.status.serving
    assert serving is not None
    fake.status = fake.status.model_copy(update={"serving": serving.model_copy(update={"since": "2026-11-24T10:00:00Z"})})
    return await fake.settle()


async def overridden() -> FakeCluster:
    """Somebody has it served although it did not learn."""
    fake = await FakeCluster(play=Play(wins=10)).go_on()
    fake.decide(names.OVERRIDE)
    return await fake.settle()


def starts(fake: FakeCluster) -> None:
    fake.start(fake.pod("train"))


def suspended(fake: FakeCluster) -> None:
    fake.edit(suspend=True)


def lose_evidence(fake: FakeCluster) -> None:
    del fake.objects[fake.evidence_of("intake")]


def spend(fake: FakeCluster) -> None:
    terms = fake.spec.terms
    fake.edit(terms=terms.model_copy(update={"budget": terms.budget.model_copy(update={"limit": "0.001"})}))


async def broken() -> FakeCluster:
    """A bug in one stage."""

    def bug(*_: object) -> None:
        raise KeyError("a bug")

    fake, stages = FakeCluster(), pipeline.STAGES
    pipeline.STAGES = tuple((stage, bug if stage == "plan" else decide) for stage, decide in stages)
    try:
        return await fake.go_on()
    finally:
        pipeline.STAGES = stages


def claiming(value: str) -> Card:
    return Card(claims=(Claim(type="Metric", subject="candidate", value=value),))


ROWS: list[tuple[str, Reason, World]] = [
    ("Trained", Reason.WAITING, dies("intake", "problem:Invalid")),
    ("Trained", Reason.SUSPENDED, until("train", suspended)),
    ("Trained", Reason.JOB_PENDING, until("train", lambda fake: None)),
    ("Trained", Reason.JOB_RUNNING, until("train", starts)),
    ("IntakeAccepted", Reason.JOB_RETRYING, retrying),
    ("Trained", Reason.ATTEMPTS_EXHAUSTED, dies("train", "evict", 3)),
    ("Trained", Reason.NO_NODE_FITS, until("train", no_nodes)),
    ("Trained", Reason.IMAGE_UNAVAILABLE, until("train", pod_is(**waiting("ImagePullBackOff")))),
    ("IntakeAccepted", Reason.SECRET_MISSING, ends(missing_secrets=frozenset({"acme-sealed"}))),
    ("Trained", Reason.SECRET_MISSING, until("train", pod_is(**waiting("CreateContainerConfigError")))),
    ("Trained", Reason.EVIDENCE_MISSING, dies("train", "silent", 3)),
    ("IntakeAccepted", Reason.EVIDENCE_MISSING, until("train", lose_evidence)),
    ("Trained", Reason.EVIDENCE_INVALID, dies("train", "mismatch")),
    ("Trained", Reason.EVIDENCE_INVALID, dies("train", "corrupt")),
    ("Planned", Reason.INTERNAL_ERROR, broken),
    ("IntakeAccepted", Reason.INPUT_UNREACHABLE, dies("intake", "problem:Unreachable", 3)),
    ("IntakeAccepted", Reason.INPUT_DIGEST_MISMATCH, dies("intake", "problem:DigestMismatch")),
    ("IntakeAccepted", Reason.INPUT_INVALID, dies("intake", "problem:Invalid")),
    ("IntakeAccepted", Reason.INTAKE_ACCEPTED, ends()),
    ("IntakeAccepted", Reason.INTAKE_MISREAD, ends(spec=world.spec(intake__metric="F1"))),
    ("IntakeAccepted", Reason.DATA_UNUSABLE, audited(labels={"only": 4000})),
    (
        "IntakeAccepted",
        Reason.PERSONAL_DATA_FOUND,
        ends(spec=world.spec(terms__handling__personal_data="Refuse"), play=Play(changes={"personal_data": {"EMAIL": 3}})),
    ),
    ("IntakeAccepted", Reason.HOLDOUT_LEAKED, audited(overlap=Overlap(exact=500, near=0))),
    ("IntakeAccepted", Reason.HOLDOUT_TOO_SMALL, audited(holdout=tuple(f"h{i}" for i in range(16)))),
    ("IntakeAccepted", Reason.LABELS_UNRELATED, ends(play=Play(arm="permute"))),
    ("IntakeAccepted", Reason.CANARY_SILENT, audited(canary=world.canary(train=0.1, sealed=0.1))),
    ("IntakeAccepted", Reason.CANARY_SKIPPED, ends(spec=world.spec(terms__handling__intake_canary="Skip"))),
    ("Planned", Reason.PLAN_SOUND, ends()),
    ("Planned", Reason.PLAN_UNSOUND, ends(spec=world.spec(plan=Plan(method="Full", artifact="Adapter").model_dump()))),
    ("Configured", Reason.CONFIG_CERTIFIED, ends()),
    ("Configured", Reason.CONFIG_WRONG, ends(spec=world.spec(config__learning_rate="10"))),
    ("Scheduled", Reason.SCHEDULE_CERTIFIED, ends()),
    (
        "Scheduled",
        Reason.SCHEDULE_WRONG,
        ends(
            spec=world.spec(schedule=Schedule(accelerator_class="tiny").model_dump()),
            classes={"tiny": fakes.CPU.model_copy(update={"memory_bytes": 1_000_000})},
        ),
    ),
    ("Scheduled", Reason.CLASS_MISSING, ends(classes={})),
    ("Scheduled", Reason.BUDGET_EXCEEDED, ends(spec=world.spec(terms__budget__limit="0.001"))),
    ("IntakeAccepted", Reason.BUDGET_UNRESERVED, ends(allowances=(Allowance("team", "USD", "10", "4", "6"),))),
    ("Trained", Reason.TRAINED, ends()),
    ("Trained", Reason.PREFLIGHT_FAILED, ends(play=Play(changes={"preflight": world.preflight(layers_adapted=2)}))),
    (
        "Trained",
        Reason.NOT_LEARNING,
        ends(spec=world.spec(terms__handling__intake_canary="Skip"), play=Play(arm="noise")),
    ),
    ("Trained", Reason.DIVERGED, ends(play=Play(changes={"steps": world.steps(100, loss=None)}))),
    ("Trained", Reason.OUT_OF_MEMORY, dies("train", "oom")),
    ("Trained", Reason.OUT_OF_MEMORY, dies("train", "problem:OutOfMemory")),
    ("Trained", Reason.DEADLINE_EXCEEDED, dies("train", "deadline")),
    ("Trained", Reason.DEADLINE_EXCEEDED, dies("train", "problem:Deadline")),
    ("Evaluated", Reason.LEARNED, ends()),
    ("Evaluated", Reason.NOT_LEARNED, ends(play=Play(wins=10))),
    ("Evaluated", Reason.INCONCLUSIVE, ends(play=Play(wins=66))),
    ("Evaluated", Reason.FORMAT_LOST, ends(play=Play(changes={"items": world.outcomes(free=0.0)}))),
    ("Registered", Reason.REGISTERED, ends()),
    ("Registered", Reason.ARTIFACT_MISMATCH, ends(play=Play(changes={"artifact_digest": world.SHA["other"]}))),
    ("Deployed", Reason.AWAITING_APPROVAL, gate(lambda fake: None)),
    ("Deployed", Reason.AWAITING_APPROVAL, gate(lambda fake: fake.approve(by="ada"))),
    ("Deployed", Reason.APPROVAL_EXPIRED, gate(expire)),
    ("Deployed", Reason.APPROVAL_VOID, gate(void)),
    ("Deployed", Reason.APPROVAL_REJECTED, gate(lambda fake: fake.decide(names.REJECT))),
    ("Deployed", Reason.APPROVAL_REVOKED, revoked),
    ("Deployed", Reason.OVERRIDDEN, overridden),
    ("Deployed", Reason.GATE_NOT_ENFORCED, gate(no_gate)),
    ("Deployed", Reason.SERVING_STARTING, gate(lambda fake: fake.approve())),
    ("Deployed", Reason.SERVING_ENDED, serving_ended),
    ("Deployed", Reason.SERVED, ends()),
    ("Deployed", Reason.SERVED_DIFFERS, ends(play=Play(answer="label_1"))),
    ("CostSettled", Reason.COST_OPEN, until("train", starts)),
    ("CostSettled", Reason.BILLED, ends()),
    ("CostSettled", Reason.WITHHELD, ends(play=Play(wins=10))),
    ("CardIssued", Reason.CARD_ISSUED, ends()),
    ("CardIssued", Reason.CLAIM_UNSUPPORTED, ends(spec=world.spec(card=claiming("0.99").model_dump()))),
    ("Ready", Reason.DELIVERED, ends()),
]


@pytest.mark.parametrize(("condition", "reason", "play"), ROWS, ids=[f"{row[0]}-{row[1]}-{i}" for i, row in enumerate(ROWS)])
async def test_the_world_that_leads_to_a_reason(condition: str, reason: Reason, play: World):
    fake = await play()
    assert fake.reason(condition) == reason, f"{fake.reason(condition)}: {fake.message(condition)}"


def test_every_reason_has_a_world():
    """A reader of the reference page can be sure that each reason is real."""
    assert set(Reason) == {reason for _, reason, _ in ROWS}
