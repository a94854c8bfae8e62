"""One training run as a row of `delivery-oracle estimate` describes it: keys read, defaults filled in, mistakes named."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from delivery_oracle.configurator import architecture, hardware, stacks
from delivery_oracle.configurator.architecture import Architecture
from delivery_oracle.configurator.hardware import Hardware
from delivery_oracle.configurator.shape import Shape, shape
from delivery_oracle.configurator.stacks import Stack, Told

KEYS = (
    "architecture", "method", "lora", "sequence_length", "micro_batch_size", "gradient_checkpointing", "optimizer", "precision",
    "attention", "packing", "chunked_loss", "compile", "accelerator", "count", "sharding", "stack",
    "gradient_accumulation_steps",
)  # fmt: skip
METHODS = ("lora", "qlora", "full")
PRECISIONS = ("fp32", "fp16", "bf16", "fp8")
ATTENTIONS = ("flash", "sdpa", "eager")
SHARDINGS = ("none", "ddp", "fsdp", "zero2", "zero3", "pipeline")
CHECKPOINTING = {
    True: "full", False: "none", "true": "full", "false": "none", "yes": "full", "no": "none", "full": "full", "none": "none",
    "selective": "selective", "selective(op)": "selective", "unsloth": "offloaded",
}  # fmt: skip
LARGEST = 1 << 40
DEFAULT_LENGTH = 2048
_architectures: dict[bytes, Architecture] = {}


@dataclass(frozen=True)
class Optimizer:
    """Moments an optimizer keeps, in bytes per parameter where they are not in the format of the rest."""

    moments: int
    bytes_per_moment: float | None
    paged: bool
    in_backward: bool


@dataclass(frozen=True)
class Run:
    """A run with nothing left to default."""

    base: Architecture
    shape: Shape
    method: str
    rank: int
    length: float
    rows: int
    checkpointing: str
    optimizer: Optimizer
    precision: str
    attention: str
    packing: bool
    chunked: bool
    compiled: bool
    accelerator: Hardware
    count: int
    sharding: str
    told: Told
    assumed: tuple[str, ...]
    supervised: float = 1.0
    """Share of the tokens whose logits are computed."""

    @property
    def length_known(self) -> bool:
        """Whether the length of rows was told."""
        return not any(text.startswith("sequence_length ") for text in self.assumed)

    @property
    def stack(self) -> Stack:
        return self.told.stack

    @property
    def width(self) -> int:
        """Bytes of the computing format; float8 multiplies, but what is kept is bf16."""
        return 4 if self.precision == "fp32" else 2

    @property
    def shards(self) -> int:
        """Accelerators that weights and states are divided over; those that share a sequence divide the weights too."""
        return max(1, self.count // (self.told.tensor * self.told.pipeline))

    @property
    def tokens(self) -> float:
        """Tokens of one pass on one accelerator."""
        return self.rows * self.length / self.told.context


def read(row: Mapping[str, Any]) -> Run:
    """A run from a row; ValueError names the key that is wrong, what it may be, and what to do."""
    if not isinstance(row, Mapping):
        raise ValueError("a row is a JSON object")
    assumed: list[str] = [f"{name} is no key of a row and was not read" for name in row if name not in KEYS]
    base = architecture_of(row)
    told = stacks.read(text(row, "stack", ""))
    if row.get("gradient_accumulation_steps") is not None:
        told = replace(told, accumulation=number(row, "gradient_accumulation_steps", 1, assumed))
    stack = told.stack
    method = choice(row, "method", METHODS, "lora", assumed)
    rank, names = adapter(row, method, stack, told, assumed)
    name = text(row, "accelerator", "")
    if not name:
        assumed.append(f"accelerator {hardware.ABSENT}")
    count = number(row, "count", 1, assumed)
    sharding = choice(row, "sharding", SHARDINGS, "none" if count == 1 else "fsdp", assumed)
    optimizer = text(row, "optimizer", "")
    if not optimizer:
        optimizer = stack.full_optimizer if method == "full" and count == 1 else stack.optimizer
        assumed.append(f"optimizer {optimizer}")
    if stack.name != "default":
        assumed.append(f"behaviour of {stack.name}")
    return Run(
        base=base,
        shape=shape(base, rank, names),
        method=method,
        rank=rank,
        length=number(row, "sequence_length", min(DEFAULT_LENGTH, base.positions), assumed),
        rows=number(row, "micro_batch_size", 1, assumed),
        checkpointing=checkpointing(row, stack, sharding, assumed),
        optimizer=optimizer_of(optimizer),
        precision=choice(row, "precision", PRECISIONS, "bf16", assumed),
        attention=choice(row, "attention", ATTENTIONS, "sdpa", assumed),
        packing=flag(row, "packing", False),
        chunked=flag(row, "chunked_loss", stack.chunked_loss),
        compiled=flag(row, "compile", stack.compiled),
        accelerator=hardware.find(name or hardware.ABSENT),
        count=count,
        sharding=sharding,
        told=told,
        assumed=tuple(assumed),
    )


def architecture_of(row: Mapping[str, Any]) -> Architecture:
    """The base; bases repeat from row to row, so each is read once."""
    config = row.get("architecture")
    if not isinstance(config, dict):
        raise ValueError("architecture is missing; give the keys of the base's config.json")
    try:
        known = marshal.dumps(config, 2)
    except ValueError:
        return architecture.read(config)
    found = _architectures.get(known)
    if found is None:
        if len(_architectures) >= 4096:
            _architectures.clear()
        found = _architectures[known] = architecture.read(config)
    return found


def adapter(row: Mapping[str, Any], method: str, stack: Stack, told: Told, assumed: list[str]) -> tuple[int, tuple[str, ...]]:
    """Rank and module names; none for a full fine-tune."""
    lora = row.get("lora")
    if lora is None:
        lora = {}
    if not isinstance(lora, Mapping):
        raise ValueError("lora is an object with r and target_modules")
    if method == "full":
        return 0, ()
    names = lora.get("target_modules")
    if names is None:
        names = list(stack.targets)
        assumed.append(f"lora.target_modules {' '.join(names)}")
    if isinstance(names, str):
        names = [names]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ValueError("lora.target_modules is a list of module names, or all-linear")
    if told.trains_embeddings:
        names = [*names, "embed_tokens"]
    return number(lora, "r", stack.rank, assumed, "lora.r", 65536), tuple(names)


def optimizer_of(name: str) -> Optimizer:
    """What an optimizer of that name keeps for every parameter."""
    low = name.lower()
    quantised = any(mark in low for mark in ("8bit", "8-bit", "_8"))
    within = any(mark in low for mark in ("in bwd", "in backward", "in_bwd", "in_backward"))
    if "sgd" in low:
        return Optimizer(1 if "momentum" in low else 0, None, False, within)
    if "adafactor" in low:
        return Optimizer(0, None, False, within)
    moments = 1 if "lion" in low or "muon" in low else 2
    return Optimizer(moments, 1.03 if quantised else None, "paged" in low, within)


def checkpointing(row: Mapping[str, Any], stack: Stack, sharding: str, assumed: list[str]) -> str:
    value = row.get("gradient_checkpointing")
    if value is None:
        found = stack.sharded_checkpointing if sharding in ("fsdp", "zero3") else stack.checkpointing
        assumed.append(f"gradient_checkpointing {found}")
    else:
        named = CHECKPOINTING.get(value.strip().lower() if isinstance(value, str) else value if isinstance(value, bool) else "")
        if named is None:
            raise ValueError(f"gradient_checkpointing={str(value)[:40]!r}; use true, false or selective")
        found = named
    return "offloaded" if found == "full" and stack.offloads_checkpoints else found


def text(row: Mapping[str, Any], key: str, default: str) -> str:
    value = row.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise ValueError(f"{key}={str(value)[:40]} is no text")
    return value


def choice(row: Mapping[str, Any], key: str, known: tuple[str, ...], default: str, assumed: list[str]) -> str:
    value = row.get(key)
    if value is None:
        assumed.append(f"{key} {default}")
        return default
    if isinstance(value, str) and value.lower() in known:
        return value.lower()
    raise ValueError(f"{key}={str(value)[:40]!r}; use {', '.join(known)}")


def flag(row: Mapping[str, Any], key: str, default: bool) -> bool:
    value = row.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ValueError(f"{key}={str(value)[:40]!r}; use true or false")
    return value


def number(row: Mapping[str, Any], key: str, default: int, assumed: list[str], shown: str = "", most: int = LARGEST) -> int:
    value = row.get(key)
    if value is None:
        assumed.append(f"{shown or key} {default}")
        return default
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ValueError(f"{shown or key}={str(value)[:40]!r} is no whole number from 1 to {most}")
    return value
