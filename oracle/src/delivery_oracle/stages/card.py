"""Card: every claim about the delivery is checked against evidence, and struck through where that does not bear it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from delivery_api.delivery import DeliverySpec
from delivery_api.evidence import AuditEvidence, SignEvidence
from delivery_api.finding import Finding, failed, passed, unknown
from delivery_api.papers import ALL
from delivery_api.reasons import Reason
from delivery_api.status import CostStatus, Resolved
from delivery_oracle.claims import CheckedClaim, Facts, check
from delivery_oracle.stages import intake
from delivery_oracle.stages.common import invalid, not_usable
from delivery_oracle.statistics.learned import Comparison


def facts(
    spec: DeliverySpec,
    *,
    audit: AuditEvidence | None = None,
    resolved: Resolved | None = None,
    comparison: Comparison | None = None,
    cost: CostStatus | None = None,
) -> dict[tuple[str, str], str]:
    """All that the evidence establishes, by type and subject of a claim."""
    found: dict[tuple[str, str], str] = {("Method", "base"): spec.base.uri}
    if comparison is not None:
        for subject, value in (("base", comparison.base), ("candidate", comparison.candidate), ("gain", comparison.gain)):
            found["Metric", subject] = repr(value)
        found["Metric", "pValue"] = repr(comparison.p)
    if audit is not None and audit.train is not None and audit.sealed is not None:
        found["Data", "trainRows"] = str(intake.usable_rows(audit))
        found["Data", "sealedRows"] = str(audit.sealed.rows)
        found["Data", "labels"] = str(len(audit.labels))
        found["Data", "personalData"] = str(sum(audit.personal_data.values()))
    if resolved is not None:
        found["Method", "method"] = resolved.plan.method
        for subject, number in (("rank", resolved.config.rank), ("steps", resolved.config.steps)):
            if number is not None:
                found["Method", subject] = str(number)
        if resolved.config.learning_rate is not None:
            found["Method", "learningRate"] = resolved.config.learning_rate
    if cost is not None:
        found["Cost", "currency"] = cost.currency
        found["Cost", "amount"] = cost.amount
        found["Cost", "acceleratorSeconds"] = cost.accelerator_seconds
        if cost.billed is not None:
            found["Cost", "billed"] = cost.billed
    return found


def judge(spec: DeliverySpec, known: Facts, *, settled: bool) -> Finding:
    """Verdict of the card; `settled`: all other stages have said their last word."""
    if not settled:
        return unknown(Reason.WAITING, "Card and certificate are issued after the bill")
    checked = [check(claim, known) for claim in spec.card.claims]
    wrong = [_wrong(place, item) for place, item in enumerate(checked) if item.holds is False]
    unshown = [f"spec.card.claims[{place}]: {item.why}" for place, item in enumerate(checked) if item.holds is None]
    if wrong:
        return failed(Reason.CLAIM_UNSUPPORTED, "; ".join(wrong) + "; struck through on the card, correct them")
    if unshown:
        return unknown(Reason.CLAIM_UNSUPPORTED, f"{'; '.join(unshown)}; struck through on the card as not established")
    return passed(Reason.CARD_ISSUED, f"{len(checked)} claims checked and all hold" if checked else "No claims to check")


def signed(evidence: SignEvidence | None, artifact: str) -> Finding:
    """Whether exactly this artifact was signed and its papers lie beside it. The signature itself is `verify`'s to check."""
    missing = not_usable(evidence, "the signature")
    if missing or evidence is None:
        return missing or unknown(Reason.EVIDENCE_MISSING, "There is no evidence of the signature")
    if evidence.artifact_digest != artifact:
        return invalid("the signature", f"{evidence.artifact_digest} was signed and not {artifact}")
    if absent := [kind for kind in ALL if kind not in evidence.referrers]:
        return invalid("the signature", f"{', '.join(absent)} was not stored")
    return passed(Reason.CARD_ISSUED, f"signed by key {(evidence.key_id or '')[:12]}")


def _wrong(place: int, item: CheckedClaim) -> str:
    return (
        f"spec.card.claims[{place}] says {item.claim.type}.{item.claim.subject}={item.claim.value}, "
        f"the evidence {shown(item.fact or '')}"
    )


def shown(fact: str) -> str:
    """A fact as people read it."""
    try:
        return fact if "." not in fact else f"{Decimal(fact):.4g}"
    except InvalidOperation:
        return fact
