"""How long per-item outcomes are kept: `spec.terms.handling.retentionDays` after the delivery has ended.

Evidence holds answers to the customer's rows. When its time is over it is deleted; the verdicts, the certificate
and the bill stay as they are, and nothing is judged again, for nothing is left to judge from.
"""

from delivery_api.stages import CONDITION, Stage
from delivery_operator import times
from delivery_operator.decision import Want
from delivery_operator.observed import Observed

DAY = 86_400


def seconds_left(observed: Observed) -> float | None:
    """Seconds until the evidence must go; None when the delivery has not ended, or its terms set no limit."""
    days = observed.spec.terms.handling.retention_days
    issued = observed.condition(CONDITION[Stage.CARD])
    current = observed.generation == observed.status.observed_generation
    if days is None or issued is None or observed.status.certificate is None or not current:
        return None
    if issued.reason == "Waiting":
        return None
    return (times.shifted(issued.last_transition_time, days * DAY) - observed.now).total_seconds()


def deletions(observed: Observed) -> tuple[Want, ...]:
    """The evidence that is left."""
    return tuple(
        Want(
            "delete",
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": one.pod, "namespace": observed.work_namespace},
            },
        )
        for one in observed.evidence
    )
