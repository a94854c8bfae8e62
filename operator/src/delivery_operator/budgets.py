"""The money of a namespace: what is set aside for which Delivery, decided from all of them at once.

One pure function over one observation, as for a Delivery. A reservation is known by the uid of its Delivery: deciding
again, after a crash or by another replica, gives it the same amount and never a second one. Whoever was promised
money keeps it; the others are served in the order in which they were created, and one that does not fit lets
smaller ones pass.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from delivery_api.budget import DeliveryBudgetSpec, DeliveryBudgetStatus, Refusal, Reservation
from delivery_api.finding import CONDITION_STATUS, Verdict
from delivery_api.status import Condition
from delivery_operator import times
from delivery_operator.observed import Key
from delivery_oracle import money

NOTHING = Decimal(0)
MOST_REFUSALS = 64


@dataclass(frozen=True, slots=True)
class Claim:
    """A Delivery, as far as money goes."""

    uid: str
    name: str
    created_at: str
    currency: str
    limit: Decimal
    """The most that it may cost."""
    spent: Decimal
    """Closed entries of its ledger."""
    burn: Decimal
    """Price an hour of the accelerators that it holds."""
    settled: bool
    """Whether its bill is final: then nothing more of its limit is needed."""


@dataclass(frozen=True, slots=True)
class Purse:
    """One DeliveryBudget and all that draws on it, at one moment."""

    key: Key
    generation: int
    spec: DeliveryBudgetSpec
    status: DeliveryBudgetStatus
    now: datetime
    claims: tuple[Claim, ...] = ()
    """Every Delivery of the namespace in this currency."""
    paid: Mapping[str, Decimal] = field(default_factory=dict)
    """Uid to amount of the bills that are kept in the namespace."""
    ending: frozenset[str] = frozenset()
    """Uids of Deliveries whose work is not cleared away: the bill of one that was deleted is still to come."""


def decide(seen: Purse) -> DeliveryBudgetStatus:
    """How the money stands now."""
    held, refused = allotted(seen)
    here = {claim.uid for claim in seen.claims}
    gone = [one for one in held if one.uid not in here]
    spent = sum((claim.spent for claim in seen.claims), NOTHING)
    spent += sum((amount for uid, amount in seen.paid.items() if uid not in here), NOTHING)
    spent += sum((Decimal(one.spent) for one in gone), NOTHING)
    reserved = sum((Decimal(one.amount) - Decimal(one.spent) for one in held), NOTHING)
    status = DeliveryBudgetStatus(
        observed_generation=seen.generation,
        spent=money.text(spent),
        reserved=money.text(reserved),
        available=money.text(max(NOTHING, Decimal(seen.spec.limit) - spent - reserved)),
        burn=money.text(sum((claim.burn for claim in seen.claims), NOTHING)),
        reservations=held,
        refused=refused[:MOST_REFUSALS],
    )
    return status.model_copy(update={"conditions": conditions(seen, status)})


def allotted(seen: Purse) -> tuple[tuple[Reservation, ...], tuple[Refusal, ...]]:
    """What is set aside, and for whom nothing could be."""
    here = {claim.uid for claim in seen.claims}
    promised = {one.uid: one for one in seen.status.reservations}
    # Deleted, and its bill not written yet: until then what it may have cost stays set aside.
    gone = [one for uid, one in promised.items() if uid not in here and uid not in seen.paid and uid in seen.ending]
    left = Decimal(seen.spec.limit) - sum((amount for uid, amount in seen.paid.items() if uid not in here), NOTHING)
    left -= sum((Decimal(one.amount) for one in gone), NOTHING)
    left -= sum((claim.spent for claim in seen.claims if claim.settled), NOTHING)
    waiting = sorted((one for one in seen.claims if not one.settled), key=lambda one: (one.created_at, one.uid))
    amounts = {one.uid: max(Decimal(promised[one.uid].amount), one.spent) for one in waiting if one.uid in promised}
    left -= sum(amounts.values(), NOTHING) + sum((one.spent for one in waiting if one.uid not in amounts), NOTHING)
    refused = []
    for claim in waiting:
        more = claim.limit - amounts.get(claim.uid, claim.spent)
        if claim.uid in amounts and more <= 0:
            continue
        if more > left:
            refused.append(Refusal(name=claim.name, wants=money.text(more)))
        else:
            amounts[claim.uid] = claim.limit
            left -= more
    held = [_reservation(claim, amounts[claim.uid]) for claim in waiting if claim.uid in amounts]
    return (*gone, *held), tuple(refused)


def _reservation(claim: Claim, amount: Decimal) -> Reservation:
    return Reservation(uid=claim.uid, name=claim.name, amount=money.text(amount), spent=money.text(claim.spent))


def reached(spec: DeliveryBudgetSpec, status: DeliveryBudgetStatus) -> tuple[str, ...]:
    """Shares of `spec.warnAt` that are spent, lowest first."""
    limit, spent = Decimal(spec.limit), Decimal(status.spent)
    return tuple(sorted((share for share in spec.warn_at if spent >= limit * Decimal(share)), key=Decimal))


def conditions(seen: Purse, status: DeliveryBudgetStatus) -> tuple[Condition, ...]:
    """Whether there is money for all that ask, and whether much of it is gone."""
    spec, limit = seen.spec, f"spec.limit={seen.spec.limit}"
    sums = f"{status.spent} spent and {status.reserved} reserved of {limit} {spec.currency}"
    if status.refused:
        listed = _listed(one.name for one in status.refused)
        wanted = sum((Decimal(one.wants) for one in status.refused), NOTHING)
        # Of a limit that was lowered more may be gone than there is: `available` is nothing then, not how much is owed.
        left = Decimal(spec.limit) - Decimal(status.spent) - Decimal(status.reserved)
        short = money.text(max(NOTHING, wanted - left))
        rest = f"{sums}; {listed} cannot have what they need, {money.text(wanted)} in all; raise spec.limit by {short}"
        available = _condition(seen, "Available", Verdict.FAIL, "DeliveriesWait", rest)
    else:
        available = _condition(seen, "Available", Verdict.PASS, "Reserved", f"Every Delivery has what it may need: {sums}")
    shares = reached(spec, status)
    said = f"{shares[-1]} of it is spent: {sums}" if shares else f"No share of spec.warnAt is spent: {sums}"
    warned = Verdict.PASS if shares else Verdict.FAIL
    return available, _condition(seen, "Warned", warned, "ShareSpent" if shares else "BelowShares", said)


def _listed(names: Iterable[str]) -> str:
    """The first few names."""
    every = list(names)
    return ", ".join(every[:3]) + (f" and {len(every) - 3} more" if len(every) > 3 else "")


def _condition(seen: Purse, kind: str, verdict: Verdict, reason: str, message: str) -> Condition:
    truth = CONDITION_STATUS[verdict]
    before = next((one for one in seen.status.conditions if one.type == kind), None)
    since = before.last_transition_time if before and before.status == truth else times.render(seen.now)
    return Condition(
        type=kind,
        status=truth,
        reason=reason,
        message=message,
        observed_generation=seen.generation,
        last_transition_time=since,
    )
