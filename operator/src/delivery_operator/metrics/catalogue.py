"""Every metric with its kind, labels, unit and meaning: the code that serves them and the reference page read this list.

Names follow the field: controller-runtime's for what every controller has, so that dashboards for controllers work
with this one; OpenCost's `cost` and `hourly_cost` for money; base units; `_total` for counters.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Unit(StrEnum):
    """What a value counts."""

    COUNT = "count"
    SECONDS = "seconds"
    TIMESTAMP = "seconds since 1970"
    CURRENCY = "units of the currency label"
    HOURLY = "units of the currency label per hour"
    RATIO = "ratio"
    PER_SECOND = "per second"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    unit: Unit
    about: str


LABELS: dict[str, str] = {
    "namespace": "tenant namespace of the deliveries",
    "stage": "one of the ten stages; of money, the stage that held the accelerator (`deploy` is serving)",
    "state": "reason of the stage that decides how a delivery stands, or `Delivered`",
    "verdict": "`Pass`, `Fail` or `Unknown`",
    "reason": "a documented reason",
    "accelerator_class": "name of an AcceleratorClass; `gone` when it was deleted",
    "currency": "currency of an AcceleratorClass; `other` when none has it",
    "caught_by": "`canary`, `preflight`, `probe` or `audit`",
    "quantity": "`cost` (against the high estimate); against what was expected `accelerator_hours`, and of the training run "
    "`peak_memory` and `tokens_per_second`",
    "controller": "`delivery` or `deliverybudget`",
    "name": "`delivery`, or for the Lease `delivery-operator`",
    "result": "`success`, or the class of the error",
    "kind": "resource that is watched",
    "verb": "`create`, `update`, `patch` or `delete`",
    "code": "HTTP status, or `none` when there was no answer",
}

_MONEY = ("namespace", "currency", "accelerator_class", "stage")
_HELD = ("namespace", "accelerator_class", "stage")
_OWED = ("namespace", "currency")

STATE: tuple[Metric, ...] = (
    Metric("delivery_objects", "gauge", ("namespace", "stage", "state"), Unit.COUNT, "Deliveries by how they stand."),
    Metric(
        "delivery_stage_verdicts", "gauge", ("namespace", "stage", "verdict", "reason"), Unit.COUNT,
        "Deliveries by the verdict on each of their stages.",
    ),
    Metric("delivery_cost", "gauge", _MONEY, Unit.CURRENCY, "Money spent on accelerators, running pods up to now."),
    Metric(
        "delivery_hourly_cost", "gauge", _MONEY, Unit.HOURLY,
        "What the accelerators that are held now cost an hour; those that serve under the stage `deploy`.",
    ),
    Metric(
        "delivery_accelerator_seconds", "gauge", _HELD, Unit.SECONDS, "Accelerator-seconds held, running pods up to now.",
    ),
    Metric("delivery_accelerators", "gauge", _HELD, Unit.COUNT, "Accelerators held now."),
    Metric("delivery_budget_limit", "gauge", _OWED, Unit.CURRENCY, "Sum of the budgets of deliveries without a final bill."),
    Metric(
        "delivery_budget_used_ratio", "gauge", ("namespace",), Unit.RATIO,
        "Spent part of the budget, of that delivery without a final bill that has used most of it.",
    ),
    Metric("delivery_estimated_cost", "gauge", _OWED, Unit.CURRENCY, "Sum of the high estimates made before the start."),
    Metric("delivery_billed_cost", "gauge", _OWED, Unit.CURRENCY, "What customers pay: cost of deliveries whose audit passed."),
    Metric("delivery_withheld_cost", "gauge", _OWED, Unit.CURRENCY, "What the operator bears: no passed audit, no bill."),
    Metric("delivery_saved_cost", "gauge", _OWED, Unit.CURRENCY, "What stopping early saved."),
    Metric(
        "delivery_prediction_ratio", "gauge", ("namespace", "quantity"), Unit.RATIO,
        "Measured over predicted, of the delivery that got its final bill last, or whose training ended last.",
    ),
    Metric(
        "delivery_approval_pending_seconds", "gauge", ("namespace",), Unit.SECONDS,
        "Age of the oldest approval request that nobody has answered.",
    ),
    Metric(
        "delivery_tbdl_last_flagged_timestamp_seconds", "gauge", ("namespace", "caught_by"), Unit.TIMESTAMP,
        "When a run that trains but does not learn was last flagged, and by what.",
    ),
    Metric("delivery_overrides", "gauge", ("namespace",), Unit.COUNT, "Deliveries that are served although no audit passed."),
    Metric(
        "delivery_override_last_used_timestamp_seconds", "gauge", ("namespace",), Unit.TIMESTAMP,
        "When somebody last had an artifact served whose audit did not pass.",
    ),
    Metric("delivery_namespace_budget_limit", "gauge", _OWED, Unit.CURRENCY, "Sum of the limits of DeliveryBudgets."),
    Metric(
        "delivery_namespace_budget_spent", "gauge", _OWED, Unit.CURRENCY,
        "Spent of DeliveryBudgets: pods that have ended, and bills of deleted deliveries.",
    ),
    Metric("delivery_namespace_budget_reserved", "gauge", _OWED, Unit.CURRENCY, "Set aside by DeliveryBudgets and not spent."),
    Metric(
        "delivery_namespace_budget_used_ratio", "gauge", ("namespace",), Unit.RATIO,
        "Spent part of that DeliveryBudget of which most is spent.",
    ),
    Metric(
        "delivery_namespace_budgets_warned", "gauge", ("namespace",), Unit.COUNT,
        "DeliveryBudgets of which a share of spec.warnAt is spent.",
    ),
    Metric("delivery_namespace_budget_waiting", "gauge", ("namespace",), Unit.COUNT, "Deliveries that wait for money."),
    Metric("delivery_serving_replicas", "gauge", ("namespace",), Unit.COUNT, "Servers that answer."),
)  # fmt: skip
"""Of the deliveries that exist now, told by the replica that leads; a deleted delivery's money leaves these sums."""

PASSES = Metric("controller_runtime_reconcile_total", "counter", ("controller", "result"), Unit.COUNT, "Looks at a Delivery.")
PASS_SECONDS = Metric(
    "controller_runtime_reconcile_time_seconds", "histogram", ("controller",), Unit.SECONDS, "Time of one look."
)
QUEUE_DEPTH = Metric("workqueue_depth", "gauge", ("name",), Unit.COUNT, "Deliveries that wait for a look.")
LEADER = Metric("leader_election_master_status", "gauge", ("name",), Unit.COUNT, "1 while this replica leads.")
WATCH_AGE = Metric("delivery_watch_age_seconds", "gauge", ("kind",), Unit.SECONDS, "Time since a watch was last heard.")
WRITES = Metric("delivery_api_writes_total", "counter", ("verb",), Unit.COUNT, "Requests that change something.")
REQUEST_ERRORS = Metric("delivery_api_errors_total", "counter", ("code",), Unit.COUNT, "Requests that failed.")
VERDICTS = Metric("delivery_verdicts_total", "counter", ("stage", "verdict", "reason"), Unit.COUNT, "Changed verdicts.")
FAULTS = Metric("delivery_internal_errors_total", "counter", ("stage",), Unit.COUNT, "Faults of the operator.")
DELETED_ANCHORS = Metric("delivery_collected_anchors_total", "counter", (), Unit.COUNT, "Anchors whose Delivery was gone.")

WORK: tuple[Metric, ...] = (
    PASSES, PASS_SECONDS, QUEUE_DEPTH, LEADER, WATCH_AGE, WRITES, REQUEST_ERRORS, VERDICTS, FAULTS, DELETED_ANCHORS,
)  # fmt: skip
"""Of this replica, since it started; beside them stand the `process_` metrics of the Prometheus client."""

CATALOGUE = STATE + WORK
