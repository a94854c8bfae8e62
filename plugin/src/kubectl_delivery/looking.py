"""One look at a delivery: ten stages, training as it goes, and the money."""

from dataclasses import dataclass
from datetime import datetime

from delivery_api.delivery import Delivery
from delivery_api.stages import CONDITION, STAGES
from delivery_api.status import DeliveryStatus

from .spending import Spending, spending

VERDICT = {"True": "Pass", "False": "Fail", "Unknown": "Unknown"}


@dataclass(frozen=True, slots=True)
class StageLook:
    """A stage as it stands."""

    stage: str
    verdict: str
    reason: str
    message: str
    since: str | None


@dataclass(frozen=True, slots=True)
class Training:
    """The run as it goes."""

    step: int
    steps: int
    loss: str
    probe: str | None
    eta_seconds: int | None


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that `watch` shows."""

    name: str
    namespace: str
    state: str
    gain: str | None
    stages: tuple[StageLook, ...]
    training: Training | None
    money: Spending
    over: bool
    """Whether nothing more happens by itself: delivered, or failed with its bill and certificate."""
    delivered: bool


def look(delivery: Delivery, now: datetime) -> Look:
    """As of now."""
    status = delivery.status or DeliveryStatus()
    conditions = {one.type: one for one in status.conditions}
    stages = tuple(
        StageLook(str(stage), VERDICT[one.status], one.reason, one.message, one.last_transition_time)
        if (one := conditions.get(CONDITION[stage]))
        else StageLook(str(stage), "Unknown", "Waiting", "", None)
        for stage in STAGES
    )
    going = status.progress
    trains = going is not None and any(one.stage == "train" and one.reason == "JobRunning" for one in stages)
    delivered = "Ready" in conditions and conditions["Ready"].status == "True"
    issued = stages[-1].reason in ("CardIssued", "ClaimUnsupported")
    return Look(
        name=str(delivery.metadata["name"]),
        namespace=str(delivery.metadata["namespace"]),
        state=status.state or "Waiting",
        gain=status.gain,
        stages=stages,
        training=Training(going.step, going.steps, going.loss, going.probe, going.eta_seconds) if trains and going else None,
        money=spending(delivery, now),
        over=delivered or issued,
        delivered=delivered,
    )
