"""Peak memory of one accelerator while training, part by part.

Documented arithmetic over the architecture: what is stored a parameter, what a token leaves behind for the
backward pass, what the logits of supervised tokens take. The interval covers kernels' scratch space and the allocator.
"""

from __future__ import annotations

from dataclasses import dataclass

from delivery_api.driver import Config, Plan
from delivery_oracle.configurator.architecture import Architecture
from delivery_oracle.configurator.workload import Workload

BYTES = {"fp32": 4, "fp16": 2, "bf16": 2}
QUANTIZED_BYTES = 0.516
"""NF4 with double quantisation: 4 bits, and 0.127 bits of constants a weight."""
ADAM_BYTES = 8
MASTER_BYTES = 4
LOGIT_BYTES = 10
"""A supervised logit: 2 as computed, 4 as float32, 4 of its gradient."""
CUDA_WORKSPACE = 1_200_000_000
CPU_WORKSPACE = 1_000_000_000
SLACK = 0.06
LOW, HIGH = 0.85, 1.15
GIGA = 1e9


@dataclass(frozen=True)
class Memory:
    """Bytes by part, and their sum with an interval."""

    weights: int
    adapter: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    workspace: int
    fragmentation: int

    @property
    def peak(self) -> int:
        return sum(vars(self).values())

    @property
    def low(self) -> int:
        return int(self.peak * LOW)

    @property
    def high(self) -> int:
        return int(self.peak * HIGH)

    def largest(self) -> str:
        """The part to shrink first."""
        parts = {name: size for name, size in vars(self).items() if name not in ("workspace", "fragmentation")}
        return max(parts, key=lambda name: parts[name])


def estimate(load: Workload, plan: Plan, config: Config, accelerators: int, cuda: bool) -> Memory:
    """Peak memory for a complete config; several accelerators share weights, gradients and optimizer (FSDP)."""
    base, rows = load.base, config.micro_batch_size or 1
    trained = trained_parameters(base, plan, config)
    adapter = 0 if plan.method == "Full" else MASTER_BYTES * trained
    weights = frozen_bytes(base, plan, config)
    tokens = load.tokens(rows, plan.packing)
    activations = int(tokens * token_bytes(base, config))
    logits = int(load.supervised(rows, plan.loss_on) * base.vocabulary * LOGIT_BYTES)
    gathered = 2 * weights // max(1, base.layers) if accelerators > 1 else 0
    workspace = (CUDA_WORKSPACE if cuda else CPU_WORKSPACE) + gathered
    weights, adapter = weights // accelerators, adapter // accelerators
    gradients, optimizer = MASTER_BYTES * trained // accelerators, ADAM_BYTES * trained // accelerators
    fragmentation = int(SLACK * (weights + adapter + gradients + optimizer + activations + logits))
    return Memory(weights, adapter, gradients, optimizer, activations, logits, workspace, fragmentation)


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


def token_bytes(base: Architecture, config: Config) -> float:
    """What one token leaves for the backward pass in all layers."""
    width = BYTES[config.precision or "bf16"]
    wide, narrow = base.heads * base.head_size, base.key_value_heads * base.head_size
    norms = 2 * base.hidden * (2 * width + MASTER_BYTES)
    attention = width * (4 * wide + 3 * narrow)
    feed_forward = width * 4 * sum(item.outputs * item.active for item in base.linears if item.name.endswith("up_proj"))
    layer = norms + attention + feed_forward
    if config.gradient_checkpointing:
        return float(base.layers * base.hidden * width + layer)
    return float(base.layers * layer)


def gigabytes(size: float) -> str:
    """Bytes as people read them."""
    return f"{size / GIGA:.3g} GB"
