"""What a finished run delivers: a model folder an engine can serve, pushed by digest, never lost without a word."""

import shutil
from pathlib import Path
from typing import Any

from peft import get_peft_model_state_dict
from safetensors.torch import save_file

from delivery_api.digests import short
from delivery_api.evidence import ArtifactRecord
from delivery_api.tasks import TrainTask
from delivery_io import artifacts
from delivery_io.download import sha256_file
from delivery_io.problems import WorkProblem
from delivery_io.registry import Registry
from delivery_measure import saved
from delivery_worker import model as models


def _adapter(model: Any, path: Path) -> dict[str, Any]:
    """Digest, bytes and norm of the adapter's tensors."""
    tensors = {key: value.contiguous() for key, value in get_peft_model_state_dict(model).items()}
    save_file(tensors, path)
    return {
        "adapter_digest": sha256_file(path),
        "adapter_bytes": sum(value.numel() * value.element_size() for value in tensors.values()),
        "adapter_norm": saved.adapter_norm(tensors),
        "adapter_unmatched": saved.unmatched(tensors, model.get_base_model()),
    }


def save(folder: Path, model: Any, merged: models.Merged | None, tokenizer: Any) -> None:
    """Write the model folder: weights or adapter, tokenizer with its chat template, generation config."""
    shutil.rmtree(folder, ignore_errors=True)
    delivered = model if merged is None else merged.update(model)
    delivered.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if merged is None:
        model.generation_config.save_pretrained(folder)
    for path in artifacts.files_of(folder):
        path.chmod(0o644)


def deliver(
    task: TrainTask, model: Any, merged: models.Merged | None, tokenizer: Any, registry: Registry, work: Path
) -> ArtifactRecord:
    """Save, push, and say what was pushed."""
    folder = work / "artifact"
    save(folder, model, merged, tokenizer)
    adapter = {} if task.plan.method == "Full" else _adapter(model, work / "adapter.safetensors")
    kind = "Merged" if merged is not None or task.plan.method == "Full" else "Adapter"
    notes = {"dev.ptaas.base": task.base.uri, "dev.ptaas.inputs": task.inputs, "dev.ptaas.delivery-uid": task.delivery_uid}
    try:
        pushed = artifacts.push(registry, folder, kind.lower(), f"model-{short(task.inputs)}", notes)
    except WorkProblem as problem:
        message = (
            f"The artifact was trained and could not be pushed: {problem.message}; the next attempt goes on from its checkpoint"
        )
        raise WorkProblem("Push", "spec.output.repository", message) from problem
    merge: dict[str, Any] = {}
    if merged is not None and adapter:
        merge = {"merge_dtype": "float32", "merge_kept": saved.merge_kept(model, merged.model)}
    return ArtifactRecord(digest=pushed.digest, uri=pushed.uri, kind=kind, bytes=pushed.bytes, **adapter, **merge)
