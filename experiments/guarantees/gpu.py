"""What a step costs, by assumption: LoRA on H200s, so that items become steps, hours and dollars."""

from __future__ import annotations

import math

from delivery_api.sealed import LOOK_ITEMS

STEPS = 300
WARMUP_END = 60
LOOK_EVERY = 10
TOKENS_A_STEP = 16_384
FLOPS_PER_TOKEN_AND_PARAMETER = 4.0
"""LoRA: forward, and backward through the activations only."""
PEAK_FLOPS, UTILISATION, DOLLARS_AN_HOUR = 989e12, 0.35, 4.00


def hours(parameters: float, steps: float) -> float:
    """GPU-hours of so many steps."""
    work = FLOPS_PER_TOKEN_AND_PARAMETER * parameters * TOKENS_A_STEP * steps
    return work / (PEAK_FLOPS * UTILISATION * 3600)


def step_of(items: float) -> int | None:
    """The step at which so many items have been looked at, 64 every ten steps after the warm-up; None beyond the last."""
    if not math.isfinite(items):
        return None
    step = WARMUP_END + LOOK_EVERY * (math.ceil(items / LOOK_ITEMS) - 1)
    return step if step <= STEPS else None
