"""The approval request and how it stands: requested, approved, expired or void.

The API server enforces who may approve and what. The operator adds three things: it counts only an
approval that the server has stamped, by somebody who neither created nor last drove the delivery; it
binds it to the digest of everything approved; and it proves that the gate is in force before it deploys.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from delivery_api import names
from delivery_api.digests import digest, short
from delivery_api.evidence import ArtifactRecord
from delivery_api.finding import Finding, failed, unknown
from delivery_api.model import seconds_of
from delivery_api.reasons import Reason
from delivery_api.stages import Stage
from delivery_api.status import ApprovalRequest, ApprovalStatus, StageRecord
from delivery_operator import ledger, times
from delivery_operator.decision import Facts
from delivery_operator.observed import Observed
from delivery_oracle import money


@dataclass(frozen=True, slots=True)
class Approval:
    """How the gate stands; no finding means that it is open for exactly this."""

    status: ApprovalStatus
    finding: Finding | None = None
    look_seconds: float | None = None
    record: StageRecord | None = None


def request(observed: Observed, facts: Facts, artifact: ArtifactRecord, plan: Mapping[str, object]) -> ApprovalRequest:
    """All that an approval approves."""
    return ApprovalRequest(
        delivery_uid=observed.uid,
        artifact=artifact.digest,
        evaluation=facts.evaluated_digest,
        cost=money.text(ledger.settled(facts.ledger)),
        serving=digest(dict(plan)),
    )


def look(observed: Observed, asked: ApprovalRequest) -> Approval:
    """How the request stands now."""
    value = digest(asked).removeprefix("sha256:")
    before = observed.status.approval
    fresh = before is None or before.digest != value or _renewed(observed, before)
    requested_at = times.render(observed.now) if fresh or before is None else before.requested_at
    status = ApprovalStatus(digest=value, request=asked, requested_at=requested_at)
    if before is not None and before.digest == value and before.approved_by:
        approved = status.model_copy(update={"approved_by": before.approved_by, "approved_at": before.approved_at})
        return Approval(approved, _gate(observed))
    return replace(_unapproved(observed, status), record=_recorded(observed, fresh))


def _renewal(observed: Observed) -> str:
    return digest({"renewal": observed.retry})


def _renewed(observed: Observed, before: ApprovalStatus) -> bool:
    """Whether a person annotated ptaas.dev/retry since a request that has expired was made."""
    record = observed.record(Stage.DEPLOY)
    made_under_another = record is not None and record.inputs != _renewal(observed)
    return not before.approved_by and made_under_another and _left(observed, before) <= 0


def _left(observed: Observed, status: ApprovalStatus) -> float:
    """Seconds until the request expires."""
    due = times.shifted(status.requested_at, seconds_of(observed.spec.approval.expires_after))
    return (due - observed.now).total_seconds()


def _recorded(observed: Observed, fresh: bool) -> StageRecord | None:
    """Under which retry token the request was made."""
    if not fresh:
        return observed.record(Stage.DEPLOY)
    return StageRecord(name=Stage.DEPLOY, verdict="Unknown", reason=Reason.AWAITING_APPROVAL, inputs=_renewal(observed))


def _unapproved(observed: Observed, status: ApprovalStatus) -> Approval:
    left = _left(observed, status)
    if left <= 0:
        message = (
            f"The approval request is older than spec.approval.expiresAfter={observed.spec.approval.expires_after}; "
            "annotate ptaas.dev/retry with a new value to renew it"
        )
        return Approval(status, unknown(Reason.APPROVAL_EXPIRED, message))
    said = observed.annotations.get(names.APPROVE, "")
    if said and said != status.digest:
        return Approval(status, _void(observed, status), left)
    asked_before = observed.status.approval is not None and observed.status.approval.digest == status.digest
    if said != status.digest or not asked_before:
        return Approval(status, _awaiting(observed, status), left)
    approver = observed.annotations.get(names.APPROVED_BY, "")
    objection = _objection(observed, approver)
    if objection:
        return Approval(status, unknown(Reason.AWAITING_APPROVAL, objection), left)
    approved = status.model_copy(update={"approved_by": approver, "approved_at": times.render(observed.now)})
    return Approval(approved, _gate(observed))


def _objection(observed: Observed, approver: str) -> str | None:
    """Why an approval does not count; the admission policies refuse these before, where they are in force."""
    if not approver:
        return "The approval has no stamp of the API server, so nobody knows whose it is; install the admission policies"
    for role, stamp in (("created", names.CREATED_BY), ("last drove", names.DRIVEN_BY)):
        if observed.annotations.get(stamp) == approver:
            return f"{approver} {role} this delivery and cannot approve it; another person must"
    return None


def _gate(observed: Observed) -> Finding | None:
    """Nothing is deployed unless a test approval by the operator is refused; what is deployed is not taken down."""
    if observed.gate_in_force is False and not observed.servers:
        message = "A test approval by the operator was let through: the admission policies are not in force; install them"
        return failed(Reason.GATE_NOT_ENFORCED, message)
    if observed.gate_in_force is None and not observed.servers:
        return unknown(Reason.GATE_NOT_ENFORCED, "The gate has not been tried yet; nothing is deployed before")
    return None


def _command(observed: Observed, status: ApprovalStatus) -> str:
    overwrite = " --overwrite" if names.APPROVE in observed.annotations else ""
    where = f"-n {observed.key.namespace} {observed.key.name}"
    return f"kubectl annotate delivery {where} {names.APPROVE}={status.digest}{overwrite}"


def _awaiting(observed: Observed, status: ApprovalStatus) -> Finding:
    artifact = short(status.request.artifact, 12)
    message = f"Artifact sha256:{artifact}... passed its audit; to ship exactly this: {_command(observed, status)}"
    return unknown(Reason.AWAITING_APPROVAL, message)


def _void(observed: Observed, status: ApprovalStatus) -> Finding:
    message = f"What was approved is not what would be deployed now; to ship what is here: {_command(observed, status)}"
    return unknown(Reason.APPROVAL_VOID, message)
