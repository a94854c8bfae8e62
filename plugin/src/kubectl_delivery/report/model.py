"""What the page shows, as numbers: when each stage worked or waited, what was spent by when, and every verdict."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from delivery_api.delivery import Delivery
from delivery_api.status import DeliveryStatus
from delivery_oracle import money

from ..looking import StageLook, look
from ..spending import Spending
from ..times import parse, render
from ..waiting import WHO, explain
from .curves import Curves


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time of one stage."""

    stage: str
    kind: str
    """Work or Waiting."""
    start: str
    end: str
    what: str


@dataclass(frozen=True, slots=True)
class Point:
    """Money spent by some time."""

    at: str
    amount: str


@dataclass(frozen=True, slots=True)
class Report:
    """One delivery."""

    name: str
    namespace: str
    ticket: str
    state: str
    message: str
    next: str
    as_of: str
    base: str
    artifact: str | None
    audit: str | None
    minimum_gain: str
    approved: str | None
    overridden: str | None
    stages: tuple[StageLook, ...]
    spans: tuple[Span, ...]
    burn: tuple[Point, ...]
    money: Spending
    curves: Curves | None
    documents: tuple[tuple[str, str], ...]
    """(name, text) of card, certificate and bill."""


def report(delivery: Delivery, now: datetime, curves: Curves | None, documents: dict[str, str]) -> Report:
    """All of it, as of now."""
    status, seen, told = delivery.status or DeliveryStatus(), look(delivery, now), explain(delivery)
    approval = status.approval
    return Report(
        name=seen.name,
        namespace=seen.namespace,
        ticket=delivery.spec.terms.ticket.strip(),
        state=seen.state,
        message=status.message or told.message,
        next=WHO[told.next],
        as_of=render(now),
        base=delivery.spec.base.uri,
        artifact=f"{status.artifact.digest} ({status.artifact.kind})" if status.artifact else None,
        audit=_audit(status),
        minimum_gain=delivery.spec.terms.acceptance.minimum_gain,
        approved=f"{approval.approved_by}, {approval.approved_at}" if approval and approval.approved_by else None,
        overridden=told.override,
        stages=seen.stages,
        spans=tuple(sorted(_spans(status, now), key=lambda span: (span.start, span.stage))),
        burn=tuple(_burn(seen.money, now)),
        money=seen.money,
        curves=curves,
        documents=tuple(sorted(documents.items())),
    )


def _audit(status: DeliveryStatus) -> str | None:
    numbers = status.evaluation
    if numbers is None:
        return None
    return (
        f"{numbers.candidate} against {numbers.base} of the base on {numbers.items} sealed items, "
        f"gain {numbers.gain} in [{numbers.low}, {numbers.high}], p={numbers.p_value}"
    )


def _spans(status: DeliveryStatus, now: datetime) -> Iterator[Span]:
    """Pods of the ledger, recorded work that held no accelerator, and the wait for an approval."""
    ledger, until = (status.cost.ledger if status.cost else ()), render(now)
    for entry in ledger:
        what = f"{entry.pod}, attempt {entry.attempt}, {entry.accelerators} x {entry.accelerator_class}"
        yield Span(str(entry.stage), "Work", entry.started_at, entry.finished_at or until, what)
    paid = {str(entry.stage) for entry in ledger}
    for record in status.stages:
        if record.started_at and str(record.name) not in paid:
            yield Span(
                str(record.name), "Work", record.started_at, record.finished_at or until, f"{record.name}, {record.reason}"
            )
    approval = status.approval
    if approval is not None:
        closed = approval.closed.at if approval.closed else None
        ruled = approval.approved_at or (approval.override.at if approval.override else None) or closed
        yield Span("deploy", "Waiting", approval.requested_at, ruled or until, "waiting for an approval")


def _burn(spent: Spending, now: datetime) -> Iterator[Point]:
    """The sum at each start and end of a pod: between them it grows evenly, or not at all."""
    until = render(now)
    spans = [(line.started_at, line.finished_at or until, Decimal(line.amount)) for line in spent.lines]
    for at in sorted({moment for start, end, _ in spans for moment in (start, end)}, key=parse):
        total = sum((amount * _part(start, end, at) for start, end, amount in spans), Decimal(0))
        yield Point(at, money.text(total))


def _part(start: str, end: str, at: str) -> Decimal:
    """Part of a pod's time that was over by then."""
    whole = (parse(end) - parse(start)).total_seconds()
    gone = (parse(at) - parse(start)).total_seconds()
    if whole <= 0:
        return Decimal(1) if gone >= 0 else Decimal(0)
    return Decimal(min(1.0, max(0.0, gone / whole)))
