"""What the tasks of one Delivery have in common: said once, so that every worker renders and scores the same way."""

from typing import Any

from delivery_api.driver import Config
from delivery_api.evidence import AuditEvidence
from delivery_operator.observed import Observed

SPARE_TOKENS = 8
"""Tokens beyond the longest answer, so that an answer that does not stop is seen not to."""
USUAL_ANSWER = 16


def common(observed: Observed) -> dict[str, Any]:
    """The fields of `TaskCommon`; the inputs digest is made of the finished task."""
    spec = observed.spec
    return {
        "delivery_uid": observed.uid,
        "inputs": "",
        "base": spec.base,
        "sealed": spec.terms.data.sealed,
        "fields": spec.intake.fields,
        "task": spec.intake.task,
        "metric": spec.intake.metric,
        "instruction": spec.intake.instruction,
        "holdout_items": spec.terms.acceptance.holdout_items,
        "personal_data": spec.terms.handling.personal_data,
    }


def labels(observed: Observed, audit: AuditEvidence) -> tuple[str, ...]:
    """Label set of a Classification, as audited."""
    return tuple(sorted(audit.labels)) if observed.spec.intake.task == "Classification" else ()


def answer_tokens(audit: AuditEvidence) -> int:
    """Most tokens of an answer, with room for one that is wrong."""
    return (audit.lengths.answer_maximum if audit.lengths else USUAL_ANSWER) + SPARE_TOKENS


def context_tokens(config: Config) -> int:
    """Context of the engine in audit and serving: the longest row and room for an answer that does not stop."""
    return (config.sequence_length or 0) + SPARE_TOKENS
