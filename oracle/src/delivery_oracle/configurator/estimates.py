"""A row of `delivery-oracle estimate` answered: peak memory, whether it fits, and speed, each with its 90 % interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from delivery_oracle.configurator import run as runs
from delivery_oracle.configurator.coefficients import fitted
from delivery_oracle.configurator.footprint import Footprint, footprint
from delivery_oracle.configurator.run import Run
from delivery_oracle.configurator.throughput import throughput

PARTS = ("weights", "adapter", "gradients", "optimizer", "activations", "logits", "workspace", "fragmentation")
SURE, IMPOSSIBLE = 0.98, 1.15
"""Shares of the accelerator's memory up to which a run fits and from which it cannot; between them it is unknown."""


def estimate(row: Mapping[str, Any]) -> dict[str, Any]:
    """The output keys of one row; ValueError says what is wrong with it."""
    try:
        return answer(runs.read(row))
    except ArithmeticError:
        raise ValueError("the row's numbers are out of range; check architecture, sequence_length and count") from None


def answer(run: Run) -> dict[str, Any]:
    """Estimate of a run that is read."""
    c = fitted()
    held, pace = footprint(run), throughput(run)
    speed, factor = pace.tokens_per_second, math.exp(c.speed_spread * pace.doubt)
    breakdown = {name: int(getattr(held, name)) for name in PARTS}
    peak = sum(breakdown.values())
    return {
        "peak_bytes": peak,
        "peak_bytes_low": int(peak * c.memory_low),
        "peak_bytes_high": int(peak * c.memory_high),
        "fits": fits(run, held),
        "tokens_per_second": round(speed, 2),
        "tokens_per_second_low": round(speed / factor, 2),
        "tokens_per_second_high": round(speed * factor, 2),
        "breakdown": breakdown,
        "assumptions": assumptions(run, held),
    }


def fits(run: Run, held: Footprint) -> bool | str:
    """true, false, or "unknown" within the margin of error."""
    share = held.needed / run.accelerator.memory
    if share <= SURE:
        return True
    return False if share >= IMPOSSIBLE else "unknown"


def assumptions(run: Run, held: Footprint) -> list[str]:
    """What was filled in, what memory means here, and when it peaks."""
    counter = {"allocated": "peak allocated", "reserved": "peak reserved", "device": "used of the device"}[run.stack.counter]
    return [
        *run.assumed,
        f"memory is {counter} by the trainer, peaking at the {MOMENTS[held.moment]}",
        f"{run.accelerator.name}: {run.accelerator.memory / 1e9:.4g} GB",
    ]


MOMENTS = {
    "loss": "loss",
    "backward": "first layer of the backward pass",
    "gradients": "end of the backward pass",
    "update": "optimizer's update",
    "loading": "loading of the whole model beside its shard",
}
