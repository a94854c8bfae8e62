"""The approval request and how it stands: asked for, approved, rejected, expired, revoked, void or overridden.

The API server enforces who may decide and what. The operator adds three things: it counts only decisions
that the server has stamped, approvals by people who neither created nor last drove the delivery; it
binds them to the digest of everything approved; and it proves that the gate is in force before it deploys.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from delivery_api import names
from delivery_api.approval import ApprovalRequest, ApprovalStatus, Closing, Ruling
from delivery_api.digests import digest, short
from delivery_api.evidence import ArtifactRecord
from delivery_api.finding import Finding, failed, unknown
from delivery_api.model import seconds_of
from delivery_api.reasons import Reason
from delivery_operator import decisions, ledger, times
from delivery_operator.decision import Facts
from delivery_operator.observed import Observed
from delivery_oracle import money


@dataclass(frozen=True, slots=True)
class Approval:
    """How the gate stands; no finding means that it is open for exactly this."""

    status: ApprovalStatus
    finding: Finding | None = None
    look_seconds: float | None = None


def request(
    observed: Observed, facts: Facts, artifact: ArtifactRecord, plan: Mapping[str, object], audit: str | None = None
) -> ApprovalRequest:
    """All that an approval approves; with `audit`, the reason why it did not pass, all that an override overrides."""
    rules, before = observed.spec.approval, observed.status.approval
    renewed = before is not None and before.closed is not None and before.closed.retry != observed.retry
    earlier = (before.request.renewal or 0) if before else 0
    return ApprovalRequest(
        delivery_uid=observed.uid,
        artifact=artifact.digest,
        evaluation=facts.evaluated_digest,
        cost=money.text(ledger.settled(facts.ledger)),
        serving=digest(dict(plan)),
        required=rules.required if rules.required > 1 else None,
        groups=rules.groups,
        audit=audit,
        renewal=(earlier + 1 if renewed else earlier) or None,
    )


def look(observed: Observed, asked: ApprovalRequest, plan: Mapping[str, object]) -> Approval:
    """How the request stands now."""
    status, known = _status(observed, asked, plan)
    if not known:
        return _open(observed, status, known)
    if status.closed is not None:
        return Approval(status, _ended(status.closed))
    if status.approved_by:
        revoked = decisions.against(observed, status.digest, names.REVOKE)
        return _close(observed, status, revoked.ruling(observed)) if revoked else Approval(status, _gate(observed))
    return _open(observed, status, known)


def look_around(observed: Observed, asked: ApprovalRequest, plan: Mapping[str, object]) -> Approval:
    """How an override of an audit that did not pass stands; it is asked for nowhere, and waits for nobody."""
    status, known = _status(observed, asked, plan)
    waits = unknown(Reason.WAITING, "Waits for eval")
    if status.closed is not None:
        return Approval(status, _ended(status.closed))
    if status.override is not None:
        revoked = decisions.against(observed, status.digest, names.REVOKE)
        return _close(observed, status, revoked.ruling(observed)) if revoked else Approval(status, _gate(observed))
    given = decisions.about(observed, names.OVERRIDE, status.digest) if known else None
    if given is None or decisions.objection(observed, given):
        return Approval(status, waits)
    return Approval(status.model_copy(update={"override": given.ruling(observed)}), _gate(observed))


def _status(observed: Observed, asked: ApprovalRequest, plan: Mapping[str, object]) -> tuple[ApprovalStatus, bool]:
    """The request as it was written, or a new one; and whether it was written: none is decided on before that."""
    value = digest(asked).removeprefix("sha256:")
    before = observed.status.approval
    if before is not None and before.digest == value:
        return before, True
    changed = before.changed if before else None
    if before is not None and before.approved_by:
        old, new = before.request.model_dump(), asked.model_dump()
        changed = tuple(name for name in old if old[name] != new[name])
    made = ApprovalStatus(
        digest=value,
        request=asked,
        requested_at=times.render(observed.now),
        image=str(plan["image"]),
        runtime=str(plan["runtime"]),
        changed=changed,
    )
    return made, False


def _open(observed: Observed, status: ApprovalStatus, known: bool) -> Approval:
    """Neither approved nor closed before this pass."""
    if known and (refused := decisions.against(observed, status.digest, names.REJECT, names.EXPIRE)):
        return _close(observed, status, refused.ruling(observed))
    limit = observed.spec.approval.expires_after
    left = (times.shifted(status.requested_at, seconds_of(limit)) - observed.now).total_seconds()
    if left <= 0:
        why = f"it is older than spec.approval.expiresAfter={limit}"
        return _close(observed, status, Ruling(verb="expire", by="time", reason=why, at=times.render(observed.now)))
    counted, objected = decisions.approvals(observed, status.digest) if known else ((), None)
    if objected and not counted:
        return Approval(status, unknown(Reason.AWAITING_APPROVAL, objected), left)
    if len(counted) >= observed.spec.approval.required:
        approved = {
            "approvals": tuple(one.ruling(observed) for one in counted),
            "approved_by": ", ".join(one.by for one in counted),
            "approved_at": times.render(observed.now),
            "changed": None,
        }
        return Approval(status.model_copy(update=approved), _gate(observed))
    if not counted and decisions.stale(observed, status.digest):
        return Approval(status, _void(observed, status), left)
    return Approval(status, _awaiting(observed, status, counted), left)


def _close(observed: Observed, status: ApprovalStatus, ruling: Ruling) -> Approval:
    """A request that is closed stays so; only another request can be approved."""
    closed = Closing(**ruling.model_dump(), retry=observed.retry)
    return Approval(status.model_copy(update={"closed": closed}), _ended(closed))


def _ended(closed: Closing) -> Finding:
    """What a closed request means."""
    again = "annotate ptaas.dev/retry with a new value to renew it"
    if closed.verb == "reject":
        return failed(
            Reason.APPROVAL_REJECTED, f"{closed.by} rejected the request: {closed.reason}; change the spec, or {again}"
        )
    if closed.verb == "revoke":
        return failed(Reason.APPROVAL_REVOKED, f"{closed.by} revoked it: {closed.reason}; nothing serves; {again}")
    who = "The approval request has expired" if closed.by == "time" else f"{closed.by} had the approval request expire"
    return unknown(Reason.APPROVAL_EXPIRED, f"{who}: {closed.reason}; {again}")


def _gate(observed: Observed) -> Finding | None:
    """Nothing is deployed unless test requests by the operator are refused; what is deployed is not taken down."""
    if observed.gate_in_force is False and not observed.servers:
        which = f"the policy {observed.gate_gap} is" if observed.gate_gap else "the admission policies are"
        message = f"A test request by the operator was let through: {which} not in force; install the chart's policies again"
        return failed(Reason.GATE_NOT_ENFORCED, message)
    if observed.gate_in_force is None and not observed.servers:
        return unknown(Reason.GATE_NOT_ENFORCED, "The gate has not been tried yet; nothing is deployed before")
    return None


def _command(observed: Observed, status: ApprovalStatus) -> str:
    annotation = decisions.free(observed, status.digest)
    overwrite = " --overwrite" if annotation in observed.annotations else ""
    where = f"-n {observed.key.namespace} {observed.key.name}"
    return f"kubectl annotate delivery {where} {annotation}={status.digest}{overwrite}"


def _awaiting(observed: Observed, status: ApprovalStatus, counted: tuple[decisions.Decision, ...]) -> Finding:
    artifact, needed = short(status.request.artifact, 12), observed.spec.approval.required
    so_far = f" ({len(counted)} of {needed} approvals" if needed > 1 else ""
    so_far += (": " + ", ".join(one.by for one in counted) if counted else "") + (")" if so_far else "")
    message = f"Artifact sha256:{artifact}... passed its audit{so_far}; to ship exactly this: {_command(observed, status)}"
    return unknown(Reason.AWAITING_APPROVAL, message)


def _void(observed: Observed, status: ApprovalStatus) -> Finding:
    changed = f" ({', '.join(status.changed)} changed)" if status.changed else ""
    message = (
        f"What was approved is not what would be deployed now{changed}; to ship what is here: {_command(observed, status)}"
    )
    return unknown(Reason.APPROVAL_VOID, message)
