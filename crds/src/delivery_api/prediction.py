"""What was foretold of a run's memory and speed, beside what the trainer measured."""

from delivery_api.model import Model


class Prediction(Model):
    """What the training run was expected to take, before it started."""

    peak_memory_bytes: int
    """Most bytes held on one accelerator."""
    tokens_per_second: str
    """Of all accelerators together, in training steps alone, padding not counted."""


class Compared(Model):
    """One quantity, predicted and measured."""

    predicted: str
    """Before the start."""
    measured: str
    """By the trainer."""
    ratio: str
    """Measured over predicted."""


class PredictionStatus(Model):
    """The training run as measured, against its prediction."""

    peak_memory: Compared | None = None
    """In bytes; absent when it was not measured."""
    tokens_per_second: Compared | None = None
    """Of all accelerators; absent when it was not measured."""
