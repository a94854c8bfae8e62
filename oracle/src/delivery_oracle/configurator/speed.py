"""Seconds of a delivery: training steps, looks of the probe, evaluation, starts.

Training steps on GPUs are the estimator's. On processors a step is bounded by arithmetic or by reading the weights, whichever
is slower. Looks and evaluation are forward passes and decoding at the share of the peak that they reach.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from delivery_api.accelerator import AcceleratorClassSpec
from delivery_api.driver import Config, Plan
from delivery_api.sealed import LOOK_ITEMS
from delivery_oracle.configurator import own
from delivery_oracle.configurator.memory import frozen_bytes, trained_parameters
from delivery_oracle.configurator.throughput import UPDATE_BYTES, throughput
from delivery_oracle.configurator.workload import Workload

CUDA_SHARE = 0.45
CUDA_HALF_TOKENS = 700.0
"""Tokens in a pass at which half of the reachable share is reached."""
CPU_SHARE = 0.66
LAUNCH_SECONDS = 0.0015
"""Kernels of one layer in one forward pass, launched one by one."""
DECODE_SLOWDOWN = 2.0
CPU_ENGINE_START, CUDA_ENGINE_START = 75.0, 90.0
CPU_ITEM_SECONDS = 0.2
"""One holdout item of a 135M base in the serving engine on two cores, measured."""
CPU_ITEM_PARAMETERS = 106_168_320
LOAD_BYTES_PER_SECOND = 5e8
START_SECONDS = 45.0
CPU_LINK = 1e9
"""Bytes a second between processes on one node without an accelerator's own link."""
LOW, CUDA_HIGH, CPU_HIGH = 0.7, 1.5, 2.0
"""Range of the whole; processors are shared with whatever else runs on their node."""


@dataclass(frozen=True)
class Duration:
    """Whole seconds by part; whole, so that dollars follow exactly."""

    start: int
    training: int
    probe: int
    evaluation: int
    tokens_per_second: float
    spread: float = CUDA_HIGH

    @property
    def expected(self) -> int:
        return self.start + self.training + self.probe + self.evaluation

    @property
    def low(self) -> int:
        return math.ceil(self.expected * LOW)

    @property
    def high(self) -> int:
        return math.ceil(self.expected * self.spread)

    def accelerator_seconds(self, count: int) -> int:
        """What is paid for: training on all accelerators, the audit on one."""
        return count * (self.start + self.training + self.probe) + self.evaluation


def estimate(load: Workload, plan: Plan, config: Config, kind: AcceleratorClassSpec, count: int = 1) -> Duration:
    """Seconds on accelerators of a class for a complete config."""
    step = step_seconds(load, plan, config, kind, count)
    steps, batch = config.steps or 1, batch_rows(config, count)
    probe = load.looks(steps) * look_seconds(load, kind)
    weights = load.base.parameters * 2
    start = START_SECONDS + weights / LOAD_BYTES_PER_SECOND
    return Duration(
        math.ceil(start),
        math.ceil(steps * step),
        math.ceil(probe),
        math.ceil(evaluation_seconds(load, kind)),
        batch * load.mean_tokens / step,
        CPU_HIGH if kind.image == "cpu" else CUDA_HIGH,
    )


def batch_rows(config: Config, count: int = 1) -> int:
    """Rows in one optimizer step, on all accelerators together."""
    return (config.micro_batch_size or 1) * (config.accumulation_steps or 1) * count


def step_seconds(load: Workload, plan: Plan, config: Config, kind: AcceleratorClassSpec, count: int = 1) -> float:
    """One optimizer step: on GPUs the estimator's, on processors by what was measured on two cores."""
    passes = config.accumulation_steps or 1
    tokens = load.tokens(config.micro_batch_size or 1, plan.packing)
    if kind.image == "cuda":
        return passes * tokens / throughput(own.run_of(load, plan, config, kind, count)).tokens_per_second
    work = tokens * token_flops(load, plan, config) + head_flops(load, plan, config)
    reading = 3 * frozen_bytes(load.base, plan, config) / kind.bandwidth_bytes_per_second
    updating = trained_parameters(load.base, plan, config) * UPDATE_BYTES / kind.bandwidth_bytes_per_second
    return passes * max(work / reached_flops(kind, tokens), reading) + updating + exchange_seconds(load, plan, config, count)


def exchange_seconds(load: Workload, plan: Plan, config: Config, count: int) -> float:
    """What processes send each other in a step: gradients of copies once; weights of parts in every pass, there and back."""
    if count == 1:
        return 0.0
    moved = 2.0 * 4 * trained_parameters(load.base, plan, config)
    if config.parallelism == "FSDP":
        moved += 2.0 * (config.accumulation_steps or 1) * frozen_bytes(load.base, plan, config)
    return moved * (count - 1) / count / CPU_LINK


def reached_flops(kind: AcceleratorClassSpec, tokens: float) -> float:
    """FLOP/s that a pass over so many tokens reaches."""
    if kind.image == "cpu":
        return kind.peak_flops * CPU_SHARE
    return kind.peak_flops * CUDA_SHARE * tokens / (tokens + CUDA_HALF_TOKENS)


def token_flops(load: Workload, plan: Plan, config: Config) -> float:
    """Forward 2, backward 2 for activations and 2 for trained weights, 2 more to recompute; and attention."""
    base = load.base
    forwards = 4 if config.gradient_checkpointing else 3
    attention = 2.0 * base.layers * base.heads * base.head_size * load.mean_tokens * forwards
    if plan.method == "Full":
        return 2.0 * base.active_parameters * forwards + attention
    adapter = 6.0 * trained_parameters(base, plan, config)
    return 2.0 * base.active_parameters * (forwards - 1) + adapter + attention


def head_flops(load: Workload, plan: Plan, config: Config) -> float:
    """Logits of the supervised tokens, forward and backward."""
    rows = config.micro_batch_size or 1
    passes = 3 if plan.method == "Full" else 2
    return 2.0 * passes * load.base.hidden * load.base.vocabulary * load.supervised(rows, plan.loss_on)


def look_seconds(load: Workload, kind: AcceleratorClassSpec) -> float:
    """One look: candidate and base answer the same fresh items, constrained and greedy."""
    base = load.base
    forward = 2.0 * base.active_parameters
    prefill = LOOK_ITEMS * load.mean_tokens * forward / reached_flops(kind, LOOK_ITEMS * load.mean_tokens)
    launches = base.layers * LAUNCH_SECONDS if kind.image == "cuda" else 0.0
    reading = 2 * base.parameters / kind.bandwidth_bytes_per_second
    step = max(LOOK_ITEMS * forward / reached_flops(kind, LOOK_ITEMS), reading) + launches
    return DECODE_SLOWDOWN * 2 * (prefill + load.longest_answer * step)


def evaluation_seconds(load: Workload, kind: AcceleratorClassSpec) -> float:
    """Base and candidate constrained, candidate free: three passes, two engines started one after the other."""
    base = load.base
    if kind.image == "cpu":
        item = CPU_ITEM_SECONDS * base.active_parameters / CPU_ITEM_PARAMETERS
        return 2 * CPU_ENGINE_START + 3 * load.holdout * item
    loading = 2 * base.parameters / LOAD_BYTES_PER_SECOND
    prefill = load.holdout * load.mean_tokens * 2.0 * base.active_parameters / (kind.peak_flops * CUDA_SHARE)
    return 2 * (CUDA_ENGINE_START + loading) + 3 * 2 * prefill
