"""Peak memory of one accelerator in a training run, part by part.

A step has four moments at which memory may peak, and the largest is the answer:
the loss (all saved activations and the logits), the backward pass of the first layer (saved activations and one layer's
gradients), the end of the backward pass (all gradients), and the optimizer's update (its temporaries).
Formulas and sources: docs/explanation/estimates.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from delivery_oracle.configurator.activations import logit_bytes, saved, working
from delivery_oracle.configurator.coefficients import Coefficients, fitted
from delivery_oracle.configurator.run import Run

LIBRARY = 120e6
"""Workspaces of the matrix library and kernels."""
CONTEXT, COMMUNICATION = 0.5e9, 0.4e9
"""What the driver and, between accelerators, the communication library hold outside the allocator."""
UNUSABLE = 0.02
"""Share that is lost to rounding however hard the allocator tries, as memory runs out."""
UNEVEN = 1.2
"""Share of short-lived blocks reserved on top where batches differ in length: blocks of every size that was asked for stay.
Seen with ms-swift on A100 (1.3 times on top at 2,048 tokens) and with this repository's trainer on processors (2.1 times)."""
PROCESSOR_KEEPS = 2.1
"""The same for processors, whose allocator gives nothing back, measured with this repository's trainer on two cores."""
PROCESS = 1e9
"""Libraries and buffers of a training process on processors, measured likewise."""
DDP_BUCKET = 1.0
ZERO_BUCKETS = 2 * 5e8
"""Elements in flight: two reduce buckets of DeepSpeed's default size."""
LOADING_LAYERS = 4.8
"""Layers gathered while a whole model is being sharded."""


@dataclass(frozen=True)
class Footprint:
    """Bytes at the peak, by part, as the run's trainer counts them, and what the accelerator must have free."""

    weights: float
    adapter: float
    gradients: float
    optimizer: float
    activations: float
    logits: float
    workspace: float
    fragmentation: float
    needed: float
    moment: str

    @property
    def allocated(self) -> float:
        return self.weights + self.adapter + self.gradients + self.optimizer + self.activations + self.logits + self.workspace

    @property
    def peak(self) -> float:
        return self.allocated + self.fragmentation


@dataclass(frozen=True)
class States:
    """Long-lived bytes on one accelerator."""

    weights: float
    adapter: float
    gradients: float
    optimizer: float
    update: float
    """Temporaries of the optimizer's update."""
    trained: float
    """Parameters with a gradient, before sharding."""
    gradient_width: float


def footprint(run: Run, c: Coefficients | None = None) -> Footprint:
    """Peak bytes of a run."""
    c = c or fitted()
    held = states(run)
    kept, layer, logits = saved(run) * c.saved, working(run, c), logit_bytes(run)
    before, after = workspace(run, held, c)
    gradients = 0.0 if in_backward(run) else held.gradients
    largest = largest_gradient(run, held)
    early = gradients if run.stack.accumulates or run.told.accumulation > 1 else 0.0
    moments = {
        "loss": (kept, logits, early, before),
        "backward": (kept + layer, 0.0, max(early, largest), after),
        "gradients": (layer, 0.0, max(gradients, largest), after + (largest if run.base.tied else 0.0)),
        "update": (0.0, 0.0, max(gradients, largest), LIBRARY + held.update),
    }
    moment = max(moments, key=lambda name: sum(moments[name]))
    activations, at_loss, grads, space = moments[moment]
    found = Footprint(held.weights, held.adapter, grads, held.optimizer, activations, at_loss, space, 0.0, 0.0, moment)
    found = loading(run, found, held)
    return settled(run, found, c)


def settled(run: Run, found: Footprint, c: Coefficients) -> Footprint:
    """With what the allocator holds on top, which it gives back when memory runs out."""
    lasting = found.weights + found.adapter + found.optimizer
    passing = found.gradients + found.activations + found.logits + found.workspace
    sharded = run.count > 1 and run.sharding in ("fsdp", "zero3") and not run.stack.streams_apart
    share = c.slack_dynamic + (c.slack_sharded if sharded else 0.0)
    outside = CONTEXT + (COMMUNICATION if run.count > 1 else 0.0)
    kept = PROCESSOR_KEEPS if run.accelerator.is_processor else UNEVEN if run.stack.uneven else 0.0
    uneven = kept * (found.activations + found.logits)
    held = c.slack_static * lasting + share * passing + uneven
    needed = found.allocated + outside + UNUSABLE * (lasting + passing)
    if run.stack.counter == "device":
        found = replace(found, workspace=found.workspace + outside)
    if run.stack.counter == "allocated":
        return replace(found, needed=needed)
    room = max(run.accelerator.memory - outside - needed + outside, c.slack_static * lasting)
    return replace(found, fragmentation=min(held, room), needed=needed)


def states(run: Run) -> States:
    """Weights, gradients and moments on one accelerator."""
    shape, stack, width = run.shape, run.stack, run.width
    base = shape.base
    whole = run.told.tensor * run.told.pipeline * (run.count if run.sharding == "pipeline" else 1)
    ways = run.shards if run.count > 1 else 1
    gathered = run.sharding in ("fsdp", "zero3")
    per_weight = ways if gathered else 1
    per_gradient = ways if gathered or run.sharding == "zero2" else 1
    if run.method == "full":
        style = "pure" if run.told.pure else stack.full
        style = "zero" if style == "mixed" and run.sharding in ("zero2", "zero3") else style
        trained = float(base.parameters + second_head(run))
        copied = width if width < 4 and not gathered else 0
        held = {"pure": width, "mixed": 4 + copied, "zero": width}[style] * trained
        frozen, adapter = held / per_weight, 0.0
    else:
        style = {"fp32": "mixed", "compute": "pure", "zero": "zero"}[stack.adapter]
        style = "zero" if style != "pure" and run.sharding in ("zero2", "zero3") else style
        extra = shape.adapted_embeddings
        trained = float(shape.adapter + extra)
        frozen = frozen_bytes(run) / per_weight
        adapter = {"pure": width, "mixed": 4, "zero": width}[style] * trained / per_weight
    gradient = {"pure": width, "mixed": 4, "zero": width}[style]
    moment = run.optimizer.bytes_per_moment or (width if style == "pure" else 4)
    moments = 0.0 if run.optimizer.paged else run.optimizer.moments * moment
    masters = 4.0 if style == "zero" else 0.0
    trained_here = trained
    update = {"zero": 4.0}.get(style, 0.0 if stack.step == "fused" or run.optimizer.bytes_per_moment else float(moment))
    if run.told.offloads_weights:
        frozen = adapter = moments = masters = update = 0.0
        trained_here = 0.0
    return States(
        frozen / whole, adapter / whole, gradient * trained_here / per_gradient / whole,
        (moments + masters) * trained / per_gradient / whole,
        update * trained / per_gradient / whole, trained / whole, gradient,
    )  # fmt: skip


def frozen_bytes(run: Run) -> float:
    """The base under an adapter: in the computing format, or in four bits but for embeddings and head."""
    shape, head = run.shape, second_head(run)
    if run.method == "lora":
        return float((shape.base.parameters + head) * run.width)
    rest = 4 if run.stack.upcast else run.width
    return shape.base.layers * shape.linear * run.told.four_bits + (shape.outside + head) * rest


def second_head(run: Run) -> int:
    """Weights of a head that the trainer keeps apart from embeddings it is tied to."""
    return run.base.vocabulary * run.base.hidden if run.base.tied and not run.stack.ties else 0


def largest_gradient(run: Run, held: States) -> float:
    """The gradient that is alive in any case: of the embedding, or of the largest matrix; shards leave at once."""
    if run.method != "full" or (run.count > 1 and run.sharding in ("fsdp", "zero3")):
        return 0.0
    return max(run.base.vocabulary * run.base.hidden, run.shape.largest) * held.gradient_width / run.told.tensor


def workspace(run: Run, held: States, c: Coefficients) -> tuple[float, float]:
    """Gathered weights, communication buckets, library workspaces: up to the loss, and in the backward pass."""
    shape, width = run.shape, run.width
    space = PROCESS if run.accelerator.is_processor else LIBRARY
    if run.method == "qlora":
        space += shape.largest * width / run.told.tensor
    if run.count == 1 or run.sharding in ("none", "pipeline"):
        return space, space
    full = run.method == "full"
    if run.sharding == "ddp":
        space += DDP_BUCKET * held.trained * held.gradient_width
        return space, space
    if run.sharding == "zero2":
        space += min(ZERO_BUCKETS, held.trained) * width
        return space, space
    per_weight = run.told.four_bits if run.method == "qlora" else width
    layers = c.gathered_layers * shape.linear * per_weight / run.told.tensor
    units = 2 if run.stack.splits_embeddings and not run.base.tied else 1
    outside = shape.outside * width / units / run.told.tensor
    unreduced = shape.linear * held.gradient_width / run.told.tensor if full else 0.0
    return space + layers + outside, space + layers + unreduced + (outside if full else 0.0)


def in_backward(run: Run) -> bool:
    """Whether gradients are applied and freed as they come."""
    paged = run.stack.paged_in_backward and run.optimizer.paged and run.count == 1
    return run.told.step_in_backward or run.optimizer.in_backward or paged


def loading(run: Run, found: Footprint, held: States) -> Footprint:
    """Trainers that shard after loading hold the whole model beside their shard once, which may be the peak."""
    if run.stack.loading != "whole" or run.count == 1 or run.sharding not in ("fsdp", "zero3"):
        return found
    whole = run.base.parameters * run.width
    extra = LOADING_LAYERS * run.shape.linear * run.width
    if whole + held.weights + extra <= found.allocated:
        return found
    return Footprint(whole + held.weights, held.adapter, 0.0, 0.0, 0.0, 0.0, extra, 0.0, 0.0, "loading")
