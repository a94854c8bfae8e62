"""The recommended value of every field of a config, each with its reason in one sentence.

Measured on SmolLM2-135M: LoRA r=16 on all linear layers, 16 rows a step, peak rate 1e-3 with 20 % of warm-up and
linear decay, 100 steps for about 4,000 rows take BANKING77 from 0.03 to 0.61. Larger bases want smaller rates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from delivery_api.accelerator import AcceleratorClassSpec
from delivery_api.driver import Config, Plan
from delivery_oracle.configurator.architecture import ALL_LINEAR
from delivery_oracle.configurator.workload import Workload

BATCH_ROWS = 16
WARMUP_SHARE = 0.20
FEWEST_ROWS_SEEN, MOST_ROWS_SEEN = 1_600, 4_800
SHARE_OF_ROWS = 0.4
MOST_EPOCHS = 3
SEQUENCE_STEP = 16
HEADROOM = 1.5
FULL_RATE_SHARE = 20
RATES: tuple[tuple[float, str], ...] = ((1e9, "1e-3"), (6e9, "3e-4"), (25e9, "2e-4"), (math.inf, "1e-4"))
"""Peak LoRA rate up to so many parameters."""


@dataclass(frozen=True)
class Choice:
    """A value and why."""

    value: Any
    reason: str


def steps(load: Workload, batch: int) -> Choice:
    """Enough rows to learn the task, at most three passes over the data."""
    wanted = min(MOST_ROWS_SEEN, max(FEWEST_ROWS_SEEN, int(SHARE_OF_ROWS * load.rows)), MOST_EPOCHS * load.rows)
    count = max(1, math.ceil(wanted / batch))
    return Choice(count, f"{count} steps of {batch} rows see {count * batch} rows, {count * batch / load.rows:.2f} epochs")


def learning_rate(load: Workload, plan: Plan) -> Choice:
    """Smaller for larger bases, and twenty times smaller where all weights move."""
    size = load.base.parameters
    rate = next(text for limit, text in RATES if size <= limit)
    if plan.method != "Full":
        return Choice(rate, f"{rate} suits {plan.method} on {size / 1e9:.3g}B parameters")
    full = f"{float(rate) / FULL_RATE_SHARE:.0e}".replace("e-0", "e-")
    return Choice(full, f"{full} suits training all of {size / 1e9:.3g}B parameters")


def precision(kind: AcceleratorClassSpec) -> Choice:
    where = "tensor cores" if kind.image == "cuda" else "vector units"
    return Choice("bf16", f"bf16 halves memory and needs no loss scaling on this class's {where}")


def sequence_length(load: Workload) -> Choice:
    wanted = math.ceil(HEADROOM * load.longest / SEQUENCE_STEP) * SEQUENCE_STEP
    value = min(load.context, wanted)
    return Choice(value, f"the longest training row has {load.longest} tokens, and sealed rows may be longer")


def simple(load: Workload, plan: Plan) -> dict[str, Choice]:
    """Fields that depend on method and base alone."""
    chosen = {
        "learning_rate": learning_rate(load, plan),
        "optimizer": Choice("AdamW", "AdamW is what the recipe was measured with"),
        "seed": Choice(1, "a fixed seed, so that the run can be repeated"),
        "sequence_length": sequence_length(load),
    }
    if plan.method != "Full":
        chosen["rank"] = Choice(16, "rank 16 holds a task of tens of labels and costs under 4 % of the base")
        chosen["targets"] = Choice((ALL_LINEAR,), "all linear layers, so that no layer is left without an adapter")
    return chosen


def alpha(rank: int) -> Choice:
    return Choice(2 * rank, f"alpha twice the rank of {rank}, the scale the learning rate was measured with")


def warmup(count: int) -> Choice:
    value = round(WARMUP_SHARE * count)
    return Choice(value, f"{value} of {count} steps, a fifth, as the rate peaks high")


def fill(given: Config, chosen: dict[str, Choice]) -> tuple[Config, dict[str, str]]:
    """Given values stay; what is left out is filled in. The second value has the reason of each field."""
    update, reasons = {}, {}
    for field, choice in chosen.items():
        if getattr(given, field) is None:
            update[field] = choice.value
            reasons[field] = choice.reason
        else:
            reasons[field] = "given, and certified"
    return given.model_copy(update=update), reasons
