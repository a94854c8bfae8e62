"""Why a delivery waits: one typed reason, who is next to act, and the command that they need."""

from dataclasses import dataclass
from enum import StrEnum

from delivery_api import names
from delivery_api.delivery import Delivery
from delivery_api.reasons import Reason
from delivery_api.stages import CONDITION, Stage
from delivery_api.status import Condition, DeliveryStatus


class Next(StrEnum):
    """Who has to act for it to go on."""

    NOBODY = "Nobody"
    OPERATOR = "Operator"
    CLUSTER = "Cluster"
    APPROVER = "Approver"
    DRIVER = "Driver"
    CUSTOMER = "Customer"
    PLATFORM = "Platform"


WHO: dict[Next, str] = {
    Next.NOBODY: "nobody: it is over",
    Next.OPERATOR: "the operator: it goes on by itself",
    Next.CLUSTER: "the cluster: a node, an image or a pod that is on its way",
    Next.APPROVER: "an approver, who neither created nor last drove it",
    Next.DRIVER: "whoever drives it",
    Next.CUSTOMER: "the customer: terms, data or budget",
    Next.PLATFORM: "the platform team: the cluster or the operator",
}
_NEXT: dict[Next, tuple[Reason, ...]] = {
    Next.NOBODY: (Reason.OVERRIDDEN,),
    Next.OPERATOR: (Reason.WAITING, Reason.JOB_RUNNING, Reason.JOB_RETRYING, Reason.COST_OPEN),
    Next.CLUSTER: (Reason.JOB_PENDING, Reason.NO_NODE_FITS, Reason.SERVING_STARTING),
    Next.APPROVER: (Reason.AWAITING_APPROVAL, Reason.APPROVAL_VOID),
    Next.DRIVER: (
        Reason.SUSPENDED, Reason.ATTEMPTS_EXHAUSTED, Reason.EVIDENCE_MISSING, Reason.INTAKE_MISREAD, Reason.PLAN_UNSOUND,
        Reason.CONFIG_WRONG, Reason.SCHEDULE_WRONG, Reason.PREFLIGHT_FAILED, Reason.NOT_LEARNING, Reason.DIVERGED,
        Reason.OUT_OF_MEMORY, Reason.DEADLINE_EXCEEDED, Reason.NOT_LEARNED, Reason.INCONCLUSIVE, Reason.FORMAT_LOST,
        Reason.APPROVAL_EXPIRED, Reason.APPROVAL_REJECTED, Reason.APPROVAL_REVOKED,
    ),
    Next.CUSTOMER: (
        Reason.SECRET_MISSING, Reason.INPUT_UNREACHABLE, Reason.INPUT_DIGEST_MISMATCH, Reason.INPUT_INVALID,
        Reason.DATA_UNUSABLE, Reason.PERSONAL_DATA_FOUND, Reason.HOLDOUT_LEAKED, Reason.HOLDOUT_TOO_SMALL,
        Reason.LABELS_UNRELATED, Reason.BUDGET_EXCEEDED, Reason.BUDGET_UNRESERVED, Reason.SERVING_ENDED,
    ),
    Next.PLATFORM: (
        Reason.IMAGE_UNAVAILABLE, Reason.EVIDENCE_INVALID, Reason.INTERNAL_ERROR, Reason.CLASS_MISSING,
        Reason.ARTIFACT_MISMATCH, Reason.GATE_NOT_ENFORCED, Reason.SERVED_DIFFERS,
    ),
}  # fmt: skip
NEXT: dict[str, Next] = {str(reason): who for who, reasons in _NEXT.items() for reason in reasons}
RENEWED = frozenset(
    {
        Reason.ATTEMPTS_EXHAUSTED, Reason.EVIDENCE_MISSING,
        Reason.APPROVAL_EXPIRED, Reason.APPROVAL_REJECTED, Reason.APPROVAL_REVOKED,
    }
)  # fmt: skip
"""A person says `again` by annotating ptaas.dev/retry."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why it stands where it stands."""

    name: str
    namespace: str
    stage: str
    reason: str
    about: str
    verdict: str
    message: str
    since: str | None
    next: Next
    command: str | None
    override: str | None
    """Who had it served although its audit did not pass, when, and why."""


def explain(delivery: Delivery) -> Explanation:
    """Of a Delivery as read."""
    name, namespace = str(delivery.metadata["name"]), str(delivery.metadata["namespace"])
    status = delivery.status or DeliveryStatus(stage=str(Stage.INTAKE), state=str(Reason.WAITING))
    stage, reason = status.stage or str(Stage.INTAKE), status.state or str(Reason.WAITING)
    condition = _condition(status, stage)
    known = next((one for one in Reason if one == reason), None)
    return Explanation(
        name=name,
        namespace=namespace,
        stage=stage,
        reason=reason,
        about=known.about if known else "a reason of a newer operator; see its documentation",
        verdict={"True": "Pass", "False": "Fail"}.get(condition.status if condition else "Unknown", "Unknown"),
        message=condition.message if condition else status.message or "The operator has not looked at it yet",
        since=condition.last_transition_time if condition else None,
        next=next_of(reason),
        command=_command(name, namespace, reason),
        override=overridden(status),
    )


def overridden(status: DeliveryStatus) -> str | None:
    """Who overrode the audit, when, and why."""
    ruling = status.approval.override if status.approval else None
    return f"{ruling.by}, {ruling.at}: {ruling.reason or 'no reason given'}" if ruling else None


def next_of(reason: str) -> Next:
    """Who has to act; a reason that stops nothing stops nobody."""
    return NEXT.get(reason, Next.NOBODY if reason in {str(one) for one in Reason if not one.blocks} else Next.PLATFORM)


def _condition(status: DeliveryStatus, stage: str) -> Condition | None:
    kind = CONDITION.get(Stage(stage)) if stage in set(Stage) else None
    return next((one for one in status.conditions if one.type == kind), None)


def _command(name: str, namespace: str, reason: str) -> str | None:
    where = f"{name} -n {namespace}"
    if reason in (Reason.AWAITING_APPROVAL, Reason.APPROVAL_VOID):
        return f"kubectl delivery approve {where}"
    if reason == Reason.SUSPENDED:
        return f'kubectl patch delivery {where} --type=merge -p \'{{"spec":{{"suspend":false}}}}\''
    if reason in RENEWED:
        return f"kubectl annotate delivery {where} {names.RETRY}=$(date +%s) --overwrite"
    return None
