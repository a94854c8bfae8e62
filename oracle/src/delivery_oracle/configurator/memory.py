"""Peak memory of the accelerator while a delivery trains, part by part.

On GPUs it is the estimator's answer for this trainer, with the second model that the probe and the artifact need. On
processors, whose allocator keeps what it has once asked for, it is arithmetic over what the trainer holds, measured on two
cores with SmolLM2-135M (LoRA, bf16, packed): a forward pass holds 1.5 MB a token, 1.4 by this formula; whole runs of 805 and
1,167 tokens a step peaked at 5.6 and 5.9 to 6.7 GB, 5.2 and 6.9 by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from delivery_api.accelerator import AcceleratorClassSpec
from delivery_api.driver import Config, Plan
from delivery_oracle.configurator import own
from delivery_oracle.configurator.architecture import Architecture
from delivery_oracle.configurator.coefficients import fitted
from delivery_oracle.configurator.estimates import SURE
from delivery_oracle.configurator.footprint import footprint
from delivery_oracle.configurator.workload import Workload

BYTES = {"fp32": 4, "fp16": 2, "bf16": 2}
QUANTIZED_BYTES = 0.516
"""NF4 with double quantisation: 4 bits, and 0.127 bits of constants a weight."""
ADAM_BYTES = 8
MASTER_BYTES = 4
LOGIT_BYTES = 10
"""A supervised logit: 2 as computed, 4 as float32, 4 of its gradient."""
CPU_WORKSPACE = 1_000_000_000
CPU_SLACK = 2.1
"""Share of activations and logits that the allocator holds on top. The processor's keeps freed blocks of every size that
batches of uneven lengths have asked for, so that a run of many steps holds about three times what a step needs."""
CPU_EVEN_SLACK = 0.1
"""The same where all rows are as long, so that every block fits again where another was."""
CPU_CHECKPOINTED = 0.34
"""Share of the activations that gradient checkpointing leaves, measured."""
LOW, HIGH = 0.80, 1.20
GIGA = 1e9
PARTS = ("weights", "copy", "adapter", "gradients", "optimizer", "activations", "logits", "workspace", "fragmentation")


@dataclass(frozen=True)
class Memory:
    """Bytes by part, and their sum with an interval."""

    weights: int
    copy: int
    adapter: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    workspace: int
    fragmentation: int
    needed: int | None = None
    """What a GPU must have for the run to go through; on processors the high estimate decides."""
    spread: tuple[float, float] = (LOW, HIGH)

    @property
    def peak(self) -> int:
        return sum(getattr(self, part) for part in PARTS)

    @property
    def counted(self) -> int:
        """The peak as the trainer counts it: on GPUs what is allocated, on processors all that the process holds."""
        return self.peak if self.needed is None else self.peak - self.fragmentation

    @property
    def low(self) -> int:
        return int(self.peak * self.spread[0])

    @property
    def high(self) -> int:
        return int(self.peak * self.spread[1])

    def fits(self, memory: int) -> bool:
        """Whether it fits, by the rule that is held against published runs."""
        return self.high <= memory if self.needed is None else self.needed <= SURE * memory

    @property
    def wanted(self) -> int:
        """The least memory that would do."""
        return self.high if self.needed is None else int(self.needed / SURE)

    def largest(self) -> str:
        """The part to shrink first."""
        parts = {name: getattr(self, name) for name in PARTS if name not in ("workspace", "fragmentation")}
        return max(parts, key=lambda name: parts[name])


def estimate(
    load: Workload, plan: Plan, config: Config, cuda: bool, kind: AcceleratorClassSpec | None = None, count: int = 1
) -> Memory:
    """Peak memory of each accelerator for a complete config on `count` of a class."""
    return on_gpu(load, plan, config, kind, count) if cuda else on_processor(load, plan, config, count)


def on_gpu(load: Workload, plan: Plan, config: Config, kind: AcceleratorClassSpec | None, count: int = 1) -> Memory:
    """The estimator's answer, and the second model."""
    c, second = fitted(), copy_bytes(load.base, plan, config, count)
    held = footprint(own.run_of(load, plan, config, kind, count), c)
    return Memory(
        weights=int(held.weights),
        copy=second,
        adapter=int(held.adapter),
        gradients=int(held.gradients),
        optimizer=int(held.optimizer),
        activations=int(held.activations),
        logits=int(held.logits),
        workspace=int(held.workspace),
        fragmentation=int(held.fragmentation),
        needed=int(held.needed + second),
        spread=(c.memory_low, c.memory_high),
    )


def on_processor(load: Workload, plan: Plan, config: Config, count: int = 1) -> Memory:
    """What the trainer holds, and what the processor's allocator does not give back."""
    base, rows, parts = load.base, config.micro_batch_size or 1, parts_of(config, count)
    trained = trained_parameters(base, plan, config) // parts
    activations = int(load.tokens(rows, plan.packing) * token_bytes(base, plan, config))
    logits = int(load.supervised(rows, plan.loss_on) * base.vocabulary * LOGIT_BYTES)
    return Memory(
        weights=frozen_bytes(base, plan, config) // parts,
        copy=copy_bytes(base, plan, config, count),
        adapter=0 if plan.method == "Full" else MASTER_BYTES * trained,
        gradients=MASTER_BYTES * trained,
        optimizer=ADAM_BYTES * trained,
        activations=activations,
        logits=logits,
        workspace=CPU_WORKSPACE + (gathered_bytes(base, plan, config) if parts > 1 else 0),
        fragmentation=int((CPU_SLACK if load.uneven else CPU_EVEN_SLACK) * (activations + logits)),
    )


def trained_parameters(base: Architecture, plan: Plan, config: Config) -> int:
    """Parameters with a gradient."""
    if plan.method == "Full":
        return base.parameters
    return base.adapter_parameters(config.rank or 1, config.targets or ())


def frozen_bytes(base: Architecture, plan: Plan, config: Config) -> int:
    """The base as it lies in memory; a full fine-tune keeps float32 masters beside the computing format's copy."""
    width = BYTES[config.precision or "bf16"]
    if plan.method == "QLoRA":
        return int(base.linear_parameters * QUANTIZED_BYTES + (base.parameters - base.linear_parameters) * width)
    if plan.method == "Full":
        return base.parameters * (MASTER_BYTES + (width if width < MASTER_BYTES else 0))
    return base.parameters * width


def parts_of(config: Config, count: int) -> int:
    """Accelerators that one model is spread over."""
    return count if config.parallelism == "FSDP" else 1


def gathered_bytes(base: Architecture, plan: Plan, config: Config) -> int:
    """What a process holds whole for a moment: one layer while it computes, and what is outside the layers."""
    outside = base.parameters - base.linear_parameters
    share = (base.linear_parameters / base.layers + outside) / base.parameters
    return int(share * frozen_bytes(base, plan, config))


def copy_bytes(base: Architecture, plan: Plan, config: Config, count: int = 1) -> int:
    """The second model: the untouched base that the probe asks, or the merged one that it asks and the run delivers."""
    if plan.method == "Full":
        return base.parameters * MASTER_BYTES // parts_of(config, count)
    return base.parameters * BYTES[config.precision or "bf16"] if plan.artifact == "Merged" else 0


def token_bytes(base: Architecture, plan: Plan, config: Config) -> float:
    """What one token leaves for the backward pass in all layers."""
    width = BYTES[config.precision or "bf16"]
    wide, narrow = base.heads * base.head_size, base.key_value_heads * base.head_size
    norms = 2 * base.hidden * (2 * width + MASTER_BYTES)
    attention = width * (4 * wide + 3 * narrow)
    # Packed rows are gathered for attention, with keys and values repeated for every head of their group.
    gathered = width * 5 * wide if plan.packing else 0
    feed_forward = width * 4 * sum(item.outputs * item.active for item in base.linears if item.name.endswith("up_proj"))
    layer = norms + attention + gathered + feed_forward + adapter_inputs(base, plan, config)
    return (CPU_CHECKPOINTED if config.gradient_checkpointing else 1.0) * base.layers * layer


def adapter_inputs(base: Architecture, plan: Plan, config: Config) -> int:
    """Every adapted layer keeps an input of its own in the adapter's format, and the rank's worth in between."""
    if plan.method == "Full":
        return 0
    width, rank = BYTES[config.precision or "bf16"], config.rank or 1
    return sum(width * (item.inputs + rank) * item.active for item in base.targets(config.targets or ()))


def gigabytes(size: float) -> str:
    """Bytes as people read them."""
    return f"{size / GIGA:.3g} GB"
