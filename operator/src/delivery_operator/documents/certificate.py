"""The delivery certificate: ten verdicts with the evidence that each rests on, in JSON. Or of non-delivery."""

from typing import Any

from delivery_api import names
from delivery_api.delivery import DeliverySpec
from delivery_api.digests import plain
from delivery_api.finding import Finding, Verdict
from delivery_api.stages import CLASS, STAGES, Stage
from delivery_operator.decision import Facts
from delivery_operator.observed import Observed
from delivery_oracle.claims import CheckedClaim

SCHEMA = "ptaas.dev/certificate/v1alpha1"


def certificate(observed: Observed, facts: Facts, checked: tuple[CheckedClaim, ...], delivered: bool) -> dict[str, Any]:
    """The whole certificate; what is absent was not established."""
    spec, approved = observed.spec, facts.approval
    made: dict[str, Any] = {
        "schemaVersion": SCHEMA,
        "delivered": delivered,
        "delivery": {"name": str(observed.key), "uid": observed.uid},
        "terms": {
            "acceptance": spec.terms.acceptance.model_dump(by_alias=True, exclude_none=True),
            "budget": spec.terms.budget.model_dump(by_alias=True),
            "handling": spec.terms.handling.model_dump(by_alias=True, exclude_none=True),
        },
        "inputs": _inputs(spec, facts),
        "stages": [_stage(stage, facts) for stage in STAGES if stage is not Stage.CARD],
        "notEstablished": not_established(facts),
        "claims": [_claim(one) for one in checked],
    }
    if facts.artifact and delivered:
        made["artifact"] = facts.artifact.model_dump(by_alias=True, exclude_none=True)
    if facts.evaluation:
        made["evaluation"] = facts.evaluation.model_dump(by_alias=True)
    if facts.resolved:
        made["carriedOut"] = facts.resolved.model_dump(
            by_alias=True, exclude_none=True, exclude={"reasons", "hours", "prediction"}
        )
    if facts.prediction:
        made["prediction"] = plain(facts.prediction)
    if approved and approved.approved_by and delivered:
        made["approval"] = {
            "digest": approved.digest,
            "request": plain(approved.request),
            "by": approved.approved_by,
            "at": approved.approved_at,
            "createdBy": observed.annotations.get(names.CREATED_BY),
            "drivenBy": observed.annotations.get(names.DRIVEN_BY),
            "approvals": [plain(one) for one in approved.approvals or ()],
        }
    if approved and approved.override:
        made["override"] = {"digest": approved.digest, "request": plain(approved.request), **plain(approved.override)}
    if approved and approved.closed:
        made["closed"] = {"digest": approved.digest, **plain(approved.closed)}
    return made


def _inputs(spec: DeliverySpec, facts: Facts) -> dict[str, Any]:
    """Base and data, each with its pin. What follows a question mark may be a credential and is left out."""
    data, base = spec.terms.data, spec.base
    return {
        "base": _bare(base.uri),
        "train": _digest(facts, "train_digest"),
        "trainUri": _bare(data.train.uri),
        "sealed": _digest(facts, "sealed_digest"),
        "sealedUri": _bare(data.sealed.uri),
        **({"baseDigest": base.digest} if base.digest else {}),
    }


def _bare(uri: str) -> str:
    return uri.split("?", 1)[0]


def _digest(facts: Facts, field: str) -> str | None:
    return getattr(facts.audit, field) if facts.audit else None


def _stage(stage: Stage, facts: Facts) -> dict[str, Any]:
    finding = facts.findings[stage]
    record = facts.records.get(stage)
    row: dict[str, Any] = {
        "name": str(stage),
        "class": CLASS[stage],
        "verdict": str(finding.verdict),
        "reason": str(finding.reason),
        "message": finding.message,
    }
    if record and record.evidence:
        row |= {"evidence": record.evidence, "attempt": record.attempt, "inputs": record.inputs}
        told = (("image", record.image), ("startedAt", record.started_at), ("finishedAt", record.finished_at))
        row |= {key: said for key, said in told if said}
    return row


def not_established(facts: Facts) -> list[str]:
    """What was not shown, one line each: an Unknown that blocks nothing is said aloud here."""
    said: list[str] = []
    for stage, finding in facts.findings.items():
        if finding.verdict is Verdict.UNKNOWN:
            said.append(f"{stage}: {finding.reason}, {finding.message}")
    return said


def _claim(one: CheckedClaim) -> dict[str, Any]:
    row = {"type": one.claim.type, "subject": one.claim.subject, "value": one.claim.value, "holds": one.holds}
    return row | {key: said for key, said in (("evidence", one.fact), ("why", one.why)) if said is not None}


def verdict_word(finding: Finding) -> str:
    """How a finding is printed on the card."""
    return {Verdict.PASS: "holds", Verdict.FAIL: "does not hold", Verdict.UNKNOWN: "not established"}[finding.verdict]
