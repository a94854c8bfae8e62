"""One look at a delivery, as rows for people: ten stages, and what is known of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import takewhile

from delivery_api.delivery import Delivery
from delivery_api.evidence import Look, TrainEvidence
from delivery_api.finding import Verdict
from delivery_api.reasons import Reason
from delivery_api.stages import CONDITION, STAGES, Stage
from delivery_api.status import DeliveryStatus

VERDICT = {"True": Verdict.PASS, "False": Verdict.FAIL, "Unknown": Verdict.UNKNOWN}
PASSABLE = {str(reason) for reason in Reason if not reason.blocks}
LAST_STEPS = 5


@dataclass(frozen=True)
class Row:
    """One stage as it stands."""

    stage: Stage
    verdict: Verdict
    reason: str
    message: str
    seconds: float

    @property
    def settled(self) -> bool:
        """Whether the stage has ended: a pass, a failure, or an Unknown that lets the next one start."""
        return self.verdict is not Verdict.UNKNOWN or self.reason in PASSABLE

    @property
    def opens(self) -> bool:
        """Whether the stage after it may begin."""
        return self.settled and self.verdict is not Verdict.FAIL


@dataclass
class Stopwatch:
    """Seconds each stage took, as somebody who watches counts them.

    A stage begins when all stages before it let it and ends when it settles, so that waiting for a
    pod is part of the stage that waits.
    """

    begun: dict[Stage, float] = field(default_factory=dict)
    ended: dict[Stage, float] = field(default_factory=dict)

    def look(self, rows: Sequence[Row], now: float) -> None:
        """Take note of which of the ten have settled."""
        may_begin = True
        for row in rows:
            if may_begin:
                self.begun.setdefault(row.stage, now)
            if row.settled:
                self.begun.setdefault(row.stage, now)
                self.ended.setdefault(row.stage, now)
            may_begin = may_begin and row.opens

    def seconds(self, stage: Stage, now: float) -> float:
        begun = self.begun.get(stage)
        return 0.0 if begun is None else self.ended.get(stage, now) - begun


@dataclass(frozen=True)
class View:
    """Everything the display shows."""

    name: str
    rows: tuple[Row, ...]
    cost: Decimal
    currency: str
    training: str
    state: str

    @property
    def current(self) -> Row:
        """The first stage that does not let the next one begin, or the last."""
        passed = len(list(takewhile(lambda row: row.opens, self.rows)))
        return self.rows[min(passed, len(self.rows) - 1)]


def view(delivery: Delivery, training: TrainEvidence | None, stopwatch: Stopwatch, now: datetime) -> View:
    """What to show now; the stopwatch takes its look."""
    status = delivery.status or DeliveryStatus()
    bare = [_row(stage, status) for stage in STAGES]
    stopwatch.look(bare, now.timestamp())
    rows = tuple(
        Row(row.stage, row.verdict, row.reason, row.message, stopwatch.seconds(row.stage, now.timestamp())) for row in bare
    )
    return View(
        name=str(delivery.metadata.get("name", "")),
        rows=rows,
        cost=cost_so_far(status, now),
        currency=delivery.spec.terms.budget.currency,
        training=training_line(training, status),
        state=status.state or "",
    )


def _row(stage: Stage, status: DeliveryStatus) -> Row:
    for condition in status.conditions:
        if condition.type == CONDITION[stage]:
            return Row(stage, VERDICT[condition.status], condition.reason, condition.message, 0.0)
    return Row(stage, Verdict.UNKNOWN, Reason.WAITING, "", 0.0)


def cost_so_far(status: DeliveryStatus, now: datetime) -> Decimal:
    """Closed ledger entries, and open ones up to now."""
    if status.cost is None:
        return Decimal(0)
    open_entries = [entry for entry in status.cost.ledger if entry.finished_at is None]
    running = sum(
        (Decimal(_since(entry.started_at, now)) * entry.accelerators * Decimal(entry.price_per_hour) for entry in open_entries),
        Decimal(0),
    )
    return Decimal(status.cost.amount) + running / 3600


def _since(stamp: str, now: datetime) -> int:
    return max(0, int((now - datetime.fromisoformat(stamp)).total_seconds()))


def training_line(training: TrainEvidence | None, status: DeliveryStatus) -> str:
    """Step, loss and the clean probe beside it: the one falls in every run, the other only in good ones."""
    if training is None or not training.steps:
        progress = status.progress
        return f"step {progress.step}/{progress.steps}  loss {progress.loss}" if progress else ""
    losses = [step.loss for step in training.steps[-LAST_STEPS:] if step.loss is not None]
    loss = f"{sum(losses) / len(losses):.2f}" if losses else "not finite"
    text = f"step {training.steps[-1].step}/{training.planned_steps}  loss {loss}"
    return (
        text if not training.looks else f"{text}  probe {probe_gain(training.looks[-1]):+.2f} at step {training.looks[-1].step}"
    )


def probe_gain(look: Look) -> float:
    """Candidate less base on the fresh items of one look."""
    return sum(item.candidate - item.base for item in look.items) / max(1, len(look.items))
