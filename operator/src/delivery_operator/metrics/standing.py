"""What is remembered of one Delivery between two scrapes: read from its status once, when the status changes."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from delivery_api.finding import CONDITION_STATUS, Verdict
from delivery_api.reasons import Reason
from delivery_api.stages import CONDITION, Stage
from delivery_api.status import Condition, CostStatus, DeliveryStatus, LedgerEntry
from delivery_operator import times
from delivery_oracle import money

VERDICT_OF: dict[str, Verdict] = {status: verdict for verdict, status in CONDITION_STATUS.items()}
STAGE_OF: dict[str, Stage] = {kind: stage for stage, kind in CONDITION.items()}
CAUGHT_BY: dict[Reason, str] = {
    Reason.LABELS_UNRELATED: "canary",
    Reason.PREFLIGHT_FAILED: "preflight",
    Reason.NOT_LEARNING: "probe",
    Reason.NOT_LEARNED: "audit",
}
"""Reasons of a Fail that say: it would train, or trains, and does not learn; and which of the four guards says so."""
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Held:
    """What one pod held."""

    accelerator_class: str
    stage: Stage
    seconds: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Standing:
    """A Delivery, as far as metrics tell of it."""

    uid: str
    namespace: str
    stage: str
    state: str
    verdicts: tuple[tuple[Stage, Verdict, str], ...]
    currency: str
    limit: Decimal
    cost: CostStatus | None
    held: tuple["Held", ...]
    """Of closed entries: summed once, for they do not change."""
    predicted_hours: Decimal
    foreseen: tuple[tuple[str, Decimal], ...]
    """(quantity, measured over predicted) of its training run."""
    trained_at: datetime | None
    """When that run ended."""
    tbdl: tuple[tuple[str, datetime], ...]
    """(guard, when)."""
    settled_at: datetime | None
    """When it got its final bill."""
    asked_at: datetime | None
    """When an approval was asked for that is still waited for."""
    overridden_at: datetime | None
    """When somebody had it served although its audit did not pass."""
    by_override: bool
    """Whether that still stands."""
    replicas: int
    serves_on: str
    """AcceleratorClass of its servers."""
    serves_with: int
    """Accelerators of each server."""

    @property
    def ledger(self) -> tuple[LedgerEntry, ...]:
        """As written last."""
        return self.cost.ledger if self.cost else ()

    @property
    def settled(self) -> bool:
        """Whether it has its final bill."""
        return self.settled_at is not None


def standing(raw: dict[str, Any]) -> Standing:
    """Read a Delivery; the API server has checked it against the schema."""
    status = DeliveryStatus.model_validate(raw.get("status") or {})
    budget = raw["spec"]["terms"]["budget"]
    stages = [(STAGE_OF[one.type], one) for one in status.conditions if one.type in STAGE_OF]
    return Standing(
        uid=raw["metadata"]["uid"],
        namespace=raw["metadata"].get("namespace", ""),
        stage=status.stage or str(Stage.INTAKE),
        state=status.state or str(Reason.WAITING),
        verdicts=tuple((stage, VERDICT_OF[one.status], one.reason) for stage, one in stages),
        currency=budget["currency"],
        limit=Decimal(budget["limit"]),
        cost=status.cost,
        held=tuple(
            held(entry, entry.finished_at) for entry in (status.cost.ledger if status.cost else ()) if entry.finished_at
        ),
        predicted_hours=Decimal(status.resolved.hours) if status.resolved else NOTHING,
        foreseen=_foreseen(status),
        trained_at=_trained_at(status),
        tbdl=tuple(flag for _, one in stages if (flag := _flag(one)) is not None),
        settled_at=_settled_at(status),
        asked_at=_asked_at(status),
        overridden_at=_overridden_at(status),
        by_override=status.approval is not None and status.approval.override is not None and status.approval.closed is None,
        replicas=status.serving.ready_replicas if status.serving else 0,
        serves_on=(status.resolved.schedule.accelerator_class if status.resolved else None) or "",
        serves_with=(status.resolved.schedule.count if status.resolved else None) or 1,
    )


def _trained_at(status: DeliveryStatus) -> datetime | None:
    ends = (one.finished_at for one in status.stages if one.name is Stage.TRAIN)
    return next((times.parse(end) for end in ends if end), None)


def _foreseen(status: DeliveryStatus) -> tuple[tuple[str, Decimal], ...]:
    seen = status.prediction
    quantities = (("peak_memory", seen.peak_memory), ("tokens_per_second", seen.tokens_per_second)) if seen else ()
    return tuple((name, Decimal(one.measured) / Decimal(one.predicted)) for name, one in quantities if one is not None)


def held(entry: LedgerEntry, until: str) -> Held:
    """What a pod held from its start to some time."""
    seconds = money.seconds_between(entry.started_at, until) * entry.accelerators
    return Held(entry.accelerator_class, entry.stage, seconds, money.price(seconds, Decimal(entry.price_per_hour)))


def _flag(one: Condition) -> tuple[str, datetime] | None:
    guard = next((guard for reason, guard in CAUGHT_BY.items() if one.reason == reason), None)
    return (guard, times.parse(one.last_transition_time)) if guard and VERDICT_OF[one.status] is Verdict.FAIL else None


def _asked_at(status: DeliveryStatus) -> datetime | None:
    waits = status.state == Reason.AWAITING_APPROVAL and status.approval is not None
    return times.parse(status.approval.requested_at) if waits and status.approval else None


def _settled_at(status: DeliveryStatus) -> datetime | None:
    billed = status.cost is not None and status.cost.billed is not None
    settling = (one for one in status.conditions if one.type == CONDITION[Stage.COST])
    return next((times.parse(one.last_transition_time) for one in settling), None) if billed else None


def _overridden_at(status: DeliveryStatus) -> datetime | None:
    ruling = status.approval.override if status.approval else None
    return times.parse(ruling.at) if ruling else None
