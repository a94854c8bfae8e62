"""What a delivery has cost up to now, what it burns, and how far its budget reaches: exact decimals from the ledger."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from delivery_api.delivery import Delivery
from delivery_api.status import LedgerEntry
from delivery_oracle import money


@dataclass(frozen=True, slots=True)
class Line:
    """One pod that held accelerators."""

    stage: str
    attempt: int
    pod: str
    accelerator_class: str
    accelerators: int
    price_per_hour: str
    started_at: str
    finished_at: str | None
    seconds: str
    amount: str


@dataclass(frozen=True, slots=True)
class Spending:
    """The money of one delivery; amounts are text, as in the API."""

    name: str
    namespace: str
    currency: str
    limit: str
    estimate: str | None
    spent: str
    left: str
    hourly: str
    seconds_left: int | None
    """Until the limit at this burn; None when nothing burns."""
    billed: str | None
    withheld: str | None
    saved: str | None
    lines: tuple[Line, ...]


def spending(delivery: Delivery, now: datetime) -> Spending:
    """As of now: entries that are still open count up to now."""
    cost, budget = delivery.status.cost if delivery.status else None, delivery.spec.terms.budget
    ledger = cost.ledger if cost else ()
    lines = tuple(_line(entry, now) for entry in ledger)
    spent = sum((_amount(entry, now) for entry in ledger), Decimal(0))
    hourly = sum((Decimal(one.price_per_hour) * one.accelerators for one in ledger if one.finished_at is None), Decimal(0))
    left = Decimal(budget.limit) - spent
    return Spending(
        name=str(delivery.metadata["name"]),
        namespace=str(delivery.metadata["namespace"]),
        currency=budget.currency,
        limit=money.text(Decimal(budget.limit)),
        estimate=cost.estimate if cost else None,
        spent=money.text(spent),
        left=money.text(left),
        hourly=money.text(hourly),
        seconds_left=max(0, int(left / hourly * money.SECONDS_AN_HOUR)) if hourly > 0 else None,
        billed=cost.billed if cost else None,
        withheld=cost.withheld if cost else None,
        saved=cost.saved if cost else None,
        lines=lines,
    )


def _held(entry: LedgerEntry, now: datetime) -> Decimal:
    until = entry.finished_at or max(now.astimezone(UTC).isoformat(), entry.started_at, key=datetime.fromisoformat)
    return money.seconds_between(entry.started_at, until) * entry.accelerators


def _amount(entry: LedgerEntry, now: datetime) -> Decimal:
    return money.price(_held(entry, now), Decimal(entry.price_per_hour))


def _line(entry: LedgerEntry, now: datetime) -> Line:
    return Line(
        stage=str(entry.stage),
        attempt=entry.attempt,
        pod=entry.pod,
        accelerator_class=entry.accelerator_class,
        accelerators=entry.accelerators,
        price_per_hour=entry.price_per_hour,
        started_at=entry.started_at,
        finished_at=entry.finished_at,
        seconds=money.text(_held(entry, now).quantize(Decimal(1))),
        amount=money.text(_amount(entry, now)),
    )
