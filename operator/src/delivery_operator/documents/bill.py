"""The bill: every pod that held an accelerator, and who pays. It outlives the Delivery."""

from typing import Any

from delivery_api.status import CostStatus
from delivery_operator import times
from delivery_oracle import money

SCHEMA = "ptaas.dev/bill/v1alpha1"


def bill(delivery: str, uid: str, cost: CostStatus, verdict: str, why: str) -> dict[str, Any]:
    """The bill of a CostStatus; `verdict` is Billed, Withheld or Cancelled."""
    return {
        "schemaVersion": SCHEMA,
        "delivery": {"name": delivery, "uid": uid},
        "currency": cost.currency,
        "verdict": verdict,
        "why": why,
        "acceleratorSeconds": cost.accelerator_seconds,
        "amount": cost.amount,
        "billed": cost.billed or "0",
        "withheld": cost.withheld or "0",
        **({"saved": cost.saved} if cost.saved is not None else {}),
        "ledger": [
            entry.model_dump(by_alias=True, exclude_none=True)
            | {"seconds": times.seconds_between(entry.started_at, entry.finished_at) if entry.finished_at else None}
            for entry in cost.ledger
        ],
    }


def cancelled(delivery: str, uid: str, cost: CostStatus, audited: bool) -> dict[str, Any]:
    """The bill of a Delivery that was deleted: billed only if its audit had passed."""
    account = money.account(cost.ledger)
    amount = money.text(account.amount)
    totals = cost.model_copy(
        update={
            "accelerator_seconds": money.text(account.accelerator_seconds),
            "amount": amount,
            "billed": amount if audited else "0",
            "withheld": "0" if audited else amount,
        }
    )
    why = "its audit had passed" if audited else "its audit had not passed"
    return bill(delivery, uid, totals, "Billed" if audited else "Cancelled", f"The Delivery was deleted: {why}")
