"""What of a model is trained, whether gradients reach it, and whether a step of the optimizer leaves a trace in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor
from torch.distributed.tensor import DTensor

LAYER = re.compile(r"\.(?:layers|h|blocks|block)\.(\d+)\.")
SAMPLE = 65_536
FIRST_STEPS = 3
RELATIVE_TOLERANCE = 0.05
NO_LEAK_TOLERANCE = 1e-4


def whole(value: Tensor) -> Tensor:
    """A tensor that is spread over the processes of a run, gathered, for which all of them must ask; any other as it is."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def adapters(model: Any) -> Iterator[tuple[str, Any]]:
    """Layers with an adapter, by their name in the base."""
    for name, module in model.named_modules():
        if isinstance(module, LoraLayer):
            yield name.removeprefix("base_model.model."), module


def trained(model: Any) -> list[tuple[str, Tensor]]:
    """Names and values of what is trained."""
    return [(name, value) for name, value in model.named_parameters() if value.requires_grad]


def layer_numbers(names: Iterable[str]) -> frozenset[str]:
    """Numbered layers that the names are in."""
    return frozenset(match[1] for name in names if (match := LAYER.search(f".{name}")))


def layers(model: Any) -> int:
    """Numbered layers of the base."""
    return int(model.config.get_text_config().num_hidden_layers)


def layers_adapted(model: Any) -> int:
    """Numbered layers with an adapter; without adapters, with anything that is trained."""
    names = [name for name, _ in adapters(model)] or [name for name, _ in trained(model)]
    return len(layer_numbers(names))


def expected_parameters(model: Any) -> int:
    """What should be trained: r (d_in + d_out) for every adapter, and modules that are saved with them.

    Without adapters, what is trained: to freeze a part is a choice.
    """
    wrapped = list(adapters(model))
    if not wrapped:
        return sum(value.numel() for _, value in trained(model))
    total = 0
    for _, layer in wrapped:
        total += sum(int(layer.r[name]) * (layer.in_features + layer.out_features) for name in layer.active_adapters)
    beside = [value for name, value in model.named_parameters() if ".modules_to_save." in name]
    return total + int(sum(value.numel() for value in beside))


def gradients_reach(model: Any, loss: Callable[[], Tensor]) -> bool:
    """Whether one backward pass gives every numbered layer with trained weights a gradient, in training mode.

    The weights, the mode and the random state are left as they were.
    """
    was_training, values = model.training, trained(model)
    model.train()
    model.zero_grad()
    with torch.random.fork_rng():
        total = loss()
        if total.requires_grad:
            total.backward()
    reached = [name for name, value in values if value.grad is not None and bool(whole(value.grad).abs().sum() > 0)]
    model.zero_grad()
    model.train(was_training)
    return bool(reached) and layer_numbers(reached) == layer_numbers(name for name, _ in values)


@torch.no_grad()
def steps_kept(model: Any, rate: float) -> float | None:
    """Share of trained weights other than zero that a step of size `rate` changes in their number format, from a sample.

    The first step of Adam has that size in every weight. None when all trained weights are zero, or none is trained.
    """
    changed = counted = 0
    for _, value in trained(model):
        sample = whole(value.detach()).flatten()[:SAMPLE]
        sample = sample[sample != 0]
        changed += int((sample - rate != sample).sum())
        counted += sample.numel()
    return changed / counted if counted else None


@torch.no_grad()
def sums(model: Any) -> dict[str, float]:
    """The sum of every trained tensor, to tell later whether it moved; a step changes a few weights at least."""
    return {name: float(whole(value).sum(dtype=torch.float64)) for name, value in trained(model)}


def moved(model: Any, before: Mapping[str, float]) -> float:
    """Share of the trained tensors whose sum has changed since."""
    now = sums(model)
    return sum(now.get(name) != value for name, value in before.items()) / len(before) if before else 0.0


def agree(alone: Tensor, packed: Tensor, packed_with_another: Tensor) -> bool:
    """Whether a row's logits (tokens, words) are those it has alone, whatever is packed before it."""
    scale = float(alone.abs().max())
    near = float((packed - alone).abs().max()) <= RELATIVE_TOLERANCE * scale
    return near and bool(torch.allclose(packed, packed_with_another, atol=NO_LEAK_TOLERANCE * scale, rtol=0))


@torch.no_grad()
def is_isolated(
    model: Any, packed: Callable[[Sequence[Sequence[int]]], Mapping[str, Any]], first: Sequence[int], second: Sequence[int]
) -> bool:
    """Whether the second of two rows, packed into one as the run packs them, does not see the first."""
    was_training, device = model.training, model.device
    model.eval()
    other = [second[-1]] * len(first)

    def logits(inputs: Mapping[str, Any]) -> Tensor:
        moved = {key: value.to(device) for key, value in inputs.items() if isinstance(value, Tensor) and key != "labels"}
        found: Tensor = model(**moved, use_cache=False).logits[0, -len(second) :].float()
        return found

    alone = logits({"input_ids": torch.tensor([list(second)])})
    after, after_other = (logits(packed([before, second])) for before in (first, other))
    model.train(was_training)
    return agree(alone, after, after_other)
