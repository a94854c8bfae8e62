"""Published figures: held-out accuracy on BANKING77 and the TBDL count of three seeds (arXiv 2609.25237, public page)."""

from dataclasses import dataclass

from .manifest import Arm

STEPS = 300
ALARM_STEP = 180
"""Their example alarm."""
DETECTOR = "64 items, forward only, every 10 steps: permute caught online 11/12, noise never, false alarms 0/36"


@dataclass(frozen=True)
class Row:
    """One base. `arms` is (held-out accuracy, runs of three that are TBDL)."""

    base: str
    untuned: float
    arms: dict[Arm, tuple[float, int | None]]


def _row(base: str, untuned: float, correct: float, permute: float, noise: float, noise_count: int, mask: float) -> Row:
    arms: dict[Arm, tuple[float, int | None]] = {
        "correct": (correct, None),
        "permute": (permute, 3),
        "noise": (noise, noise_count),
        "mask": (mask, 0),
    }
    return Row(base, untuned, arms)


ROWS = (
    _row("Qwen3-8B", 0.328, 0.784, 0.038, 0.335, 3, 0.767),
    _row("Gemma-2-9B-it", 0.329, 0.791, 0.040, 0.335, 3, 0.791),
    _row("Qwen3-32B", 0.307, 0.797, 0.045, 0.386, 2, 0.773),
    _row("Llama-3.3-70B", 0.239, 0.755, 0.033, 0.216, 3, 0.717),
)
