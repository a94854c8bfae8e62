"""Cost: accelerator-seconds of every attempt times price, recomputed from the ledger; who pays follows the audit."""

from __future__ import annotations

from decimal import Decimal

from delivery_api.delivery import DeliverySpec
from delivery_api.finding import Finding, Verdict, failed, passed, unknown
from delivery_api.reasons import Reason
from delivery_api.status import CostStatus
from delivery_oracle.money import Account, account, text
from delivery_oracle.stages.common import invalid

WHAT = "the ledger"


def judge(spec: DeliverySpec, cost: CostStatus | None, *, evaluation: Finding | None, finished: bool) -> Finding:
    """Verdict of the bill. `evaluation` is the audit's finding; `finished`: no more work that costs money will start."""
    if cost is None:
        return unknown(Reason.COST_OPEN, "Nothing has been recorded in the ledger yet")
    try:
        seen = account(cost.ledger)
    except ValueError as error:
        return invalid(WHAT, str(error))
    if seen.open_pods or not finished:
        return unknown(Reason.COST_OPEN, "Work that costs money is not finished; the bill is settled after it")
    mistake = contradiction(cost, seen)
    if mistake:
        return invalid(WHAT, mistake)
    return settle(spec, seen, evaluation)


def contradiction(cost: CostStatus, seen: Account) -> str | None:
    """Recorded totals against the ledger's own."""
    pairs = (
        ("status.cost.acceleratorSeconds", Decimal(cost.accelerator_seconds), seen.accelerator_seconds),
        ("status.cost.amount", Decimal(cost.amount), seen.amount),
    )
    for field, recorded, counted in pairs:
        if text(recorded) != text(counted):
            return f"{field}={text(recorded)}, the entries add up to {text(counted)}"
    return None


def settle(spec: DeliverySpec, seen: Account, evaluation: Finding | None) -> Finding:
    """Billed only when the audit passed, and never above the budget."""
    budget = spec.terms.budget
    spent = f"{text(seen.amount)} {budget.currency} for {text(seen.accelerator_seconds)} accelerator-seconds"
    if seen.amount > Decimal(budget.limit):
        return failed(Reason.BUDGET_EXCEEDED, f"{spent} > spec.terms.budget.limit={budget.limit}; the excess is not billed")
    if evaluation is not None and evaluation.verdict is Verdict.PASS:
        return passed(Reason.BILLED, f"{spent} of {budget.limit} are billed, as the audit passed")
    return passed(Reason.WITHHELD, f"{spent} are the operator's loss, as no audit passed; 0 {budget.currency} are billed")
