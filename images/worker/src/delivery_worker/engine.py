"""vLLM, with one set of flags: what was audited with them is served with them."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from delivery_io.problems import WorkProblem

DTYPES = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}
CPU_CACHE_GIB = "1"
CPU_SEQUENCES = 64
ADAPTER = "candidate"
ENVIRONMENT = {
    "VLLM_CPU_KVCACHE_SPACE": CPU_CACHE_GIB,
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
}


def environment() -> dict[str, str]:
    """Variables of the engine; on processors it may use all that this process may, which vLLM does not by itself."""
    if torch.cuda.is_available():
        return dict(ENVIRONMENT)
    threads = os.environ.get("OMP_NUM_THREADS") or str(len(os.sched_getaffinity(0)))
    return {**ENVIRONMENT, "OMP_NUM_THREADS": threads}


def flags(precision: str, sequence_length: int, adapter: Path | None = None) -> dict[str, Any]:
    """Engine arguments. On processors: eager, as compiling would take longer than an audit, and in one
    process, as workers of their own need more shared memory than a pod has."""
    chosen: dict[str, Any] = {"dtype": DTYPES[precision], "max_model_len": sequence_length, "seed": 0}
    if not torch.cuda.is_available():
        chosen |= {"enforce_eager": True, "max_num_seqs": CPU_SEQUENCES, "distributed_executor_backend": "uni"}
    if adapter is not None:
        chosen |= {"enable_lora": True, "max_lora_rank": lora_rank(adapter)}
    return chosen


def lora_rank(adapter: Path) -> int:
    """Rank of an adapter folder, rounded up to what vLLM has room for."""
    try:
        rank = int(json.loads((adapter / "adapter_config.json").read_text())["r"])
    except (OSError, ValueError, KeyError) as error:
        raise WorkProblem("Invalid", "", "The artifact has no usable adapter_config.json; train again") from error
    return next(size for size in (8, 16, 32, 64, 128, 256, 320, 512, rank) if size >= rank)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine said, whether it ended by itself, and the prompt as it read it."""

    text: str
    stopped: bool
    prompt: tuple[int, ...]


class Engine:
    """One model in vLLM, asked in batches; with an adapter, the base answers, too."""

    def __init__(self, folder: Path, precision: str, sequence_length: int, adapter: Path | None = None) -> None:
        os.environ.update(environment())
        import vllm
        from vllm.lora.request import LoRARequest

        self.flags = flags(precision, sequence_length, adapter)
        self.name = f"vllm {vllm.__version__}"
        self._vllm = vllm
        self._llm = vllm.LLM(model=str(folder), **self.flags)
        self._adapter = LoRARequest(ADAPTER, 1, str(adapter)) if adapter is not None else None

    def ask(
        self, conversations: Sequence[Any], max_tokens: int, choice: Sequence[str] = (), adapted: bool = False
    ) -> list[Answer]:
        """Greedy answers, within a choice where one is given."""
        from vllm.sampling_params import StructuredOutputsParams

        structured = StructuredOutputsParams(choice=list(choice)) if choice else None
        sampling = self._vllm.SamplingParams(temperature=0.0, max_tokens=max_tokens, structured_outputs=structured)
        outputs = self._llm.chat(list(conversations), sampling, use_tqdm=False, lora_request=self._adapter if adapted else None)
        return [
            Answer(one.outputs[0].text, one.outputs[0].finish_reason == "stop", tuple(one.prompt_token_ids or ()))
            for one in outputs
        ]

    def close(self) -> None:
        """Free the memory, so that another model fits."""
        import gc

        from vllm.distributed.parallel_state import cleanup_dist_env_and_memory

        self._llm.llm_engine.engine_core.shutdown()
        del self._llm
        cleanup_dist_env_and_memory()
        gc.collect()
