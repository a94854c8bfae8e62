"""Other families' names for the same shape, turned into the keys of a Llama-like `config.json`.

MPT, Falcon, GPT-J, BLOOM, ChatGLM, DBRX and the first Qwen spell width, heads and feed-forward their own way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SAME = {
    "d_model": "hidden_size", "n_embd": "hidden_size", "n_embed": "hidden_size", "dim": "hidden_size",
    "n_layers": "num_hidden_layers", "n_layer": "num_hidden_layers", "num_layers": "num_hidden_layers",
    "n_heads": "num_attention_heads", "n_head": "num_attention_heads",
    "n_inner": "intermediate_size", "ffn_dim": "intermediate_size", "ffn_hidden_size": "intermediate_size",
    "n_head_kv": "num_key_value_heads", "num_kv_heads": "num_key_value_heads", "multi_query_group_num": "num_key_value_heads",
    "kv_channels": "head_dim", "d_kv": "head_dim",
    "padded_vocab_size": "vocab_size",
    "max_seq_len": "max_position_embeddings", "seq_length": "max_position_embeddings", "n_positions": "max_position_embeddings",
    "n_ctx": "max_position_embeddings", "model_max_length": "max_position_embeddings",
    "moe_num_experts": "num_local_experts", "moe_top_k": "num_experts_per_tok",
}  # fmt: skip
TYPES = {
    "RefinedWeb": "falcon", "RefinedWebModel": "falcon", "mixformer-sequential": "phi", "phi-msft": "phi", "phi1": "phi",
    "stablelm_epoch": "stablelm", "Yi": "llama", "internlm": "llama", "baichuan": "llama",
}  # fmt: skip
PARTIAL_QWEN = "qwen"


def plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """The same architecture under the common names; keys that are already there win."""
    text = config.get("text_config")
    keys = dict(text) if isinstance(text, Mapping) else dict(config)
    keys.setdefault("model_type", config.get("model_type", ""))
    for part in ("attn_config", "ffn_config"):
        inner = keys.get(part)
        if isinstance(inner, Mapping):
            keys |= {name: value for name, value in inner.items() if name not in keys and name in {*SAME, "kv_n_heads"}}
    if "kv_n_heads" in keys:
        keys.setdefault("num_key_value_heads", keys["kv_n_heads"])
    for theirs, ours in SAME.items():
        if keys.get(ours) is None and keys.get(theirs) is not None:
            keys[ours] = keys[theirs]
    keys = {name: value for name, value in keys.items() if value is not None}
    return peculiar(keys)


def peculiar(keys: dict[str, Any]) -> dict[str, Any]:
    """What one family alone does."""
    named = str(keys.get("model_type", ""))
    kind = TYPES.get(named, named)
    hidden = keys["hidden_size"] if isinstance(keys.get("hidden_size"), int) else 0
    keys["model_type"] = kind
    if kind == PARTIAL_QWEN and isinstance(keys.get("intermediate_size"), int):
        # Qwen 1 names the width of gate and up together.
        keys["intermediate_size"] //= 2
    if kind == "chatglm" and keys.get("multi_query_attention") is False:
        keys.pop("num_key_value_heads", None)
    if kind == "falcon":
        keys.setdefault("intermediate_size", 4 * hidden)
        if keys.get("new_decoder_architecture"):
            keys.setdefault("num_key_value_heads", 8)
        elif keys.get("multi_query", True):
            keys["num_key_value_heads"] = 1
        keys.setdefault("tie_word_embeddings", True)
    if kind == "mpt":
        ratio = keys.get("expansion_ratio", 4)
        keys.setdefault("intermediate_size", ratio * hidden if isinstance(ratio, int) else None)
        keys.setdefault("tie_word_embeddings", True)
    return keys
