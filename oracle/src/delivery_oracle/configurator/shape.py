"""Sums over a base's layers that memory and time are made of, computed once for a base and an adapter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from delivery_oracle.configurator.architecture import ALL_LINEAR, HEAD_NORMS, LAYER_NORM, SOFT_CAPPED, Architecture, Linear

ATTENTION_IN = frozenset({"q_proj", "k_proj", "v_proj"})
PACKED = ("c_attn", "query_key_value", "wqkv", "qkv_proj", "qkv", "attn_qkv")
ALIASES: dict[str, tuple[str, ...]] = dict.fromkeys(PACKED, ("q_proj", "k_proj", "v_proj")) | {
    "dense": ("o_proj",), "out_proj": ("o_proj",), "wo": ("o_proj",), "output_proj": ("o_proj",), "proj": ("o_proj",),
    "c_proj": ("o_proj", "down_proj"), "gate_up_proj": ("gate_proj", "up_proj"),
    "dense_h_to_4h": ("up_proj", "gate_proj"), "dense_4h_to_h": ("down_proj",),
    "fc1": ("up_proj",), "fc2": ("down_proj",), "fc_in": ("up_proj",), "fc_out": ("down_proj",),
    "w1": ("gate_proj",), "w2": ("down_proj",), "w3": ("up_proj",), "wq": ("q_proj",), "wk": ("k_proj",), "wv": ("v_proj",),
    "query": ("q_proj",), "key": ("k_proj",), "value": ("v_proj",),
    "mlp": ("gate_proj", "up_proj", "down_proj"),
}  # fmt: skip
QWEN_1 = {"w1": ("up_proj",), "w2": ("gate_proj",)}
"""The first Qwen calls the two halves of its feed-forward so, and both output projections c_proj."""
ALL_NAMES = frozenset({ALL_LINEAR, "all", "all_linear", "all-linear-layers"})
EMBEDDINGS = frozenset({"embed_tokens", "lm_head", "wte", "output", "embeddings", "embed_out"})


@dataclass(frozen=True)
class Shape:
    """Per layer, in elements of one token or of the weights."""

    base: Architecture
    wide: int
    narrow: int
    inner: int
    """Width of the feed-forward that one token passes, all its active experts together."""
    linear: int
    """Weights of one layer's linear layers, inactive experts too."""
    outside: int
    """Parameters that are no linear layer: embeddings, head, norms."""
    largest: int
    """Weights of the largest matrix."""
    adapter: int
    """Parameters of the adapter in all layers."""
    adapter_active: int
    """Those of them that one token passes."""
    adapted_inputs: int
    """Inputs of all adapted layers of one layer, each counted."""
    adapts_attention: bool
    adapts_inner: bool
    adapts_down: bool
    adapted_embeddings: int
    """Embedding and head weights trained whole beside an adapter."""
    layer_norm: bool
    head_norms: bool
    soft_capped: bool


def canonical(base: Architecture, names: tuple[str, ...]) -> tuple[Linear, ...]:
    """The linear layers behind these module names, in any family's spelling."""
    if ALL_NAMES.intersection(names):
        return base.linears
    known = ALIASES | QWEN_1 if base.model_type == "qwen" else ALIASES
    last = [name.rpartition(".")[2] for name in names]
    wanted = {ours for name in last for ours in known.get(name.lower(), (name,))}
    return tuple(item for item in base.linears if item.name.removeprefix("shared_") in wanted or item.name in wanted)


@lru_cache(maxsize=4096)
def shape(base: Architecture, rank: int, names: tuple[str, ...]) -> Shape:
    """Sums for a base and the adapter on these modules; ValueError when the names fit no layer."""
    targets = canonical(base, names) if rank else ()
    if rank and not targets:
        there = ", ".join(item.name for item in base.linears)
        raise ValueError(f"lora.target_modules={list(names)} names no linear layer; use all-linear or of {there}")
    named = {item.name.removeprefix("shared_") for item in targets}
    ups = [item for item in base.linears if item.name.endswith("up_proj")]
    linear = sum(item.size for item in base.linears)
    whole = base.vocabulary * base.hidden * (1 if base.tied else 2)
    return Shape(
        base=base,
        wide=base.heads * base.head_size,
        narrow=base.key_value_heads * base.head_size,
        inner=sum(item.outputs * item.active for item in ups),
        linear=linear,
        outside=base.parameters - base.layers * linear,
        largest=max(item.inputs * item.outputs for item in base.linears),
        adapter=base.layers * sum(rank * (item.inputs + item.outputs) * item.copies for item in targets),
        adapter_active=base.layers * sum(rank * (item.inputs + item.outputs) * item.active for item in targets),
        adapted_inputs=sum(item.inputs * item.active for item in targets),
        adapts_attention=bool(named & ATTENTION_IN),
        adapts_inner=bool(named & {"up_proj", "gate_proj"}),
        adapts_down="down_proj" in named,
        adapted_embeddings=whole if EMBEDDINGS.intersection(names) else 0,
        layer_norm=base.model_type in LAYER_NORM,
        head_norms=base.model_type in HEAD_NORMS,
        soft_capped=base.model_type in SOFT_CAPPED,
    )
