"""Cost: what burns, where it goes, who pays, and whether it was foreseen."""

from typing import Any

from delivery_operator.metrics.catalogue import Unit
from tools.observability.dashboards.panels import MINE, Show, dashboard

NOW = (
    Show(
        "Burn", "namespace:delivery_hourly_cost:sum",
        f"sum by (currency) (namespace:delivery_hourly_cost:sum{{{MINE}}})", Unit.HOURLY, "{{currency}}",
        "What all accelerators held now cost an hour, serving included.", "stat",
    ),
    Show(
        "Spent", "namespace:delivery_cost:sum", f"sum by (currency) (namespace:delivery_cost:sum{{{MINE}}})", Unit.CURRENCY,
        "{{currency}}", "Of the deliveries that exist now; running pods up to now.", "stat",
    ),
    Show(
        "Accelerators held", "delivery_accelerators", f"sum by (accelerator_class) (delivery_accelerators{{{MINE}}})",
        Unit.COUNT, "{{accelerator_class}}", "By class.", "stat",
    ),
    Show(
        "Highest use of a budget", "delivery_budget_used_ratio", f"max(delivery_budget_used_ratio{{{MINE}}})", Unit.RATIO,
        "spent", "Of that unfinished delivery that has used most of its budget.", "stat",
    ),
)  # fmt: skip
WHERE = (
    Show(
        "Burn by namespace", "namespace:delivery_hourly_cost:sum", f"namespace:delivery_hourly_cost:sum{{{MINE}}}", Unit.HOURLY,
        "{{namespace}} {{currency}}", "Cost an hour of what is held.",
    ),
    Show(
        "Burn by stage", "delivery_hourly_cost", f"sum by (stage, currency) (delivery_hourly_cost{{{MINE}}})", Unit.HOURLY,
        "{{stage}} {{currency}}", "Serving is the stage deploy; it is no part of what a delivery costs.",
    ),
    Show(
        "Spent by stage and class", "delivery_cost",
        f"sum by (stage, accelerator_class, currency) (delivery_cost{{{MINE}}})", Unit.CURRENCY,
        "{{stage}} {{accelerator_class}} {{currency}}", "Every attempt is in it, also those that were lost.",
    ),
    Show(
        "Accelerator time by stage", "delivery_accelerator_seconds", f"sum by (stage) (delivery_accelerator_seconds{{{MINE}}})",
        Unit.SECONDS, "{{stage}}", "Accelerator-seconds: two accelerators for a minute are 120.",
    ),
)  # fmt: skip
BUDGET = (
    Show(
        "Budget of unfinished deliveries", "delivery_budget_limit", f"sum by (currency) (delivery_budget_limit{{{MINE}}})",
        Unit.CURRENCY, "limit {{currency}}", "What may still be spent at most, and what was.",
    ),
    Show(
        "Use of the budget", "delivery_budget_used_ratio", f"delivery_budget_used_ratio{{{MINE}}}", Unit.RATIO, "{{namespace}}",
        "Of that unfinished delivery of the namespace that has used most of its budget.",
    ),
    Show(
        "Estimated before the start", "delivery_estimated_cost", f"sum by (currency) (delivery_estimated_cost{{{MINE}}})",
        Unit.CURRENCY, "{{currency}}", "High estimates.",
    ),
    Show(
        "Measured over predicted", "delivery_prediction_ratio", f"delivery_prediction_ratio{{{MINE}}}", Unit.RATIO,
        "{{namespace}} {{quantity}}", "Of the last delivery. Cost above 100 % left its interval.",
    ),
)  # fmt: skip
BILL = (
    Show(
        "Billed", "delivery_billed_cost", f"sum by (currency) (delivery_billed_cost{{{MINE}}})", Unit.CURRENCY, "{{currency}}",
        "The audit passed: the customer pays.",
    ),
    Show(
        "Withheld", "delivery_withheld_cost", f"sum by (currency) (delivery_withheld_cost{{{MINE}}})", Unit.CURRENCY,
        "{{currency}}", "No passed audit: the operator's loss.",
    ),
    Show(
        "Saved by stopping early", "delivery_saved_cost", f"sum by (currency) (delivery_saved_cost{{{MINE}}})", Unit.CURRENCY,
        "{{currency}}", "Against the expected price of the whole run.",
    ),
    Show(
        "Part that is withheld", "namespace:delivery_withheld:ratio", f"namespace:delivery_withheld:ratio{{{MINE}}}",
        Unit.RATIO, "{{namespace}} {{currency}}", "Of the money of deliveries with a final bill.",
    ),
)  # fmt: skip
ROWS = (("Now", NOW), ("Where it goes", WHERE), ("Against the budget", BUDGET), ("Who pays", BILL))


def dashboard_of() -> dict[str, Any]:
    """The dashboard."""
    about = "What burns, where it goes, who pays, and whether it was foreseen."
    return dashboard("ptaas-cost", "Deliveries: Cost", about, ROWS)
