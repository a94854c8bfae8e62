"""Tokens per second of one accelerator in a training run.

A pass costs its matrix products at the share of the peak that this generation reaches, attention, the memory traffic of the
operations between them, dequantisation, and the exchange with other accelerators as far as it is not hidden; and never
less than the launch of its kernels. Formulas and sources: docs/explanation/estimates.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from delivery_oracle.configurator.activations import reach
from delivery_oracle.configurator.coefficients import Coefficients, fitted
from delivery_oracle.configurator.run import Run

FLASH_BACKWARD = 2.5
"""Matrix products of flash attention's backward pass over its forward pass: five against two."""
NF4_TRAFFIC, GPTQ_TRAFFIC = 2.5, 15.0
"""Bytes moved per weight that is turned into 16 bits; GPTQ's kernels of 2023 reach a sixth."""
COPY_SHARE = 0.7
"""Share of a memory's bandwidth that streaming kernels reach."""
NODE_SHARE = 1 / 12
"""Network of a node for each accelerator, over its link inside: 1,600 Gbit/s for eight A100 are 25 of 300 GB/s each."""
HOST_LINK = 12e9
LINK_SHARE = 0.75
PROCESSOR_SHARE = 0.66
"""Of two cores' AVX-512 bf16, traffic included; measured with the trainer of this repository on SmolLM2-135M."""
FUSED = 0.5
"""Share of the traffic between matrix products that is left when kernels are fused."""
COMPILED_LAUNCH = 0.35
UPDATE_BYTES = 28
LOGIT_TRAFFIC = 24
DOUBTS = (0.12, 0.25, 0.3, 0.4, 0.6, 0.6, 0.2)
"""Of products, attention, traffic, dequantisation, launches, exchange and update, each as the spread of its logarithm: about
what the range of its number leaves open, and more where the machine's processor or links decide, of which no row tells."""
UNKNOWN_LENGTH = 0.3
"""The same of a run whose length of rows is assumed."""


@dataclass(frozen=True)
class Throughput:
    """Tokens per second of one accelerator, and how sure that is."""

    tokens_per_second: float
    doubt: float
    """What the doubts about the parts come to, by their shares of the time: a standard deviation of the logarithm."""


def throughput(run: Run, c: Coefficients | None = None) -> Throughput:
    """Speed of a run."""
    c = c or fitted()
    parts = (products(run, c), attention(run, c), traffic(run, c), dequantise(run))
    busy, floor = sum(parts), launch(run, c)
    computing = (busy**4 + floor**4) ** 0.25
    moving = exchange(run)
    together = max(computing, moving) + c.gather_share * min(computing, moving)
    updating = update(run)
    seconds = together + updating
    ways = run.told.tensor * (run.count if run.sharding == "pipeline" else 1)
    times = (*parts, floor, moving, updating)
    whole = max(busy, floor, moving) + updating
    spread = sum((doubt * time / whole) ** 2 for doubt, time in zip(DOUBTS, times, strict=True))
    doubt = (spread + (0.0 if run.length_known else UNKNOWN_LENGTH**2)) ** 0.5
    return Throughput(run.tokens / seconds / ways, doubt)


def recomputed(run: Run) -> float:
    """Forward passes done again in the backward pass."""
    return {"none": 0.0, "selective": 0.4}.get(run.checkpointing, 1.0)


def peak(run: Run) -> float:
    """FLOP/s of the format's matrix units."""
    device = run.accelerator
    return device.fp32 if run.precision == "fp32" else device.peak


def products(run: Run, c: Coefficients) -> float:
    """Seconds of all matrix products with weights."""
    base, tokens = run.base, run.tokens
    full = run.method == "full"
    passes = 2 + recomputed(run) + full
    adapter = 0.0 if full else run.shape.adapter_active * (3 + recomputed(run))
    embeddings = 1 if run.shape.adapted_embeddings else 0
    head = run.supervised * base.vocabulary * base.hidden * (2 + (full or embeddings))
    gain = c.fp8_gain if run.precision == "fp8" and run.accelerator.fp8 else 1.0
    flops = 2.0 * tokens * (base.active_parameters * passes / gain + head + adapter)
    saturation = 1.0 if run.accelerator.is_processor else tokens / (tokens + c.half_tokens)
    return flops / (peak(run) * matmul_share(run, c) * saturation) / run.told.tensor


def matmul_share(run: Run, c: Coefficients) -> float:
    """Share of the peak that large matrix products reach on a generation."""
    return {
        "ampere": c.matmul_ampere, "ga10x": c.matmul_ga10x, "ga10x-full": c.matmul_ga10x_full, "ada": c.matmul_ada,
        "ada-capped": c.matmul_ada_capped, "hopper": c.matmul_hopper, "blackwell": c.matmul_hopper,
        "processor": PROCESSOR_SHARE,
    }.get(run.accelerator.generation, c.matmul_ampere)  # fmt: skip


def attention(run: Run, c: Coefficients) -> float:
    """Seconds of scores and their products with values; a causal kernel skips the half that is masked."""
    span = reach(run)
    layers = run.base.layers
    passes = 1 + FLASH_BACKWARD + recomputed(run)
    flops = 4.0 * run.tokens * span / 2 * run.shape.wide * layers * passes
    seconds = flops / (peak(run) * matmul_share(run, c) * c.attention_share)
    if run.attention == "eager":
        moved = run.tokens * run.base.heads * span * 8 * run.width * layers * (2 + recomputed(run))
        seconds = 2 * seconds + moved / (run.accelerator.bandwidth * COPY_SHARE)
    return seconds / run.told.tensor


def traffic(run: Run, c: Coefficients) -> float:
    """Seconds of reading and writing between matrix products: norms, positions, activation functions, residuals, logits."""
    if run.accelerator.is_processor:
        return 0.0
    shape, w = run.shape, run.width
    element = 8 * shape.base.hidden + 4 * (shape.wide + shape.narrow) + (5 if shape.base.gated else 3) * shape.inner
    share = FUSED if run.compiled or run.stack.norm == "fused" else 1.0
    adapted = 0.0 if run.method == "full" else c.adapter_traffic * shape.adapted_inputs
    passes = 2.5 + recomputed(run)
    moved = run.tokens * shape.base.layers * w * (element + adapted) * share * passes * c.traffic
    logits = (
        run.tokens * run.supervised * shape.base.vocabulary * LOGIT_TRAFFIC * (FUSED if run.compiled or run.chunked else 1.0)
    )
    return (moved + logits) / (run.accelerator.bandwidth * COPY_SHARE) / run.told.tensor


def launch(run: Run, c: Coefficients) -> float:
    """Seconds that it takes to launch the kernels of a pass one after the other."""
    if run.accelerator.is_processor:
        return 0.0
    each = c.layer_seconds + (0.0 if run.method == "full" else c.adapter_seconds)
    passes = 2 + recomputed(run)
    if run.sharding == "zero3" or (run.method == "full" and run.stack.full == "zero"):
        each += c.zero3_seconds
    return run.base.layers * passes * each * (COMPILED_LAUNCH if run.compiled or run.stack.norm == "fused" else 1.0)


def dequantise(run: Run) -> float:
    """Seconds of turning four bits into sixteen, once a pass over the weights."""
    if run.method != "qlora":
        return 0.0
    moved = {"nf4": NF4_TRAFFIC, "gptq": GPTQ_TRAFFIC}[run.stack.dequantise]
    weights = run.base.layers * run.shape.linear / run.told.tensor
    return weights * moved * (2 + recomputed(run)) / (run.accelerator.bandwidth * COPY_SHARE)


def exchange(run: Run) -> float:
    """Seconds of exchanging weights and gradients with the other accelerators, or with the host."""
    full, shape = run.method == "full", run.shape
    trained = run.base.parameters if full else shape.adapter
    per_weight = run.told.four_bits if run.method == "qlora" else run.width
    frozen = run.base.layers * shape.linear * per_weight + shape.outside * run.width
    if run.told.offloads_weights:
        return 2 * frozen / run.shards / HOST_LINK + exchange_between(run, frozen, trained)
    return 0.0 if run.count == 1 else exchange_between(run, frozen, trained)


def exchange_between(run: Run, frozen: float, trained: float) -> float:
    ways = run.shards
    if ways == 1 or run.sharding in ("none", "pipeline"):
        return 0.0
    across = run.count > run.accelerator.per_node
    # Between nodes every weight crosses the network once for all accelerators of a node, which share it.
    link = run.accelerator.link * (min(1.0, NODE_SHARE * run.accelerator.per_node) if across else 1.0)
    rest = (ways - 1) / ways / (link * LINK_SHARE) / run.told.tensor
    reduced = trained * run.width
    if run.sharding == "ddp":
        return 2 * reduced * rest / run.told.accumulation
    if run.sharding == "zero2":
        return 2 * reduced * rest
    return (2 * frozen + reduced) * rest


def update(run: Run) -> float:
    """Seconds of the optimizer's update, spread over the passes of one step."""
    trained = run.base.parameters if run.method == "full" else run.shape.adapter
    return trained * UPDATE_BYTES / run.shards / (run.accelerator.bandwidth * COPY_SHARE) / run.told.accumulation
