"""What the judges of worker stages share: how a worker's problem and an incomplete record are read."""

from __future__ import annotations

from delivery_api.evidence import AuditEvidence, EvidenceCommon, Problem
from delivery_api.finding import Finding, Verdict, failed, unknown
from delivery_api.reasons import Reason

PROBLEM: dict[str, tuple[Verdict, Reason]] = {
    "Unreachable": (Verdict.UNKNOWN, Reason.INPUT_UNREACHABLE),
    "DigestMismatch": (Verdict.FAIL, Reason.INPUT_DIGEST_MISMATCH),
    "Invalid": (Verdict.FAIL, Reason.INPUT_INVALID),
    "OutOfMemory": (Verdict.FAIL, Reason.OUT_OF_MEMORY),
    "Deadline": (Verdict.FAIL, Reason.DEADLINE_EXCEEDED),
    "Terminated": (Verdict.UNKNOWN, Reason.EVIDENCE_MISSING),
    "Push": (Verdict.UNKNOWN, Reason.EVIDENCE_MISSING),
    "Internal": (Verdict.UNKNOWN, Reason.EVIDENCE_MISSING),
}
"""Unreachable, Terminated, Push and Internal may heal with another attempt, so nothing is concluded from them."""


def of_problem(problem: Problem) -> Finding:
    """A worker's own account of why it could not finish, as a finding."""
    verdict, reason = PROBLEM[problem.kind]
    field = f"{problem.field}: " if problem.field and problem.field not in problem.message else ""
    return Finding(verdict, reason, f"{field}{problem.message}")


def not_usable(evidence: EvidenceCommon | None, what: str) -> Finding | None:
    """A finding when there is no complete evidence to judge from, else None."""
    if evidence is None:
        return unknown(Reason.EVIDENCE_MISSING, f"There is no evidence of {what}; nothing is concluded")
    if evidence.problem is not None:
        return of_problem(evidence.problem)
    if not evidence.complete:
        return unknown(Reason.EVIDENCE_MISSING, f"The evidence of {what} is not complete; nothing is concluded")
    return None


def invalid(what: str, why: str) -> Finding:
    """The evidence contradicts itself or what it is about."""
    return unknown(Reason.EVIDENCE_INVALID, f"The evidence of {what} cannot be used: {why}; nothing is concluded")


def other_files(what: str, audit: AuditEvidence | None, **read: str | None) -> Finding | None:
    """The same bytes all along: digests of files that a worker read (`train`, `sealed`) against those that intake audited."""
    for name, digest in read.items():
        fixed = getattr(audit, f"{name}_digest") if audit else None
        if None not in (fixed, digest) and fixed != digest:
            return invalid(what, f"its {name} file is {digest}, and intake audited {fixed}")
    return None


def first(*findings: Finding | None) -> Finding | None:
    """The first objection of a chain."""
    return next((finding for finding in findings if finding is not None), None)


def all_wrong(reason: Reason, mistakes: tuple[str, ...]) -> Finding:
    """Every mistake at once, so that one pass of the driver can mend them all."""
    return failed(reason, "; ".join(mistakes))
