"""What a finished run delivers: a model folder an engine can serve, pushed by digest, never lost without a word."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peft import get_peft_model_state_dict
from safetensors.torch import save_file
from torch import Tensor

from delivery_api.digests import short
from delivery_api.evidence import ArtifactRecord
from delivery_api.tasks import TrainTask
from delivery_io import artifacts
from delivery_io.download import sha256_file
from delivery_io.problems import WorkProblem
from delivery_io.registry import Registry
from delivery_measure import saved
from delivery_worker import model as models
from delivery_worker.parallel import gathered, is_spread, weights_of


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run made, in whole tensors: whatever held it, the first process can write it."""

    delivered: Any
    """The model that is saved."""
    is_adapter: bool
    weights: dict[str, Tensor] | None = None
    """What is saved of it, where the processes hold parts; None: what it holds."""
    adapter: dict[str, Tensor] = field(default_factory=dict)
    unmatched: int = 0
    merge_kept: float | None = None


def finished(task: TrainTask, model: Any, merged: models.Merged | None, keep: bool = True) -> Finished:
    """Gather what was made; all processes must ask, those that do not keep it get nothing."""
    if task.plan.method == "Full":
        return Finished(model, is_adapter=False, weights=weights_of(model, keep) if is_spread(model) else None)
    adapter = gathered(get_peft_model_state_dict(model))
    unmatched = saved.unmatched(adapter, model.get_base_model())
    if merged is not None:
        candidate = merged.update(model)
        return Finished(candidate, False, None, adapter, unmatched, saved.merge_kept(model, candidate))
    trained = {name: value for name, value in model.state_dict().items() if "lora_" in name}
    return Finished(model, True, gathered(trained) if is_spread(model) else None, adapter, unmatched)


def _adapter(made: Finished, path: Path) -> dict[str, Any]:
    """Digest, bytes and norm of the adapter's tensors."""
    save_file({key: value.contiguous() for key, value in made.adapter.items()}, path)
    return {
        "adapter_digest": sha256_file(path),
        "adapter_bytes": sum(value.numel() * value.element_size() for value in made.adapter.values()),
        "adapter_norm": saved.adapter_norm(made.adapter),
        "adapter_unmatched": made.unmatched,
    }


def save(folder: Path, made: Finished, tokenizer: Any) -> None:
    """Write the model folder: weights or adapter, tokenizer with its chat template, generation config."""
    shutil.rmtree(folder, ignore_errors=True)
    made.delivered.save_pretrained(folder, state_dict=made.weights)
    tokenizer.save_pretrained(folder)
    made.delivered.generation_config.save_pretrained(folder)
    for path in artifacts.files_of(folder):
        path.chmod(0o644)


def deliver(task: TrainTask, made: Finished, tokenizer: Any, registry: Registry, work: Path) -> ArtifactRecord:
    """Save, push, and say what was pushed."""
    folder = work / "artifact"
    save(folder, made, tokenizer)
    adapter = _adapter(made, work / "adapter.safetensors") if made.adapter else {}
    kind = "Adapter" if made.is_adapter else "Merged"
    notes = {"dev.ptaas.base": task.base.uri, "dev.ptaas.inputs": task.inputs, "dev.ptaas.delivery-uid": task.delivery_uid}
    try:
        pushed = artifacts.push(registry, folder, kind.lower(), f"model-{short(task.inputs)}", notes)
    except WorkProblem as problem:
        message = (
            f"The artifact was trained and could not be pushed: {problem.message}; the next attempt goes on from its checkpoint"
        )
        raise WorkProblem("Push", "spec.output.repository", message) from problem
    merge: dict[str, Any] = {}
    if adapter and not made.is_adapter:
        merge = {"merge_dtype": "float32", "merge_kept": made.merge_kept}
    return ArtifactRecord(digest=pushed.digest, uri=pushed.uri, kind=kind, bytes=pushed.bytes, **adapter, **merge)
