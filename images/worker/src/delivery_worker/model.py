"""The base, the adapter over it, and the merged weights that are delivered."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from delivery_api.driver import Config
from delivery_api.tasks import TrainTask
from delivery_io import prompts
from delivery_io.problems import WorkProblem
from delivery_measure.weights import adapters, whole
from delivery_worker import attention

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
MERGED_UP_TO = 2_000_000_000
ALL_LINEAR = ("all-linear",)


def load(folder: Path, precision: str, device: torch.device) -> tuple[Any, Any]:
    """(model, tokenizer) of a folder; raises where it is not a causal language model."""
    attention.register()
    try:
        architectures = json.loads((folder / "config.json").read_text()).get("architectures") or [""]
        if not architectures[0].endswith(("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")):
            raise WorkProblem(
                "Invalid", "spec.base", f"{architectures[0] or 'The base'} is not a causal language model; use one that is"
            )
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=DTYPES[precision], attn_implementation=attention.NAME)
    except (OSError, ValueError, KeyError) as error:
        raise WorkProblem(
            "Invalid", "spec.base", f"The base cannot be loaded ({type(error).__name__}); use a complete model folder"
        ) from error
    prompts.ensure_template(tokenizer)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    _ship_stop(model, prompts.stop_id(tokenizer))
    return model.to(device), tokenizer


def _ship_stop(model: Any, stop: int) -> None:
    """An engine stops where training ended a turn: the generation config that is shipped says so."""
    ends = model.generation_config.eos_token_id
    known = [] if ends is None else [ends] if isinstance(ends, int) else list(ends)
    model.generation_config.eos_token_id = known if stop in known else [*known, stop]
    model.generation_config.do_sample = False
    model.generation_config.temperature = model.generation_config.top_p = model.generation_config.top_k = None


def targeted(model: Any, targets: tuple[str, ...]) -> Iterator[tuple[str, torch.nn.Linear]]:
    """Linear layers that get an adapter; the output layer never does."""
    head = model.get_output_embeddings()
    for name, module in model.named_modules():
        named = targets == ALL_LINEAR or name.rsplit(".", 1)[-1] in targets or name in targets
        if isinstance(module, torch.nn.Linear) and module is not head and named:
            yield name, module


def expected_parameters(model: Any, task: TrainTask) -> int:
    """What should be trained: r (d_in + d_out) over targeted layers, or everything."""
    if task.plan.method == "Full":
        return sum(parameter.numel() for parameter in model.parameters())
    rank = task.config.rank or 0
    layers = targeted(model, task.config.targets or ALL_LINEAR)
    return sum(rank * (layer.in_features + layer.out_features) for _, layer in layers)


def trainable(model: Any, task: TrainTask) -> Any:
    """The model made trainable by the plan's method."""
    config = task.config
    if task.plan.method == "QLoRA":
        raise WorkProblem("Invalid", "spec.plan.method", "QLoRA needs the CUDA image with bitsandbytes; use LoRA on this class")
    if config.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    return model if task.plan.method == "Full" else _with_adapter(model, config)


def _with_adapter(model: Any, config: Config) -> Any:
    targets = config.targets or ALL_LINEAR
    try:
        lora = LoraConfig(
            r=config.rank or 16,
            lora_alpha=config.alpha or 32,
            task_type="CAUSAL_LM",
            target_modules="all-linear" if targets == ALL_LINEAR else list(targets),
        )
        return get_peft_model(model, lora)
    except ValueError as error:
        message = f"No adapter fits targets {', '.join(targets)}; use all-linear or names of linear layers"
        raise WorkProblem("Invalid", "spec.config.targets", message) from error


class Merged:
    """A copy of the base with the adapter added to its weights: what the probe asks is what is delivered."""

    def __init__(self, base: Any) -> None:
        self.model = copy.deepcopy(base).eval().requires_grad_(False)
        self._modules = dict(self.model.named_modules())

    @torch.no_grad()
    def update(self, trained: Any) -> Any:
        """Weights of the trained model, added in fp32 and rounded once."""
        for name, layer in adapters(trained):
            weight = whole(layer.get_base_layer().weight)
            delta = whole(layer.get_delta_weight(layer.active_adapters[0])).float()
            self._modules[name].weight.copy_((weight.float() + delta).to(weight.dtype))
        return self.model


def artifact_kind(task: TrainTask, parameters: int) -> str:
    """What is delivered: merged weights where they are small, or where there is no adapter."""
    if task.plan.method == "Full":
        return "Merged"
    if task.plan.artifact == "Auto":
        return "Merged" if parameters <= MERGED_UP_TO else "Adapter"
    return task.plan.artifact
