"""What a base model is made of, read from its `config.json`, never from its weights.

Counts parameters exactly for the common decoder families, dense and mixture-of-experts, so that memory,
FLOPs and the size of an adapter follow from arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from delivery_oracle.configurator import families

UNGATED = frozenset(
    {"gpt2", "gpt_neox", "gptj", "opt", "bloom", "falcon", "phi", "starcoder2", "gpt_bigcode", "mpt", "stablelm_alpha"}
)
TIED_WHEN_ABSENT = frozenset({"gemma", "gemma2", "gemma3", "gemma3_text", "gpt2", "opt", "bloom", "cohere", "cohere2"})
QKV_BIAS = frozenset({"qwen2", "qwen2_moe", "qwen", "chatglm"})
ALL_BIAS = frozenset({"gpt2", "gpt_neox", "opt", "bloom", "phi", "starcoder2", "gpt_bigcode"})
HEAD_NORMS = frozenset({"qwen3", "qwen3_moe", "gemma3", "gemma3_text"})
FOUR_NORMS = frozenset({"gemma2", "gemma3", "gemma3_text"})
LAYER_NORM = frozenset({*UNGATED, "stablelm", "cohere", "cohere2"})
SOFT_CAPPED = frozenset({"gemma2"})
HALF_WINDOWED = frozenset({"gemma2", "gemma3", "gemma3_text", "gpt_oss", "cohere2"})
ALL_LINEAR = "all-linear"


@dataclass(frozen=True)
class Linear:
    """One kind of linear layer of a block; `copies` counts experts."""

    name: str
    inputs: int
    outputs: int
    copies: int = 1
    active: int = 1

    @property
    def size(self) -> int:
        return self.inputs * self.outputs * self.copies


@dataclass(frozen=True)
class Architecture:
    """A decoder-only transformer, in numbers."""

    model_type: str
    layers: int
    hidden: int
    heads: int
    key_value_heads: int
    head_size: int
    vocabulary: int
    positions: int
    tied: bool
    gated: bool
    experts: int
    active_experts: int
    linears: tuple[Linear, ...]
    small_per_layer: int
    outside_layers: int
    window: int = 0
    """Tokens that a windowed layer looks back; 0: all of them."""
    windowed: float = 0.0
    """Share of the layers that are windowed."""

    @property
    def linear_parameters(self) -> int:
        """Weights of the linear layers of all blocks."""
        return self.layers * sum(linear.size for linear in self.linears)

    @property
    def parameters(self) -> int:
        """All parameters, tied embeddings counted once."""
        return self.linear_parameters + self.layers * self.small_per_layer + self.outside_layers

    @property
    def active_parameters(self) -> int:
        """Block weights that one token passes through."""
        return self.layers * sum(linear.inputs * linear.outputs * linear.active for linear in self.linears)

    def targets(self, names: tuple[str, ...]) -> tuple[Linear, ...]:
        """The linear layers that an adapter on these module names changes."""
        if ALL_LINEAR in names:
            return self.linears
        return tuple(linear for linear in self.linears if linear.name in names)

    def adapter_parameters(self, rank: int, names: tuple[str, ...] = (ALL_LINEAR,)) -> int:
        """Sum of r (d_in + d_out) over every targeted layer: what a complete adapter must hold."""
        return self.layers * sum(rank * (item.inputs + item.outputs) * item.copies for item in self.targets(names))


def read(config: Mapping[str, Any]) -> Architecture:
    """An `Architecture` from `config.json` keys; ValueError names the key that is missing or not understood."""
    keys = families.plain(config)
    if "kv_lora_rank" in keys:
        raise ValueError("config.json: kv_lora_rank (latent attention) is not understood; use a base with plain attention")
    model_type = str(keys.get("model_type", config.get("model_type", "")))
    hidden = _number(keys, "hidden_size", "n_embd", "d_model")
    heads = _number(keys, "num_attention_heads", "n_head")
    if not hidden or not heads:
        raise ValueError("config.json: hidden_size and num_attention_heads must be above 0")
    key_value_heads = _number(keys, "num_key_value_heads", default=heads)
    head_size = _number(keys, "head_dim", default=hidden // heads)
    gated = model_type not in UNGATED
    intermediate = _number(keys, "intermediate_size", "n_inner", "ffn_dim", default=4 * hidden)
    vocabulary = _number(keys, "vocab_size")
    tied = bool(keys.get("tie_word_embeddings", config.get("tie_word_embeddings", model_type in TIED_WHEN_ABSENT)))
    positions = _number(keys, "max_position_embeddings", "n_positions", "n_ctx", default=2048)
    experts = _number(keys, "num_local_experts", "num_experts", "n_routed_experts", default=0)
    active = _number(keys, "num_experts_per_tok", default=min(2, experts))
    attention = _attention(hidden, heads, key_value_heads, head_size)
    linears = attention + _mlp(keys, hidden, intermediate, gated, experts, active)
    window, windowed = _window(keys, model_type)
    return Architecture(
        model_type, _number(keys, "num_hidden_layers", "n_layer"), hidden, heads, key_value_heads, head_size,
        vocabulary, positions, tied, gated, experts, active, linears,
        _small_per_layer(keys, model_type, hidden, head_size, linears),
        _outside_layers(model_type, vocabulary, hidden, positions, tied), window, windowed,
    )  # fmt: skip


def _window(keys: Mapping[str, Any], model_type: str) -> tuple[int, float]:
    """How far back attention looks, and in which share of the layers."""
    size = keys.get("sliding_window")
    if not isinstance(size, int) or size <= 0 or keys.get("use_sliding_window") is False:
        return 0, 0.0
    if model_type in {"gemma3", "gemma3_text"}:
        return size, 1 - 1 / _number(keys, "sliding_window_pattern", default=6)
    return size, 0.5 if model_type in HALF_WINDOWED else 1.0


def _number(keys: Mapping[str, Any], *names: str, default: int | None = None) -> int:
    for name in names:
        value = keys.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        if value is not None:
            raise ValueError(f"config.json: {name}={value!r} is not a whole number")
    if default is None:
        raise ValueError(f"config.json: {names[0]} is missing; is the base a causal language model?")
    return default


def _attention(hidden: int, heads: int, key_value_heads: int, head_size: int) -> tuple[Linear, ...]:
    wide, narrow = heads * head_size, key_value_heads * head_size
    return (
        Linear("q_proj", hidden, wide),
        Linear("k_proj", hidden, narrow),
        Linear("v_proj", hidden, narrow),
        Linear("o_proj", wide, hidden),
    )


def _mlp(keys: Mapping[str, Any], hidden: int, dense: int, gated: bool, experts: int, active: int) -> tuple[Linear, ...]:
    """The feed-forward of one block: dense, or `experts` copies of which `active` are used by a token."""
    if not experts:
        return _feed_forward(hidden, dense, gated, "", 1, 1)
    width = _number(keys, "moe_intermediate_size", default=dense)
    shared = _number(keys, "shared_expert_intermediate_size", default=0)
    routed = _feed_forward(hidden, width, gated, "", experts, active)
    return routed + (_feed_forward(hidden, shared, gated, "shared_", 1, 1) if shared else ())


def _feed_forward(hidden: int, width: int, gated: bool, prefix: str, copies: int, active: int) -> tuple[Linear, ...]:
    up = Linear(f"{prefix}up_proj", hidden, width, copies, active)
    down = Linear(f"{prefix}down_proj", width, hidden, copies, active)
    return (Linear(f"{prefix}gate_proj", hidden, width, copies, active), up, down) if gated else (up, down)


def _small_per_layer(keys: Mapping[str, Any], model_type: str, hidden: int, head_size: int, linears: tuple[Linear, ...]) -> int:
    """Norms, biases and the router of one block."""
    by_name = {linear.name: linear.outputs for linear in linears}
    affine = 2 if model_type in ALL_BIAS else 1
    total = hidden * affine * (4 if model_type in FOUR_NORMS else 2)
    if model_type in HEAD_NORMS:
        total += 2 * head_size
    if model_type in ALL_BIAS:
        total += sum(by_name.values())
    elif model_type in QKV_BIAS or keys.get("attention_bias"):
        total += by_name["q_proj"] + by_name["k_proj"] + by_name["v_proj"]
        total += by_name["o_proj"] if keys.get("attention_bias") else 0
    experts = next((linear.copies for linear in linears if linear.name == "up_proj"), 1)
    if experts > 1:
        total += hidden * experts + (hidden if "shared_up_proj" in by_name else 0)
    return total


def _outside_layers(model_type: str, vocabulary: int, hidden: int, positions: int, tied: bool) -> int:
    """Embeddings, head, final norm and learned positions."""
    learned = positions * hidden if model_type in {"gpt2", "opt", "gpt_bigcode"} else 0
    final_norm = hidden * (2 if model_type in ALL_BIAS else 1)
    return vocabulary * hidden * (1 if tied else 2) + learned + final_norm
