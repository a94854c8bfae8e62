"""fitcheck-llm, run in its own environment: rows in, peak bytes out. Its command wants the Hub; its functions do not."""

import json
import sys
from typing import Any

from fitcheck.config_parser import ModelConfig, _count_params, _parse_fields, _reject_unsupported
from fitcheck.estimator import TrainingConfig, estimate
from fitcheck.gpu_db import get_gpu

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
MIB = 2**20


def answer(row: dict[str, Any]) -> dict[str, Any]:
    """What it says of a row, or why it says nothing."""
    if row["count"] > 1:
        return {"why": "one accelerator only"}
    raw = row["plain"]
    _reject_unsupported(raw, "base")
    fields = _parse_fields(raw)
    model = ModelConfig("base", _count_params(fields), **vars(fields))
    full = row["method"] == "full"
    names = [name for name in row["targets"] if name in ALL] or ALL
    training = TrainingConfig(
        precision="bf16",
        quantization="nf4" if row["method"] == "qlora" else "none",
        double_quant=row["method"] == "qlora",
        optimizer="adam8bit" if "8bit" in row["optimizer"].lower() else "adamw",
        batch_size=row["rows"],
        seq_len=row["length"],
        lora_rank=None if full else row["rank"],
        lora_targets=names,
        grad_checkpoint=row["checkpointing"] != "none",
        flash_attn=row["attention"] != "eager",
    )
    report = estimate(model, training, get_gpu(vram_mib=int(row["memory"] / MIB)))
    return {"peak": report.total_mib * MIB}


for line in sys.stdin:
    try:
        print(json.dumps(answer(json.loads(line))))
    except Exception as error:
        print(json.dumps({"why": f"{type(error).__name__}: {error}"[:120]}))
