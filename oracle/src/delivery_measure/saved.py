"""What a run saved: the adapter's tensors against the base they are for, and what a merge left of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from peft.utils.integrations import dequantize_module_weight
from safetensors.torch import load_file
from torch import Tensor

from delivery_api.digests import sha256
from delivery_api.evidence import ArtifactRecord
from delivery_measure.weights import adapters, whole

ADAPTER = "adapter_model.safetensors"
PREFIX = "base_model.model."
A, B = ".lora_A.weight", ".lora_B.weight"


@torch.no_grad()
def product_norm(a: Tensor, b: Tensor) -> float:
    """Squared Frobenius norm of B A, without making the product."""
    return float(torch.trace((b.float().T @ b.float()) @ (a.float() @ a.float().T)))


def adapter_norm(tensors: Mapping[str, Tensor]) -> float:
    """Frobenius norm of all products B A together; 0 is inert. A pair with an empty half counts as nothing."""
    total = 0.0
    for name, a in tensors.items():
        b = tensors.get(name.removesuffix(A) + B)
        if name.endswith(A) and b is not None and a.numel() and b.numel():
            total += product_norm(a, b)
    return math.sqrt(max(total, 0.0))


def unmatched(tensors: Mapping[str, Tensor], base: Any) -> int:
    """Tensors of a saved adapter that fit no module of the base by name and shape."""
    modules = dict(base.named_modules())
    return sum(not _fits(name, value, modules) for name, value in tensors.items())


def _fits(name: str, value: Tensor, modules: Mapping[str, Any]) -> bool:
    side = next((side for side in (A, B) if name.endswith(side)), None)
    if side is None:
        return modules.get(name.removeprefix(PREFIX).rpartition(".")[0]) is not None
    layer = modules.get(name.removeprefix(PREFIX).removesuffix(side))
    if layer is None or not hasattr(layer, "in_features"):
        return False
    return bool(value.shape[-1] == layer.in_features if side == A else value.shape[0] == layer.out_features)


def adapter(folder: Path, base: Any) -> ArtifactRecord:
    """What is in a folder that peft's `save_pretrained` wrote, measured against the base that it will be served with."""
    path = folder / ADAPTER
    if not path.is_file():
        raise ValueError(f"{path} does not exist; give the folder that save_pretrained wrote")
    tensors = load_file(path)
    content = sha256(path.read_bytes())
    return ArtifactRecord(
        digest=content,
        uri=path.resolve().as_uri(),
        kind="Adapter",
        bytes=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
        adapter_digest=content,
        adapter_bytes=sum(value.numel() * value.element_size() for value in tensors.values()),
        adapter_norm=adapter_norm(tensors),
        adapter_unmatched=unmatched(tensors, base),
    )


@torch.no_grad()
def merge_kept(trained: Any, merged: Any) -> float | None:
    """Share of what the adapters of `trained` add that is left in `merged`: 1 is all of it, 0 the base alone.

    The difference of the weights, projected on what the adapters add. None when they add nothing.
    """
    modules = dict(merged.named_modules())
    left = all_of_it = 0.0
    for name, layer in adapters(trained):
        delta = whole(layer.get_delta_weight(layer.active_adapters[0])).float()
        before, after = weight_of(layer.get_base_layer()), weight_of(modules[name])
        left += float(((after - before) * delta).sum())
        all_of_it += float((delta * delta).sum())
    return left / all_of_it if all_of_it else None


def merge_dtype(trained: Any, merged: Any) -> str:
    """Number format of the merged weights, as the first adapted layer has it."""
    name, _ = next(adapters(trained))
    return str(dict(merged.named_modules())[name].weight.dtype).removeprefix("torch.")


def weight_of(layer: Any) -> Tensor:
    """A linear layer's weights as numbers, whatever format they are kept in."""
    return whole(dequantize_module_weight(layer)).float()
