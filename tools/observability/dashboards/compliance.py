"""Compliance: what was established, what does not learn, whether the gate holds, and whether the operator sees."""

from typing import Any

from delivery_operator.metrics.catalogue import Unit
from tools.observability.dashboards.panels import MINE, Show, dashboard

VERDICTS = (
    Show(
        "Audits passed", "namespace:delivery_audits_passed:ratio", f"namespace:delivery_audits_passed:ratio{{{MINE}}}",
        Unit.RATIO, "{{namespace}}", "Of the audits with a verdict.", "stat",
    ),
    Show(
        "Established", "namespace:delivery_verdicts_established:ratio",
        f"namespace:delivery_verdicts_established:ratio{{{MINE}}}", Unit.RATIO, "{{namespace}}",
        "Stages of all deliveries on which there is a verdict; the rest is Unknown, which is never a pass.", "stat",
    ),
    Show(
        "How deliveries stand", "delivery_objects", f"sum by (stage, state) (delivery_objects{{{MINE}}})", Unit.COUNT,
        "{{stage}} {{state}}", "Each delivery once, by the stage that decides.",
    ),
    Show(
        "Failed stages", "delivery_stage_verdicts",
        f'sum by (stage, reason) (delivery_stage_verdicts{{{MINE},verdict="Fail"}})', Unit.COUNT, "{{stage}} {{reason}}",
        "By reason.",
    ),
)  # fmt: skip
TBDL = (
    Show(
        "Trains but does not learn", "delivery_stage_verdicts",
        "sum by (stage, reason) (delivery_stage_verdicts"
        f'{{{MINE},verdict="Fail",reason=~"LabelsUnrelated|PreflightFailed|NotLearning|NotLearned"}})',
        Unit.COUNT, "{{stage}} {{reason}}", "Deliveries that one of the four guards stopped.",
    ),
    Show(
        "Last flagged", "delivery_tbdl_last_flagged_timestamp_seconds",
        f"max by (caught_by) (delivery_tbdl_last_flagged_timestamp_seconds{{{MINE}}})", Unit.TIMESTAMP, "{{caught_by}}",
        "By the guard that saw it.", "stat",
    ),
)  # fmt: skip
GATE = (
    Show(
        "Waiting for approval", "delivery_stage_verdicts",
        f'sum(delivery_stage_verdicts{{{MINE},reason="AwaitingApproval"}}) or vector(0)', Unit.COUNT, "deliveries",
        "Nothing serves before a second person has approved exactly this.", "stat",
    ),
    Show(
        "Oldest approval request", "delivery_approval_pending_seconds",
        f"max(delivery_approval_pending_seconds{{{MINE}}}) or vector(0)", Unit.SECONDS, "waiting",
        "Since it was first asked for.", "stat",
    ),
    Show(
        "Gate not enforced", "delivery_stage_verdicts",
        f'sum(delivery_stage_verdicts{{{MINE},reason="GateNotEnforced"}}) or vector(0)', Unit.COUNT, "deliveries",
        "The API server let a test approval through. Must be 0.", "stat",
    ),
    Show(
        "Served by override", "delivery_overrides", f"sum(delivery_overrides{{{MINE}}})", Unit.COUNT, "deliveries",
        "Their audit did not pass, and somebody with the verb override had them served.", "stat",
    ),
    Show(
        "Servers that answer", "delivery_serving_replicas", f"sum by (namespace) (delivery_serving_replicas{{{MINE}}})",
        Unit.COUNT, "{{namespace}}", "Each of them serves what was approved.",
    ),
)  # fmt: skip
SIGHT = (
    Show(
        "Silence of watches", "delivery_watch_age_seconds", "max by (kind) (delivery_watch_age_seconds)", Unit.SECONDS,
        "{{kind}}", "Above 120 s a replica restarts itself.",
    ),
    Show(
        "Leaders", "leader_election_master_status", 'sum(leader_election_master_status{name="delivery-operator"})', Unit.COUNT,
        "leaders", "One, and none only while the Lease changes hands.", "stat",
    ),
    Show(
        "Looks that fail", "delivery:reconcile_errors:rate5m", "delivery:reconcile_errors:rate5m", Unit.PER_SECOND, "errors",
        "Each is tried again, with a growing pause.",
    ),
    Show(
        "Time of a look", "delivery:reconcile_seconds:p99", "delivery:reconcile_seconds:p99", Unit.SECONDS, "p99",
        "99 of 100 looks are shorter.",
    ),
)  # fmt: skip
ROWS = (("Verdicts", VERDICTS), ("Trains but does not learn", TBDL), ("The gate", GATE), ("The operator's sight", SIGHT))


def dashboard_of() -> dict[str, Any]:
    """The dashboard."""
    return dashboard(
        "ptaas-compliance", "Deliveries: Compliance",
        "What was established, what does not learn, whether the gate holds, and whether the operator sees.", ROWS,
    )  # fmt: skip
