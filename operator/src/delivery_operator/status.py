"""Findings as a status: conditions that fold, recorded facts, and one word and one sentence in front."""

from collections.abc import Mapping
from dataclasses import dataclass

from delivery_api.finding import CONDITION_STATUS, Finding, Verdict
from delivery_api.reasons import Reason
from delivery_api.stages import CONDITION, STAGES, Stage
from delivery_api.status import Artifact, Condition, DeliveryStatus, StageRecord
from delivery_operator import times
from delivery_operator.observed import Observed
from delivery_operator.pipeline import Outcome

MOVES = frozenset(
    {
        Reason.WAITING,
        Reason.JOB_PENDING,
        Reason.JOB_RUNNING,
        Reason.JOB_RETRYING,
        Reason.NO_NODE_FITS,
        Reason.AWAITING_APPROVAL,
        Reason.SERVING_STARTING,
        Reason.COST_OPEN,
        Reason.INTERNAL_ERROR,
    }
)
"""An Unknown with one of these goes on by itself or by the next person in line; with any other somebody has to mend it."""
UNDER_WAY = frozenset({Reason.JOB_PENDING, Reason.JOB_RUNNING})
LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Summary:
    """The stage that decides how the delivery stands."""

    stage: Stage
    finding: Finding
    delivered: bool


def summary(findings: Mapping[Stage, Finding]) -> Summary:
    """The first failure, else the first that blocks, else the end."""
    for wanted in (Verdict.FAIL, Verdict.UNKNOWN):
        for stage in STAGES:
            finding = findings[stage]
            if finding.verdict is wanted and finding.blocks:
                return Summary(stage, finding, False)
    return Summary(Stage.CARD, Finding(Verdict.PASS, Reason.DELIVERED, "All ten stages hold"), True)


def derive(observed: Observed, outcome: Outcome) -> DeliveryStatus:
    """The whole status of this pass."""
    head, facts, before = summary(outcome.findings), outcome.facts, observed.status
    said = head.finding.message if head.delivered else f"{head.stage}: {head.finding.message}"
    return DeliveryStatus(
        observed_generation=observed.generation,
        stage=str(head.stage),
        state=str(head.finding.reason),
        message=_bounded(said),
        gain=facts.gain,
        conditions=conditions(observed, outcome.findings, head),
        stages=records(before.stages, facts.records),
        resolved=facts.resolved or before.resolved,
        progress=facts.progress,
        artifact=_artifact(outcome) or before.artifact,
        prediction=facts.prediction or before.prediction,
        evaluation=facts.evaluation or before.evaluation,
        approval=facts.approval or before.approval,
        serving=facts.serving or before.serving,
        cost=facts.cost,
        certificate=facts.certificate,
    )


def _artifact(outcome: Outcome) -> Artifact | None:
    made = outcome.facts.artifact
    return Artifact(digest=made.digest, uri=made.uri, kind=made.kind) if made else None


def records(before: tuple[StageRecord, ...], new: Mapping[Stage, StageRecord]) -> tuple[StageRecord, ...]:
    """Recorded facts in the order of stages; what is not decided in this pass stays."""
    known = {record.name: record for record in before} | dict(new)
    return tuple(known[stage] for stage in STAGES if stage in known)


def conditions(observed: Observed, findings: Mapping[Stage, Finding], head: Summary) -> tuple[Condition, ...]:
    """Ready, one of Reconciling and Stalled while true, and the ten stages."""
    ready = head.finding if head.delivered else _named(head)
    rows: list[tuple[str, Finding]] = [("Ready", ready)]
    if not head.delivered:
        moves = head.finding.verdict is Verdict.UNKNOWN and head.finding.reason in MOVES
        kind = "Reconciling" if moves else "Stalled"
        rows.append((kind, Finding(Verdict.PASS, head.finding.reason, ready.message)))
    rows.extend((CONDITION[stage], findings[stage]) for stage in STAGES)
    return tuple(_condition(observed, kind, finding) for kind, finding in rows)


def _named(head: Summary) -> Finding:
    return Finding(head.finding.verdict, head.finding.reason, f"{head.stage}: {head.finding.message}")


def _condition(observed: Observed, kind: str, finding: Finding) -> Condition:
    """A condition whose transition time moves only when its status moves."""
    status = CONDITION_STATUS[finding.verdict]
    before = observed.condition(kind)
    same = before is not None and before.status == status
    return Condition(
        type=kind,
        status=status,
        reason=str(finding.reason),
        message=_bounded(finding.message),
        observed_generation=observed.generation,
        last_transition_time=before.last_transition_time if same and before else times.render(observed.now),
    )


def _bounded(message: str) -> str:
    return message if len(message) <= LONGEST else message[: LONGEST - 1] + "…"


def changed_verdicts(before: DeliveryStatus, after: DeliveryStatus) -> list[Condition]:
    """Conditions of stages whose status or reason moved to something that people want to hear of."""
    old = {one.type: (one.status, one.reason) for one in before.conditions}
    quiet = {str(Reason.WAITING), str(Reason.JOB_PENDING), str(Reason.JOB_RUNNING), str(Reason.COST_OPEN)}
    stages = set(CONDITION.values())
    return [
        one
        for one in after.conditions
        if one.type in stages and old.get(one.type) != (one.status, one.reason) and one.reason not in quiet
    ]


def without_progress(status: DeliveryStatus) -> DeliveryStatus:
    """The status without what only tells how work goes on: such a change is written at most every so often.

    That is progress, a Job that went from pending to running, a server more or less, and while a Job is under way
    the gain so far and the money: all of it is derived again at every look until it is written.
    """
    told = tuple(_untold(one) if one.reason in UNDER_WAY else one for one in status.conditions)
    update: dict[str, object] = {"progress": None, "conditions": told}
    if status.state in UNDER_WAY:
        update |= {"message": "", "state": "", "gain": None, "cost": None}
    if status.serving:
        money = dict.fromkeys(("since", "ends_at", "amount", "burn")) | {"ready_replicas": 0, "ledger": ()}
        update["serving"] = status.serving.model_copy(update=money)
    return status.model_copy(update=update)


def _untold(condition: Condition) -> Condition:
    return condition.model_copy(update={"reason": "JobRunning", "message": ""})
