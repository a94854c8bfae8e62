"""Deploy: does the served endpoint give the audited answers?

It is asked only items on which base and candidate differ: there base weights or an inert adapter would show.
The engine is not batch-invariant, so a few answers may differ in their last bits; the tolerance is stated.
"""

from __future__ import annotations

from delivery_api.evidence import EvaluateEvidence, VerifyEvidence
from delivery_api.finding import Finding, failed, passed, unknown
from delivery_api.reasons import Reason
from delivery_oracle.stages.common import first, invalid, not_usable

WHAT = "the served endpoint"
LEAST_AGREEMENT = 0.90


def discordant(evaluated: EvaluateEvidence) -> dict[str, tuple[str, str]]:
    """Item id to (base's answer, candidate's answer) where the two differ."""
    return {
        item.id: (item.base_answer, item.candidate_answer)
        for item in evaluated.items
        if item.base_answer is not None and item.candidate_answer is not None and item.base_answer != item.candidate_answer
    }


def judge(evaluated: EvaluateEvidence | None, verified: VerifyEvidence | None) -> Finding:
    """Verdict over the answers of the endpoint."""
    missing = first(not_usable(evaluated, "the evaluation"), not_usable(verified, WHAT))
    if missing or evaluated is None or verified is None:
        return missing or unknown(Reason.EVIDENCE_MISSING, f"There is no evidence of {WHAT}")
    differ = discordant(evaluated)
    answers = {answer.id: answer.constrained for answer in verified.answers}
    if not answers or len(verified.answers) != verified.planned_items or len(answers) != len(verified.answers):
        return invalid(WHAT, f"it answered {len(answers)} different items of {verified.planned_items} planned")
    if not set(answers) <= set(differ):
        return invalid(WHAT, "it was asked items on which base and candidate do not differ")
    return verdict(differ, answers)


def verdict(differ: dict[str, tuple[str, str]], answers: dict[str, str]) -> Finding:
    """Agreement with the candidate, and beside it with the base."""
    as_candidate = sum(answer == differ[item][1] for item, answer in answers.items())
    as_base = sum(answer == differ[item][0] for item, answer in answers.items())
    share = as_candidate / len(answers)
    said = f"{as_candidate} of {len(answers)} answers are the audited candidate's and {as_base} the base's"
    if share >= LEAST_AGREEMENT:
        return passed(Reason.SERVED, f"{said}, on items where the two differ")
    cause = "the base or an inert adapter is served" if as_base > as_candidate else "other weights or prompts are served"
    return failed(
        Reason.SERVED_DIFFERS, f"{said}, at least {LEAST_AGREEMENT:.0%} needed: {cause}; check the serving artifact digest"
    )
