"""Eval: is the candidate better than its base by the margin, on items nobody trained on, in the serving engine?"""

from __future__ import annotations

from delivery_api.delivery import DeliverySpec
from delivery_api.evidence import AuditEvidence, EvaluateEvidence, TrainEvidence
from delivery_api.finding import Finding, Verdict, failed, passed, unknown
from delivery_api.reasons import Reason
from delivery_oracle.stages.common import first, invalid, not_usable, other_files
from delivery_oracle.statistics.learned import SIGNATURE_TEXT, Comparison, compare

WHAT = "the evaluation"
FREE_TOLERANCE = 0.05
"""Most that the free score may lie below the constrained one before the format counts as lost."""


def judge(
    spec: DeliverySpec,
    evidence: EvaluateEvidence | None,
    *,
    audit: AuditEvidence | None = None,
    train: TrainEvidence | None = None,
    use: int | None = None,
) -> Finding:
    """Verdict of the audit. `audit` and `train` bind it to the holdout and the prompt; `use` counts the holdout's uses."""
    missing = not_usable(evidence, WHAT)
    if missing or evidence is None:
        return missing or unknown(Reason.EVIDENCE_MISSING, f"There is no evidence of {WHAT}")
    files = other_files(WHAT, audit, sealed=evidence.sealed_digest)
    objection = first(incomplete(evidence), files, other_items(evidence, audit), other_prompt(evidence, train))
    if objection:
        return objection
    try:
        seen = comparison(spec, evidence, use=use, probed=probed_gain(train))
    except ValueError as error:
        return invalid(WHAT, str(error))
    return verdict(seen, float(spec.terms.acceptance.minimum_gain), free_score(evidence))


def comparison(
    spec: DeliverySpec, evidence: EvaluateEvidence, *, use: int | None = None, probed: float | None = None
) -> Comparison:
    """The paired comparison on the holdout, in its order."""
    base = [item.base for item in evidence.items]
    candidate = [item.candidate for item in evidence.items]
    return compare(base, candidate, float(spec.terms.acceptance.minimum_gain), use=use, probed=probed)


def probed_gain(train: TrainEvidence | None) -> float | None:
    """Gain that the last look saw in the trainer; None where nobody looked."""
    last = train.looks[-1].items if train and train.looks else ()
    return sum(item.candidate - item.base for item in last) / len(last) if last else None


def free_score(evidence: EvaluateEvidence) -> float:
    """Mean score of the candidate as customers call it."""
    return sum(item.free for item in evidence.items) / max(1, len(evidence.items))


def incomplete(evidence: EvaluateEvidence) -> Finding | None:
    """Every planned item once."""
    ids = [item.id for item in evidence.items]
    if not ids or len(ids) != evidence.planned_items:
        return invalid(WHAT, f"it has {len(ids)} of {evidence.planned_items} planned items")
    if len(set(ids)) != len(ids):
        return invalid(WHAT, f"{len(ids) - len(set(ids))} items are scored twice")
    if any(not 0.0 <= item.free <= 1.0 for item in evidence.items):
        return invalid(WHAT, "a free score is not in [0, 1]")
    return None


def other_items(evidence: EvaluateEvidence, audit: AuditEvidence | None) -> Finding | None:
    """The items must be the holdout that intake fixed, in its order."""
    if audit is None or tuple(item.id for item in evidence.items) == audit.holdout:
        return None
    return invalid(WHAT, "its items are not the holdout that intake fixed, in its order")


def other_prompt(evidence: EvaluateEvidence, train: TrainEvidence | None) -> Finding | None:
    """What is audited must be asked as it was trained."""
    if train is None or train.preflight is None or evidence.prompt_digest in (None, train.preflight.prompt_digest):
        return None
    return failed(Reason.FORMAT_LOST, "the serving engine renders prompts unlike the trainer; use one chat template for both")


def verdict(seen: Comparison, margin: float, free: float) -> Finding:
    """The comparison and the free score as one finding."""
    said = f"{seen}, margin {margin:.3f}, free output {free:.3f}"
    why = SIGNATURE_TEXT[seen.signature]
    if seen.verdict is Verdict.FAIL:
        return failed(Reason.NOT_LEARNED, f"upper bound of the gain is below the margin: {said}" + (f"; {why}" if why else ""))
    if seen.verdict is Verdict.UNKNOWN:
        return unknown(Reason.INCONCLUSIVE, f"neither shown nor excluded, seal more rows: {said}")
    if seen.candidate - free > FREE_TOLERANCE:
        return failed(
            Reason.FORMAT_LOST,
            f"free output {free:.3f} < constrained {seen.candidate:.3f} - {FREE_TOLERANCE:.2f}: the format or the stop "
            f"token is lost; check the chat template and the stop token ({said})",
        )
    return passed(Reason.LEARNED, said)
