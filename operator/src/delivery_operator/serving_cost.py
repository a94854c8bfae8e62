"""What serving costs: a ledger of its own, a limit of its own, a time to live, and when it has to end.

Servers are no part of what a delivery costs. They are charged as training pods are, from their containers' start to their
end, at the price that their class has when they are first seen; nothing is written while they merely run.
"""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from delivery_api.model import seconds_of
from delivery_api.stages import Stage
from delivery_api.status import LedgerEntry, ServingStatus
from delivery_operator import ledger, times
from delivery_operator.ledger import Witnesses
from delivery_operator.observed import Accelerated, Observed, Pod
from delivery_oracle import money

COUNTED = frozenset({Stage.DEPLOY})
MOST_ENTRIES = 32
"""Beyond so many, entries that have ended are kept as a sum."""
NOTHING = Decimal(0)


def told(observed: Observed) -> ServingStatus | None:
    """What serves or served, with what it has cost so far, and when it has to end. It is so whatever the stages say."""
    before = observed.status.serving
    if before is None:
        return None
    entries, earlier = _ledger(observed, before)
    if not entries and before.since is None:
        return before
    since = before.since or entries[0].started_at
    running = [one for one in entries if one.finished_at is None]
    closed = earlier + money.account(one for one in entries if one.finished_at).amount
    burn = sum((Decimal(one.price_per_hour) * one.accelerators for one in running), NOTHING)
    made = before.model_copy(update={"since": since, "amount": money.text(closed), "burn": money.text(burn), "ledger": entries})
    end = _end(observed, made)
    return made.model_copy(update={"ends_at": times.render(end) if end else None})


def _ledger(observed: Observed, before: ServingStatus) -> tuple[tuple[LedgerEntry, ...], Decimal]:
    """Entries, and what those come to that are no longer listed."""
    known = before.ledger
    earlier = Decimal(before.amount or "0") - money.account(one for one in known if one.finished_at).amount
    held = _held(observed, known)
    pods = tuple(replace(pod, accelerated=held) for pod in observed.pods if _serves(pod)) if held else ()
    entries = ledger.advance(known, Witnesses(observed.uid, pods, (), (), observed.now), COUNTED)
    here = {pod.name for pod in pods}
    old = [one for one in entries if one.finished_at and one.pod not in here][: max(0, len(entries) - MOST_ENTRIES)]
    return tuple(one for one in entries if one not in old), earlier + money.account(old).amount


def _serves(pod: Pod) -> bool:
    """A server; the pod that asks it questions is of a Job."""
    return pod.stage == Stage.DEPLOY and not pod.job


def _held(observed: Observed, known: tuple[LedgerEntry, ...]) -> Accelerated | None:
    """What one server holds, at today's price; of a class that is gone, at its last."""
    schedule = observed.status.resolved.schedule if observed.status.resolved else None
    if schedule is None or schedule.accelerator_class is None:
        return None
    kind = observed.classes.get(schedule.accelerator_class)
    price = kind.price_per_hour if kind else known[-1].price_per_hour if known else "0"
    return Accelerated(schedule.accelerator_class, schedule.count or 1, price)


def _end(observed: Observed, serving: ServingStatus) -> datetime | None:
    """When it is over, as things stand: it does not move while nothing starts or ends."""
    terms, ends = observed.spec.terms.serving, []
    if terms is None:
        return None
    if terms.time_to_live and serving.since:
        ends.append(times.shifted(serving.since, seconds_of(terms.time_to_live)))
    if terms.limit is not None and serving.since:
        ends += _spent_at(serving, Decimal(terms.limit))
    return min(ends, default=None)


def _spent_at(serving: ServingStatus, limit: Decimal) -> list[datetime]:
    """When the limit is spent at the present burn, from the starts of what runs: asked again later, it is the same time."""
    left, since = limit - Decimal(serving.amount or "0"), times.parse(serving.since or "")
    running = [one for one in serving.ledger if one.finished_at is None]
    rates = [Decimal(one.price_per_hour) * one.accelerators / money.SECONDS_AN_HOUR for one in running]
    if sum(rates) > 0:
        waited = [Decimal(int((times.parse(one.started_at) - since).total_seconds())) for one in running]
        head = sum((rate * seconds for rate, seconds in zip(rates, waited, strict=True)), NOTHING)
        return [since + timedelta(seconds=math.ceil((left + head) / sum(rates)))]
    last = max((one.finished_at for one in serving.ledger if one.finished_at), default=serving.since)
    return [times.parse(last or "")] if left <= 0 else []


def over(observed: Observed, serving: ServingStatus) -> str | None:
    """Why nothing may serve any more, and what to do."""
    terms = observed.spec.terms.serving
    if terms is None or serving.since is None or serving.ends_at is None or times.parse(serving.ends_at) > observed.now:
        return None
    if terms.time_to_live and times.shifted(serving.since, seconds_of(terms.time_to_live)) <= observed.now:
        said = f"spec.terms.serving.timeToLive={terms.time_to_live} is over since the first server started"
        return f"{said}; the servers are taken down; order another Delivery to serve again"
    return f"spec.terms.serving.limit={terms.limit} is spent; the servers are taken down; raise it to serve again"


def seconds_left(observed: Observed, serving: ServingStatus) -> float | None:
    """Seconds until it is over."""
    if serving.ends_at is None:
        return None
    return max(1.0, (times.parse(serving.ends_at) - observed.now).total_seconds())
