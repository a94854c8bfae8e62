"""`accelerate estimate-memory` and DeepSpeed's formula, run in an environment of theirs: rows in, peak bytes out.

The command wants the Hub for the model's shape; the functions behind it take a model without weights.
"""

import json
import sys
from contextlib import redirect_stdout
from functools import lru_cache
from typing import Any

from accelerate import init_empty_weights
from accelerate.commands.estimate import estimate_training_usage
from accelerate.utils import calculate_maximum_sizes
from transformers import AutoConfig, AutoModelForCausalLM

with redirect_stdout(sys.stderr):
    # It logs to standard output while it is imported, which must not stand between the answers.
    from deepspeed.runtime.zero.stage3 import estimate_zero3_model_states_mem_needs
    from deepspeed.runtime.zero.stage_1_and_2 import estimate_zero2_model_states_mem_needs


@lru_cache(maxsize=64)
def sizes(text: str) -> tuple[float, float, int]:
    """(bytes of all weights, bytes of the largest layer, parameters) of a model in fp32, by the keys of its config."""
    keys = json.loads(text)
    kind = keys.pop("model_type")
    with init_empty_weights():
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **keys)).float()
    total, largest = calculate_maximum_sizes(model)
    return total, largest[0], sum(one.numel() for one in model.parameters())


def by_accelerate(row: dict[str, Any]) -> float:
    """Peak bytes by accelerate."""
    total, _, _ = sizes(json.dumps(row["raw"], sort_keys=True))
    if row["method"] == "full":
        return float(max(estimate_training_usage(total, "bfloat16").values()))
    return total / 8 if row["method"] == "qlora" else total / 2


def by_deepspeed(row: dict[str, Any]) -> float | None:
    """Peak bytes of the model's states by DeepSpeed; None for adapters."""
    if row["method"] != "full":
        return None
    _, largest, parameters = sizes(json.dumps(row["raw"], sort_keys=True))
    nodes = max(1, row["count"] // 8)
    each = min(8, row["count"])
    if row["sharding"] in ("fsdp", "zero3"):
        needs = estimate_zero3_model_states_mem_needs(
            parameters, largest / 4, each, nodes, cpu_offload=False, cpu_offload_params=False
        )
    else:
        needs = estimate_zero2_model_states_mem_needs(parameters, each, nodes, cpu_offload=False)
    return float(needs[1])


for line in sys.stdin:
    row = json.loads(line)
    try:
        print(json.dumps({"peak": by_accelerate(row), "deepspeed": by_deepspeed(row)}))
    except Exception as error:
        print(json.dumps({"why": f"{type(error).__name__}: {error}"[:120]}))
