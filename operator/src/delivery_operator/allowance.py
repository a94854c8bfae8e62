"""What a Delivery may spend: its own limit, and what the DeliveryBudgets of its namespace have set aside for it.

Nothing of a Delivery starts before the money is set aside. Work that runs goes on within what was set aside for it:
a limit that is raised counts once the namespace's budget has followed.
"""

from decimal import Decimal

from delivery_api.budget import DeliveryBudgetSpec, DeliveryBudgetStatus
from delivery_api.finding import Finding, unknown
from delivery_api.reasons import Reason
from delivery_api.status import LedgerEntry
from delivery_operator import ledger
from delivery_operator.observed import Allowance, Observed
from delivery_oracle import money


def of(name: str, spec: DeliveryBudgetSpec, status: DeliveryBudgetStatus, uid: str) -> Allowance:
    """What a DeliveryBudget has set aside for a Delivery."""
    mine = next((Decimal(one.amount) for one in status.reservations if one.uid == uid), None)
    return Allowance(name, spec.currency, spec.limit, status.spent, status.reserved, mine)


def limit(observed: Observed) -> Decimal:
    """The most that it may cost now."""
    budget = observed.spec.terms.budget
    shares = [one.amount or Decimal(0) for one in observed.allowances if one.currency == budget.currency]
    return min([Decimal(budget.limit), *shares])


def left(observed: Observed, entries: tuple[LedgerEntry, ...]) -> Decimal:
    """Money left, running pods paid up to now."""
    return limit(observed) - ledger.spent(entries, observed.now)


def refused(observed: Observed) -> Finding | None:
    """No money is set aside for it, with the sums; None when there is, or the namespace has no DeliveryBudget."""
    budget = observed.spec.terms.budget
    if not observed.allowances:
        return None
    mine = [one for one in observed.allowances if one.currency == budget.currency]
    if not mine:
        known = ", ".join(sorted({one.currency for one in observed.allowances}))
        message = (
            f"spec.terms.budget.currency={budget.currency}: the DeliveryBudgets of {observed.key.namespace} are in {known}"
        )
        return unknown(Reason.BUDGET_UNRESERVED, f"{message}; create one in {budget.currency}, or create the Delivery anew")
    short = next((one for one in mine if one.amount is None), None)
    if short is None:
        return None
    left = Decimal(short.limit) - Decimal(short.spent) - Decimal(short.reserved)
    more = max(Decimal(0), Decimal(budget.limit) - left)
    has = money.text(max(Decimal(0), left))
    sums = f"{has} of its {short.limit} {short.currency} are left ({short.spent} spent, {short.reserved} reserved)"
    return unknown(
        Reason.BUDGET_UNRESERVED,
        f"spec.terms.budget.limit={budget.limit} is not set aside by DeliveryBudget {short.budget}: {sums}; it starts when "
        f"others are settled, or raise its spec.limit to {money.text(Decimal(short.limit) + more)}",
    )
