"""Bytes that a pass leaves behind for the backward pass, and that the loss and one layer's backward pass need on top.

Counted operation by operation: what autograd must keep is known for each of them, and depends on what is trained.
"""

from __future__ import annotations

from delivery_oracle.configurator.coefficients import Coefficients
from delivery_oracle.configurator.run import Run

SOFT_CAP_BYTES = 6
COMPILED_LOGIT_BYTES = 10.0


def token_layer(run: Run) -> float:
    """Bytes that one token leaves in one layer for the backward pass."""
    shape, w = run.shape, run.width
    h, wide, narrow, inner = shape.base.hidden, shape.wide, shape.narrow, shape.inner
    full = run.method == "full"
    keeps = full
    fused = run.compiled or run.stack.norm == "fused" or shape.layer_norm
    norm = w * h if fused else 4 * h
    attention = float(w * (2 * wide + 2 * narrow))
    if run.packing:
        attention += w * run.stack.packed_copies * wide
    if run.attention == "eager":
        attention += shape.base.heads * reach(run) * (4 + 2 * w)
    if shape.head_norms and not run.compiled:
        attention += 4 * (wide + narrow)
    inputs = w * h * ((keeps or shape.adapts_attention) + (keeps or shape.adapts_inner))
    product = w * inner if keeps or shape.adapts_down else 0.0
    feed = ((2 if run.stack.norm == "fused" else 3) if shape.base.gated else 1) * w * inner
    quantised = 0.0
    if run.method == "qlora" and run.stack.keeps_inputs:
        quantised = run.stack.keeps_inputs * (2 * h + wide + inner) - inputs - product
    experts = 2 * w * h * shape.base.active_experts if shape.base.experts else 0.0
    adapted = 0.0 if full else casts(run)
    return 2 * norm + inputs + attention + feed + product + experts + adapted + quantised


def casts(run: Run) -> float:
    """Copies of an adapted layer's input in the adapter's format, which fused kernels and adapters in the same format avoid."""
    shape, stack = run.shape, run.stack
    inner = run.width * run.rank * shape.adapted_inputs / max(1, shape.base.hidden)
    if stack.norm == "fused" or run.compiled:
        return inner
    each = 0.0 if stack.adapter == "compute" else float(run.width)
    if stack.dropout:
        each += 1 + (run.width if stack.adapter == "compute" else 4)
    return inner + each * shape.adapted_inputs


def reach(run: Run) -> float:
    """Tokens that a token attends to, mean over layers with and without a window."""
    window, share = run.base.window, run.base.windowed
    return run.length if not window else run.length * (1 - share) + min(run.length, window) * share


def layers_here(run: Run) -> float:
    """Layers on one accelerator."""
    ways = run.told.pipeline * (run.count if run.sharding == "pipeline" else 1)
    return run.base.layers / min(ways, run.base.layers)


def saved(run: Run) -> float:
    """Bytes that are kept from the forward pass of all layers."""
    tokens = run.tokens / run.told.tensor
    if run.checkpointing == "offloaded" or (run.told.offloads_activations and run.checkpointing != "none"):
        return tokens * run.width * run.base.hidden * 2
    if run.checkpointing == "full":
        return tokens * layers_here(run) * run.width * run.base.hidden
    if run.checkpointing == "selective":
        shape = run.shape
        products = 2 * shape.base.hidden + 2 * shape.wide + 2 * shape.narrow + 2 * shape.inner
        return tokens * layers_here(run) * run.width * (shape.base.hidden + shape.wide + products / 2)
    return tokens * layers_here(run) * token_layer(run)


def working(run: Run, c: Coefficients) -> float:
    """Bytes of the layer that is in its backward pass: recomputed where checkpointed, and its gradients."""
    shape, w = run.shape, run.width
    tokens = run.tokens / run.told.tensor
    wide = 1 if run.stack.norm == "fused" else 3 if shape.base.gated else 2
    gradients = w * wide * shape.inner + 4 * w * shape.base.hidden
    recomputed = token_layer(run) if run.checkpointing != "none" else 0.0
    dequantised = shape.largest * w / run.told.tensor if run.method == "qlora" else 0.0
    return tokens * (recomputed + c.working * gradients) + dequantised


def logit_bytes(run: Run) -> float:
    """Bytes at the loss."""
    stack = run.stack
    each = stack.chunk_bytes if run.chunked else run.told.logit_bytes
    if run.compiled and run.told.compiles_loss and run.told.tensor == 1 and not run.chunked:
        each = min(each, COMPILED_LOGIT_BYTES)
    if run.precision == "fp32":
        each = max(each, 12.0)
    if run.shape.soft_capped and not run.chunked:
        each += SOFT_CAP_BYTES
    return run.tokens * run.supervised * run.base.vocabulary * each / run.told.tensor
