"""What was recorded of one run, without the names of its items: enough to write the evidence that such a run leaves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from delivery_api.evidence import Canary, Lengths, Preflight
from delivery_api.model import Model

Arm = Literal["correct", "permute", "noise", "mask", "format"]
Pair = tuple[float, float]
"""Score of the base and of the candidate on one item."""


class Seen(Model):
    """One look of the clean probe."""

    at: float
    """Share of the run that was done."""
    pairs: tuple[Pair, ...]


class Scored(Model):
    """One item of the holdout in the serving engine."""

    base: float
    candidate: float
    free: float
    base_answer: str | None = None
    candidate_answer: str | None = None


class Recording(Model):
    """One run. Steps are read by their share of the run, items by their place."""

    name: str
    """BASE/ARM."""
    source: str
    """Where it comes from, in words."""
    rows_seen: int
    """Training rows that the run saw: a run of fewer rows ends where this one was after as many."""
    losses: tuple[float, ...]
    grad_norms: tuple[float, ...]
    tokens_a_step: float
    seconds_a_step: float | None = None
    """Of one step as recorded; absent where the configurator's estimate stands for it."""
    looks: tuple[Seen, ...]
    holdout: tuple[Scored, ...]
    engine: str
    architecture: dict[str, int | float | str | bool | None]
    base_bytes: int
    context_length: int
    lengths: Lengths
    supervised_tokens: float
    preflight: Preflight
    adapter_norm: float
    peak_memory_bytes: int
    canary: Canary
    closeness: float = 0.5
    """How alike targets of neighbours are where targets are texts, in [0, 1]; chance gives 0.3."""
    related: bool = Field(True)
    """Whether training rows predict sealed items."""
