"""llm-analysis, run in its own environment: rows in, peak bytes and speed out. It knows no adapters."""

import json
import logging
import sys
from typing import Any

from llm_analysis.analysis import ActivationRecomputation, DSZeRO, LLMAnalysis
from llm_analysis.config import (
    ModelConfig,
    ParallelismConfig,
    get_dtype_config_by_name,
    get_gpu_config_by_name,
)

logging.disable(logging.CRITICAL)
GPUS = {
    "a100-80gb": "a100-sxm-80gb", "a100-40gb": "a100-sxm-40gb", "h100-80gb": "h100-sxm-80gb", "h100-96gb": "h100-sxm-80gb",
    "rtx-a6000": "a6000-48gb", "a10g": "a10g-pcie-24gb",
}  # fmt: skip
ROOMY_GB = 100_000


def answer(row: dict[str, Any]) -> dict[str, Any]:
    """What it says of a row, or why it says nothing."""
    if row["method"] != "full":
        return {"why": "no adapters"}
    gpu = get_gpu_config_by_name(GPUS[row["accelerator"]])
    # It refuses to print what does not fit; the number is wanted all the same.
    gpu.mem_per_GPU_in_GB = ROOMY_GB
    raw = row["plain"]
    model = ModelConfig(
        name="base", num_layers=raw["num_hidden_layers"], n_head=raw["num_attention_heads"], hidden_dim=raw["hidden_size"],
        vocab_size=raw["vocab_size"], max_seq_len=row["length"], num_key_value_heads=raw.get("num_key_value_heads"),
        ffn_embed_dim=raw["intermediate_size"], expansion_ratio=raw["intermediate_size"] / raw["hidden_size"],
        model_type="llama" if row["gated"] else "gpt",
    )  # fmt: skip
    parallel = ParallelismConfig(tp_size=1, pp_size=1, dp_size=row["count"])
    zero = {"fsdp": 3, "zero3": 3, "zero2": 2}.get(row["sharding"], 0)
    found = LLMAnalysis(model, gpu, get_dtype_config_by_name("w16a16e16"), parallel).training(
        batch_size_per_gpu=row["rows"],
        gradient_accumulation_steps=1,
        seq_len=row["length"],
        activation_recomputation=ActivationRecomputation.FULL
        if row["checkpointing"] == "full"
        else ActivationRecomputation.NONE,
        ds_zero=DSZeRO(zero),
        flash_attn=True,
        mlp_gated_linear_units=row["gated"],
    )
    speed = row["rows"] * row["length"] / found["latency_per_micro_batch"]
    return {"peak": found["(weight+op_state+grad+act)_memory_per_gpu"], "speed": speed}


for line in sys.stdin:
    try:
        print(json.dumps(answer(json.loads(line))))
    except Exception as error:
        print(json.dumps({"why": f"{type(error).__name__}: {error}"[:120]}))
