"""Recording and alert rules, each with what it means: the rule file and the reference page are written from this.

A ratio or a sum that people look at is recorded under a name with a unit of its own, so that a panel asks for
one series and shows it in that unit. Alerts say what is so and where to read on; the runbook says what to do.
"""

from dataclasses import dataclass
from typing import Any

from delivery_operator.metrics.catalogue import Unit


@dataclass(frozen=True)
class Recorded:
    """One recording rule."""

    name: str
    expr: str
    labels: tuple[str, ...]
    unit: Unit
    about: str


@dataclass(frozen=True)
class Alert:
    """One alert rule; its runbook is docs/runbooks/NAME.md."""

    name: str
    expr: str
    after: str
    """How long it must be so."""
    severity: str
    summary: str
    description: str


OWED = ("namespace", "currency")
FORESEEN = 'delivery_prediction_ratio{quantity=~"peak_memory|tokens_per_second"}'
"""Of the training run, measured by the trainer itself."""

RECORDED: tuple[Recorded, ...] = (
    Recorded(
        "namespace:delivery_cost:sum", "sum by (namespace, currency) (delivery_cost)", OWED, Unit.CURRENCY,
        "Money spent, running pods up to now.",
    ),
    Recorded(
        "namespace:delivery_hourly_cost:sum", "sum by (namespace, currency) (delivery_hourly_cost)", OWED, Unit.HOURLY,
        "Burn: what all accelerators held now cost an hour.",
    ),
    Recorded(
        "namespace:delivery_withheld:ratio",
        "sum by (namespace, currency) (delivery_withheld_cost) / "
        "(sum by (namespace, currency) (delivery_withheld_cost + delivery_billed_cost) > 0)",
        OWED, Unit.RATIO, "Part of the settled money that the operator bears.",
    ),
    Recorded(
        "namespace:delivery_audits_passed:ratio",
        'sum by (namespace) (delivery_stage_verdicts{stage="eval",verdict="Pass"}) / '
        '(sum by (namespace) (delivery_stage_verdicts{stage="eval",verdict=~"Pass|Fail"}) > 0)',
        ("namespace",), Unit.RATIO, "Part of the audits with a verdict that passed.",
    ),
    Recorded(
        "namespace:delivery_verdicts_established:ratio",
        'sum by (namespace) (delivery_stage_verdicts{verdict=~"Pass|Fail"}) / sum by (namespace) (delivery_stage_verdicts)',
        ("namespace",), Unit.RATIO, "Part of all stages of all deliveries on which there is a verdict.",
    ),
    Recorded(
        "delivery:reconcile_errors:rate5m",
        'sum(rate(controller_runtime_reconcile_total{controller="delivery",result!="success"}[5m])) or vector(0)',
        (), Unit.PER_SECOND, "Looks that failed.",
    ),
    Recorded(
        "delivery:reconcile_seconds:p99",
        "histogram_quantile(0.99, sum by (le) "
        '(rate(controller_runtime_reconcile_time_seconds_bucket{controller="delivery"}[5m])))',
        (), Unit.SECONDS, "99 of 100 looks are shorter.",
    ),
)  # fmt: skip

ALERTS: tuple[Alert, ...] = (
    Alert(
        "DeliveryBudgetNearlySpent", "delivery_budget_used_ratio > 0.8 and delivery_budget_used_ratio <= 1", "1m", "warning",
        "A delivery in {{ $labels.namespace }} has used {{ $value | humanizePercentage }} of its budget",
        "It stops at 100 %. Who creates the delivery may raise the limit with the verb fund.",
    ),
    Alert(
        "DeliveryBudgetOverspent", "delivery_budget_used_ratio > 1", "1m", "critical",
        "A delivery in {{ $labels.namespace }} has used {{ $value | humanizePercentage }} of its budget",
        "The deadlines of its Job and pod should have stopped it. End the work, then find out why they did not.",
    ),
    Alert(
        "DeliveryNamespaceBudgetWarned", "delivery_namespace_budgets_warned > 0", "1m", "warning",
        "{{ $labels.namespace }} has spent a share of its DeliveryBudget that spec.warnAt names",
        "Deliveries for which too little is left wait. Who pays for the namespace may raise the limit with the verb fund.",
    ),
    Alert(
        "DeliveryTrainsButDoesNotLearn", "time() - delivery_tbdl_last_flagged_timestamp_seconds < 3600", "0m", "warning",
        "A delivery in {{ $labels.namespace }} does not learn, says the {{ $labels.caught_by }}",
        "It is stopped and nobody is billed. The condition of its stage says what was measured.",
    ),
    Alert(
        "DeliveryApprovalPendingTooLong", "delivery_approval_pending_seconds > 86400", "5m", "warning",
        "An approval in {{ $labels.namespace }} is waited for since {{ $value | humanizeDuration }}",
        "Requests expire after spec.approval.expiresAfter. kubectl delivery approve shows what would be approved.",
    ),
    Alert(
        "DeliveryOverrideUsed", "time() - delivery_override_last_used_timestamp_seconds < 86400", "0m", "critical",
        "Somebody had an artifact served in {{ $labels.namespace }} whose audit did not pass",
        "It is no approval and no pass. kubectl delivery explain names who did it and why.",
    ),
    Alert(
        "DeliveryGatePolicyMissing", 'sum by (namespace) (delivery_stage_verdicts{reason="GateNotEnforced"}) > 0', "0m",
        "critical",
        "The API server let a test approval in {{ $labels.namespace }} through",
        "An admission policy or its binding is missing or does not deny. Nothing is deployed until it does.",
    ),
    Alert(
        "DeliveryWatchStalled", "max by (kind) (delivery_watch_age_seconds) > 120", "1m", "critical",
        "The watch of {{ $labels.kind }} was last heard {{ $value | humanizeDuration }} ago",
        "A replica does not see changes of this kind. Its liveness probe fails and restarts it.",
    ),
    Alert(
        "DeliveryOperatorWithoutLeader",
        '(max(leader_election_master_status{name="delivery-operator"}) or vector(0)) == 0', "2m", "critical",
        "No replica of the operator leads", "No delivery is looked at. Running work goes on and keeps to its budget.",
    ),
    Alert(
        "DeliveryInternalError", 'sum by (namespace) (delivery_stage_verdicts{reason="InternalError"}) > 0', "5m", "warning",
        "The operator cannot decide a stage of a delivery in {{ $labels.namespace }}",
        "A fault of the operator. Its log has the traceback under the delivery's name.",
    ),
    Alert(
        "DeliveryPredictionOff",
        'delivery_prediction_ratio{quantity="cost"} > 1 or delivery_prediction_ratio{quantity="accelerator_hours"} > 1.5 '
        f"or {FORESEEN} > 1.2 or {FORESEEN} < 0.8",
        "5m", "info",
        "{{ $labels.quantity }} of the last delivery of {{ $labels.namespace }} was {{ $value | humanizePercentage }} "
        "of what was predicted",
        "Price, peak or bandwidth of its accelerator class is not what its nodes reach.",
    ),
)  # fmt: skip


def rule_file() -> dict[str, Any]:
    """The Prometheus rule file, which is also the spec of a PrometheusRule."""
    recorded = [{"record": one.name, "expr": one.expr} for one in RECORDED]
    alerts = [
        {
            "alert": one.name,
            "expr": one.expr,
            "for": one.after,
            "labels": {"severity": one.severity},
            "annotations": {
                "summary": one.summary,
                "description": one.description,
                "runbook": f"docs/runbooks/{one.name}.md",
            },
        }
        for one in ALERTS
    ]
    return {"groups": [{"name": "delivery.recorded", "rules": recorded}, {"name": "delivery.alerts", "rules": alerts}]}
