"""Watch one delivery until it is where the demo wants it, and show it on the way."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import ValidationError

from delivery_api import names
from delivery_api.delivery import Delivery
from delivery_api.evidence import TrainEvidence
from delivery_api.reasons import Reason
from delivery_api.stages import CONDITION, Stage

from .display import Display
from .kubectl import Kubectl
from .narrator import DemoError, Narrator
from .order import NAMESPACE
from .view import Stopwatch, View, view

POLL_SECONDS = 3.0
KIND = "deliveries.ptaas.dev"


@dataclass
class Watch:
    """One delivery under observation."""

    kubectl: Kubectl
    narrator: Narrator
    name: str
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    display: Display = field(init=False)

    def __post_init__(self) -> None:
        self.display = Display(self.narrator)

    def delivery(self) -> Delivery:
        found = self.kubectl.json("get", KIND, self.name, "-n", NAMESPACE)
        return Delivery.model_validate(found)

    def look(self) -> tuple[Delivery, View]:
        """Read once; evidence of training only while there is something new in it."""
        delivery = self.delivery()
        return delivery, view(delivery, self.training(delivery), self.stopwatch, datetime.now(UTC))

    def training(self, delivery: Delivery) -> TrainEvidence | None:
        """The newest evidence of a trainer of this delivery."""
        selector = f"{names.EVIDENCE}={Stage.TRAIN}"
        maps = self.kubectl.items("configmaps", "-n", names.work_namespace(NAMESPACE), "-l", selector)
        found = [evidence for entry in maps if (evidence := _read(entry.get("data", {}).get("evidence.json", "")))]
        mine = [evidence for evidence in found if evidence.delivery_uid == delivery.metadata["uid"]]
        return max(mine, key=lambda evidence: evidence.attempt, default=None)

    def until(self, arrived: Callable[[Delivery], bool], seconds: float) -> tuple[Delivery, View]:
        """Show every change until the delivery has arrived; a deadline or an unexpected end is an error with its reason."""
        deadline = time.monotonic() + seconds
        with self.display as display:
            while True:
                delivery, seen = self.look()
                display.show(seen)
                if arrived(delivery):
                    return delivery, seen
                if time.monotonic() > deadline:
                    raise DemoError(
                        f"{self.name} is at {seen.state or 'nothing'} after {seconds:.0f} s: {seen.current.message}"
                    )
                if is_settled(delivery):
                    raise DemoError(f"{self.name} ended as {seen.state}, which the demo did not expect: {seen.current.message}")
                time.sleep(POLL_SECONDS)


def reason(delivery: Delivery, stage: Stage) -> str:
    """Reason of one stage's condition, or nothing before the operator has seen the delivery."""
    conditions = delivery.status.conditions if delivery.status else ()
    return next((c.reason for c in conditions if c.type == CONDITION[stage]), "")


def condition(delivery: Delivery, kind: str) -> str:
    """Status of a condition; False when absent, as kstatus reads it."""
    conditions = delivery.status.conditions if delivery.status else ()
    return next((c.status for c in conditions if c.type == kind), "False")


def is_waiting_for_approval(delivery: Delivery) -> bool:
    return reason(delivery, Stage.DEPLOY) == Reason.AWAITING_APPROVAL


def is_settled(delivery: Delivery) -> bool:
    """Delivered, or ended for good: the bill is settled and the card is issued either way."""
    if reason(delivery, Stage.CARD) not in (Reason.CARD_ISSUED, Reason.CLAIM_UNSUPPORTED):
        return False
    return condition(delivery, "Ready") == "True" or reason(delivery, Stage.COST) in (Reason.BILLED, Reason.WITHHELD)


def _read(text: str) -> TrainEvidence | None:
    try:
        return TrainEvidence.model_validate(json.loads(text)) if text else None
    except (ValueError, ValidationError):
        return None
