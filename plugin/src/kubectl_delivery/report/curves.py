"""Loss and clean probe by step: from the certificate, or from the evidence for who may read it."""

import json
from dataclasses import dataclass

from delivery_api.evidence import TrainEvidence


@dataclass(frozen=True, slots=True)
class Curves:
    """What training said of itself, beside what fresh sealed items said."""

    planned_steps: int
    loss: tuple[tuple[int, float], ...]
    """(step, loss)."""
    probe: tuple[tuple[int, float, int], ...]
    """(step, gain over the base, items) of each look."""


def of_certificate(documents: dict[str, str]) -> Curves | None:
    """The curves that the operator put beside the certificate."""
    if "training.json" not in documents:
        return None
    told = json.loads(documents["training.json"])
    return Curves(
        planned_steps=int(told["plannedSteps"]),
        loss=tuple((int(step), float(loss)) for step, loss in told["loss"]),
        probe=tuple((int(look["step"]), float(look["gain"]), int(look["items"])) for look in told["looks"]),
    )


def of_evidence(text: str) -> Curves:
    """The same from a trainer's evidence as it was written."""
    return of_training(TrainEvidence.model_validate_json(text))


def of_training(seen: TrainEvidence) -> Curves:
    """The same from a trainer's evidence, in the middle of a run too."""
    gains = ((look, [one.candidate - one.base for one in look.items]) for look in seen.looks)
    return Curves(
        planned_steps=seen.planned_steps,
        loss=tuple((one.step, one.loss) for one in seen.steps if one.loss is not None),
        probe=tuple((look.step, sum(gain) / len(gain), len(gain)) for look, gain in gains if gain),
    )
