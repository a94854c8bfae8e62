"""What a named trainer is documented to do, from `data/stacks.yaml`; and the words of a stack text that change a run."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from delivery_oracle import data

DOUBLE_QUANTISED = 0.516
"""Bytes per weight in NF4 with double quantisation: 4 bits, and 0.127 bits of constants (QLoRA, section 3)."""
DEGREE = re.compile(r"\b(tp|cp|pp)\s*[=:]?\s*(\d{1,3})\b")
MODEL = re.compile(r"qwen[\s-]?\d[\w.-]*")
"""Names of models, which are no trainers."""
FUSED_LOSS = re.compile(r"\bliger\b|cut.cross.entropy|\bcce\b")
FUSED_CHUNK_BYTES = 0.5
YEAR = re.compile(r"\b(20[12]\d)(?!\d*[a-z])")
VERSION = re.compile(r"transformers\s*[v=]*\s*(\d+)\.(\d+)")
LOSS_MOVED = (4, 45)
NEW_LOGIT_BYTES, OLD_LOGIT_BYTES = 10.0, 18.0
"""Transformers 4.45 moved the loss out of the models: no float32 logits in the model and no shifted copy of them."""
ACCUMULATION = re.compile(r"(?:accum\w*(?:\s+steps)?)\s*[=:]?\s*(\d{1,4})")


@dataclass(frozen=True)
class Stack:
    """Documented behaviour of a trainer; see the head of the data file for each field."""

    name: str
    counter: str
    full: str
    adapter: str
    step: str
    norm: str
    logit_bytes: float
    chunk_bytes: float
    keeps_inputs: float
    upcast: bool
    four_bits: float
    rank: int
    targets: tuple[str, ...]
    checkpointing: str
    sharded_checkpointing: str
    loading: str
    offloads_checkpoints: bool
    dequantise: str
    optimizer: str
    full_optimizer: str
    dropout: bool
    chunked_loss: bool
    compiled: bool
    accumulates: bool
    paged_in_backward: bool
    packed_copies: int
    uneven: bool
    ties: bool
    streams_apart: bool
    splits_embeddings: bool
    compiles_loss_since: int


@dataclass(frozen=True)
class Told:
    """A stack text, read: the trainer, and what else its words say about the run."""

    stack: Stack
    tensor: int = 1
    context: int = 1
    pipeline: int = 1
    accumulation: int = 1
    offloads_weights: bool = False
    offloads_activations: bool = False
    step_in_backward: bool = False
    trains_embeddings: bool = False
    pure: bool = False
    four_bits: float = DOUBLE_QUANTISED
    logit_bytes: float = 0.0
    compiles_loss: bool = True


@lru_cache(maxsize=1)
def stacks() -> tuple[tuple[tuple[str, ...], Stack], ...]:
    """Entries in order, the default last, as it matches everything."""
    entries: dict[str, dict[str, Any]] = yaml.safe_load(resources.files(data).joinpath("stacks.yaml").read_text())
    default = entries["default"]
    names = [item.name for item in fields(Stack) if item.name != "name"]
    made = []
    for name, entry in entries.items():
        full = default | entries.get(entry.get("like", "default"), {}) | entry
        values: dict[str, Any] = {field: tuple(full[field]) if field == "targets" else full[field] for field in names}
        made.append((tuple(full["match"]), Stack(name=entry.get("like", name), **values)))
    return (*made[1:], made[0])


@lru_cache(maxsize=4096)
def read(text: str) -> Told:
    """The trainer and the words; an unknown text is the default trainer."""
    low = MODEL.sub("", text.lower())
    stack = next(one for words, one in stacks() if all(word in low for word in words))
    if FUSED_LOSS.search(low):
        stack = replace(stack, norm="fused", chunk_bytes=FUSED_CHUNK_BYTES, chunked_loss=True)
    degrees = {name: int(size) for name, size in DEGREE.findall(low)}
    accumulation = ACCUMULATION.search(low)
    return Told(
        stack,
        tensor=max(1, degrees.get("tp", 1)),
        context=max(1, degrees.get("cp", 1)),
        pipeline=max(1, degrees.get("pp", 1)),
        accumulation=max(1, int(accumulation.group(1))) if accumulation else 1,
        offloads_weights="offload" in low and ("cpu" in low or "param" in low),
        offloads_activations="offload" in low and "act" in low,
        step_in_backward=any(words in low for words in ("in backward", "in bwd", "in_bwd", "optimizer_in_bwd")),
        trains_embeddings="(emb)" in low or "modules_to_save" in low,
        pure="pure" in low,
        logit_bytes=logits(stack, low),
        compiles_loss=max((int(year) for year in YEAR.findall(low)), default=0) >= stack.compiles_loss_since,
        four_bits=stack.four_bits if "dq" not in low else DOUBLE_QUANTISED,
    )


def logits(stack: Stack, low: str) -> float:
    """Bytes per logit at the loss, by the version of transformers where the text gives one."""
    version = VERSION.search(low)
    if version is None:
        return stack.logit_bytes
    return NEW_LOGIT_BYTES if (int(version.group(1)), int(version.group(2))) >= LOSS_MOVED else OLD_LOGIT_BYTES
