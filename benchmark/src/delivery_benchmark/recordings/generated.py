"""Recordings of larger bases, made from the published table: the accuracies are its own, the shapes those of real runs.

Published are held-out accuracies of four bases on BANKING77 before and after training, for four arms (arXiv 2609.25237).
What is not published is taken from the real run of the same arm on SmolLM2-135M: the curve of loss and gradient norm, the
share of the final gain reached at each look (of arms that learn nothing, all of the change at the first look, as their real
gain is too near to nought to tell shares of it), and the canary, which sees data and no base. Which items are right is drawn
by a generator whose seed is the recording's name and seed, so that every machine makes the same one; the totals are exact.
"""

from __future__ import annotations

import random
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from delivery_benchmark.recordings import tbdl
from delivery_benchmark.recordings.model import Arm, Recording, Scored, Seen
from delivery_benchmark.scenarios.bases import BASES
from delivery_oracle.configurator import architecture

PUBLISHED: dict[str, tuple[float, dict[str, float]]] = {
    "qwen3-8b": (0.328, {"correct": 0.784, "permute": 0.038, "noise": 0.335, "mask": 0.767}),
    "gemma-2-9b": (0.329, {"correct": 0.791, "permute": 0.040, "noise": 0.335, "mask": 0.791}),
    "qwen3-32b": (0.307, {"correct": 0.797, "permute": 0.045, "noise": 0.386, "mask": 0.773}),
    "llama-3.3-70b": (0.239, {"correct": 0.755, "permute": 0.033, "noise": 0.216, "mask": 0.717}),
}
"""Base to its untuned accuracy and the accuracy after each arm."""
HOLDOUT = 1000
LOOK_ITEMS = 128
LOST = {"correct": 0.10, "mask": 0.12, "noise": 0.45, "permute": 0.96}
"""Share of the base's right answers that the candidate gets wrong; our assumption, as only the totals are published."""


@cache
def generated(base: str, arm: Arm, seed: int = 1) -> Recording:
    """The recording of a base and an arm of the published table."""
    shape = tbdl.recorded(arm, seed)
    untuned, after = PUBLISHED[base]
    draw = random.Random(f"{base}/{arm}/{seed}")
    keys = _shapes()[BASES[base].hub]
    net = architecture.read(keys)
    looks = tuple(
        Seen(at=at, pairs=tuple(outcomes(untuned, after[arm], share, LOST[arm], LOOK_ITEMS, draw)))
        for at, share in _reached(shape)
    )
    holdout = outcomes(untuned, after[arm], 1.0, LOST[arm], HOLDOUT, draw)
    preflight = shape.preflight.model_copy(
        update={"layers": net.layers, "layers_adapted": net.layers, "parameters": net.parameters}
    )
    return shape.model_copy(
        update={
            "name": f"{base}/{arm}",
            "source": f"published table, {base}, {arm}; curves of {shape.source}",
            "seconds_a_step": None,
            "looks": looks,
            "holdout": tuple(scored(b, c) for b, c in holdout),
            "architecture": keys,
            "base_bytes": 2 * net.parameters,
            "context_length": net.positions,
            "preflight": preflight,
            "peak_memory_bytes": 0,
        }
    )


@cache
def _shapes() -> dict[str, dict[str, Any]]:
    """Architecture keys of well-known bases, as the oracle ships them."""
    read: dict[str, dict[str, Any]] = yaml.safe_load((files("delivery_oracle") / "data" / "bases.yaml").read_text("utf-8"))
    return read


def _reached(shape: Recording) -> list[tuple[float, float]]:
    """Share of the run to share of the final change in accuracy, as the real run of the arm showed it."""
    gains = [(look.at, sum(c - b for b, c in look.pairs) / len(look.pairs)) for look in shape.looks]
    final = gains[-1][1]
    return [(at, min(1.0, max(0.0, gain / final)) if shape.related else 1.0) for at, gain in gains]


def outcomes(
    untuned: float, after: float, share: float, lost: float, items: int, draw: random.Random
) -> list[tuple[float, float]]:
    """Base and candidate on so many items, of which exactly these shares are right, in an order drawn.

    `share` is how much of the way from untuned to after is gone, `lost` the share of the base's right answers that are wrong
    at its end; where the totals leave no room for it, as much as they leave.
    """
    right = round(untuned * items)
    now = round((untuned + share * (after - untuned)) * items)
    both = min(right, now, round(right * (1 - share * lost)))
    both = max(both, right + now - items)
    wins, losses = now - both, right - both
    pairs = [(1.0, 1.0)] * both + [(0.0, 1.0)] * wins + [(1.0, 0.0)] * losses
    pairs += [(0.0, 0.0)] * (items - len(pairs))
    draw.shuffle(pairs)
    return pairs


def scored(base: float, candidate: float) -> Scored:
    """An item as the engine scores it; answers are told apart where one is right and the other is not."""
    if base == candidate:
        return Scored(base=base, candidate=candidate, free=candidate)
    says = {0.0: "label_01", 1.0: "label_00"}
    return Scored(base=base, candidate=candidate, free=candidate, base_answer=says[base], candidate_answer=says[candidate])
