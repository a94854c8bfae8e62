"""Loss and clean probe by step, beside the certificate: whoever paid may see how the run went, and no item of it."""

from typing import Any

from delivery_api.evidence import Look, TrainEvidence

MOST_STEPS = 200


def training(evidence: TrainEvidence) -> dict[str, Any]:
    """The curves of a run; of a long one every so many steps, its last among them."""
    losses = [[one.step, one.loss] for one in evidence.steps if one.loss is not None]
    every = max(1, -(-len(losses) // MOST_STEPS))
    kept = [*losses[::every], *(losses[-1:] if losses and (len(losses) - 1) % every else [])]
    return {"plannedSteps": evidence.planned_steps, "loss": kept, "looks": [_look(one) for one in evidence.looks if one.items]}


def _look(one: Look) -> dict[str, Any]:
    gain = sum(item.candidate - item.base for item in one.items) / len(one.items)
    return {"step": one.step, "gain": round(gain, 6), "items": len(one.items)}
