"""Deliveries as an API server would return them, for tests of what the demo shows and records."""

from typing import Any

from delivery_api.delivery import Delivery
from delivery_api.evidence import Look, Outcome, Step, TrainEvidence
from delivery_api.stages import CONDITION, STAGES, Stage

DIGEST = "sha256:" + "a" * 64
REQUEST = "7c1f" * 16
UID = "0b7e6a52-0000-4000-8000-000000000001"

Told = dict[Stage, tuple[str, str, str]]


def delivery(told: Told, **status: Any) -> Delivery:
    """A delivery whose stages say (status, reason, message); the others wait."""
    conditions = [condition(CONDITION[stage], *told.get(stage, ("Unknown", "Waiting", "Waits for intake"))) for stage in STAGES]
    source = {"uri": f"oci://registry/acme/x@{DIGEST}"}
    spec = {
        "terms": {
            "ticket": "Route <our> messages",
            "data": {"train": source, "sealed": source},
            "acceptance": {"minimumGain": "0.20"},
            "budget": {"limit": "2"},
        },
        "base": source,
        "output": {"repository": "oci://registry/acme/models"},
        "intake": {"task": "Classification", "fields": {"input": "text", "target": "intent"}, "metric": "Accuracy"},
    }
    metadata = {"name": "support-router", "namespace": "acme", "uid": UID}
    return Delivery.model_validate({"metadata": metadata, "spec": spec, "status": {"conditions": conditions, **status}})


def condition(kind: str, status: str, reason: str, message: str) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": 1,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }


def passed(*stages: Stage) -> Told:
    """These stages hold."""
    return {stage: ("True", "PlanSound", f"{stage} holds") for stage in stages}


def training(steps: int, *gains: float) -> TrainEvidence:
    """Evidence of a run that is `steps` far, with one look of four items a gain."""
    looks = tuple(
        Look(
            step=10 * number,
            seconds=3.0,
            items=tuple(Outcome(id=f"{number}-{n}", base=0.0, candidate=float(n < round(gain * 4))) for n in range(4)),
        )
        for number, gain in enumerate(gains, 1)
    )
    done = tuple(
        Step(step=n, loss=8.0 / n, grad_norm=1.0, learning_rate=1e-3, tokens=600, seconds=1.5) for n in range(1, steps + 1)
    )
    return TrainEvidence(delivery_uid=UID, inputs=DIGEST, attempt=1, pod="p", steps=done, looks=looks, planned_steps=100)


def cost(*entries: tuple[str, str | None], amount: str = "0", **rest: str) -> dict[str, Any]:
    """A ledger of pods by (start, end), one accelerator at 3.60 an hour: a tenth of a cent a second."""
    ledger = [
        {
            "pod": f"p{n}",
            "stage": "train",
            "attempt": 1,
            "acceleratorClass": "cpu",
            "accelerators": 1,
            "pricePerHour": "3.60",
            "startedAt": start,
            **({"finishedAt": end} if end else {}),
        }
        for n, (start, end) in enumerate(entries)
    ]
    return {"currency": "USD", "amount": amount, "ledger": ledger, **rest}
