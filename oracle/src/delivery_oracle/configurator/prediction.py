"""A prediction held against the run: memory and speed that the trainer measured, over what was expected before it started.

A figure that is more than a fifth off says so in the condition of the stage, on the card and as a metric. It is no verdict:
a run that was slower than foreseen may be a good delivery, and its money is kept by the budget.
"""

from __future__ import annotations

from decimal import Decimal

from delivery_api.evidence import TrainEvidence
from delivery_api.prediction import Compared, Prediction, PredictionStatus

TOLERANCE = Decimal("0.20")
GIGA = Decimal(10) ** 9


def of(peak_bytes: int, tokens_per_second: float) -> Prediction:
    """What a resolution remembers of its estimate."""
    return Prediction(peak_memory_bytes=peak_bytes, tokens_per_second=f"{tokens_per_second:.1f}")


def compare(predicted: Prediction | None, measured: TrainEvidence | None) -> PredictionStatus | None:
    """Measured against predicted; None where there is nothing to compare."""
    if predicted is None or measured is None:
        return None
    peak = compared(Decimal(predicted.peak_memory_bytes), Decimal(measured.peak_memory_bytes))
    speed = compared(Decimal(predicted.tokens_per_second), Decimal(str(measured.tokens_per_second)))
    return PredictionStatus(peak_memory=peak, tokens_per_second=speed) if peak or speed else None


def compared(predicted: Decimal, measured: Decimal) -> Compared | None:
    """One quantity; None where it was not measured."""
    if predicted <= 0 or measured <= 0:
        return None
    return Compared(predicted=f"{predicted:f}", measured=f"{measured:f}", ratio=f"{measured / predicted:.2f}")


def is_off(one: Compared | None) -> bool:
    """More than a fifth away from what was predicted."""
    return one is not None and abs(Decimal(one.measured) / Decimal(one.predicted) - 1) > TOLERANCE


def off(seen: PredictionStatus) -> tuple[str, ...]:
    """The quantities that are off, as people call them."""
    quantities = (("memory", seen.peak_memory), ("speed", seen.tokens_per_second))
    return tuple(name for name, one in quantities if is_off(one))


def sentence(seen: PredictionStatus) -> str:
    """Both sides of each comparison, and what is off."""
    parts = []
    if seen.peak_memory is not None:
        memory = seen.peak_memory
        parts.append(f"memory {gigabytes(memory.measured)} GB of {gigabytes(memory.predicted)} GB predicted")
    if seen.tokens_per_second is not None:
        speed = seen.tokens_per_second
        parts.append(f"{speed.measured} tokens/s of {speed.predicted} predicted")
    wrong = off(seen)
    said = f" (prediction of {' and '.join(wrong)} more than a fifth off)" if wrong else ""
    return ", ".join(parts) + said


def gigabytes(size: str) -> str:
    """Bytes as people read them."""
    return f"{Decimal(size) / GIGA:.2f}"
