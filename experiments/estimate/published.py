"""Published runs as rows of `delivery-oracle estimate`, beside what was measured.

Only what the table states goes into a row. What a source leaves out stays out, so that the documented default applies.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GIB = 2.0**30
TRAINERS = {
    "torchtune": "torchtune",
    "QwenLM": "Qwen finetune.py, transformers, peft",
    "fsdp_qlora": "fsdp_qlora",
    "torchtitan": "torchtitan",
    "Automodel": "NeMo Automodel",
    "llm-foundry": "llm-foundry",
    "litgpt": "litgpt",
}
STATED = ("torchtune", "fsdp_qlora", "torchtitan", "litgpt")
"""Trainers whose source says which counter its memory is."""


@dataclass(frozen=True)
class Published:
    """One published run."""

    line: int
    source: str
    trainer: str
    row: dict[str, Any]
    peak: float | None
    speed: float | None
    out_of_memory: bool
    stated: bool


def shared() -> Path:
    """Where the shared data lies."""
    return Path(os.environ.get("DELIVERY_SHARED", ROOT.parent / "shared"))


def read() -> list[Published]:
    """Every row of the table that says enough to be estimated."""
    path = shared() / "data/finetune_measurements.csv"
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there; set DELIVERY_SHARED to the folder that holds data/")
    models = yaml.safe_load((HERE / "models.yaml").read_text())
    with path.open() as file:
        return list(rows(csv.DictReader(file), models))


def rows(table: Any, models: dict[str, Any]) -> Iterator[Published]:
    for line, given in enumerate(table, start=2):
        trainer = next(name for mark, name in TRAINERS.items() if mark in given["source"])
        peak = float(given["peak_gb_per_gpu"]) if given["peak_gb_per_gpu"] else None
        unit = GIB if "GiB" in given["notes"] else 1e9
        speed = float(given["tokens_per_s_per_gpu"]) if given["tokens_per_s_per_gpu"] else None
        yield Published(
            line,
            given["source"].removeprefix("github:").partition(" ")[0] + " " + Path(given["source"].split()[1]).stem,
            trainer,
            row(given, models, trainer),
            peak * unit if peak else summed(given["notes"], int(given["n_gpus"])),
            speed,
            "OOM" in given["notes"],
            any(name in given["source"] for name in STATED),
        )


def summed(notes: str, count: int) -> float | None:
    """Memory published as the sum over accelerators."""
    found = re.search(r"published ([\d.]+)G", notes)
    return float(found.group(1)) * 1e9 / count if found and "sum over" in notes else None


def row(given: dict[str, str], models: dict[str, Any], trainer: str) -> dict[str, Any]:
    """The keys that the table states."""
    notes = given["notes"]
    low = re.sub(r"\([^)]*same file[^)]*\)", "", notes.lower())
    made: dict[str, Any] = {"architecture": models[given["model"]], "method": given["method"], "count": int(given["n_gpus"])}
    if given["gpu"]:
        made["accelerator"] = given["gpu"]
    for key, column in (("sequence_length", "seq_len"), ("micro_batch_size", "micro_batch")):
        if given[column]:
            made[key] = int(given[column])
    if given["grad_ckpt"]:
        made["gradient_checkpointing"] = {"yes": True, "no": False, "full": True}.get(given["grad_ckpt"], "selective")
    if given["optimizer"]:
        made["optimizer"] = given["optimizer"]
    made["precision"] = "fp8" if "float8" in low or "amp_fp8" in low else "bf16"
    if "packed" in low and "unpacked" not in low:
        made["packing"] = True
    if "compile" in low:
        made["compile"] = True
    if "chunked ce" in low or ("+ ..." in low) or "same stack" in low:
        made |= {"chunked_loss": True, "compile": True, "packing": True}
    elif "+packed" in low or "baseline" in low:
        made["chunked_loss"] = False
    made["sharding"] = sharding(low, made["count"], trainer)
    made["stack"] = stack(trainer, low) + dated(given["source"])
    adapter = lora(trainer, notes)
    if adapter and given["method"] != "full":
        made["lora"] = adapter
    return made


def sharding(low: str, count: int, trainer: str) -> str:
    if count == 1:
        return "none"
    if "zero3" in low:
        return "zero3"
    if "ddp" in low or "multinode" in low:
        return "ddp"
    return "zero3" if trainer.startswith("Qwen") else "fsdp"


def stack(trainer: str, low: str) -> str:
    """The trainer, and the words of the notes that say how it ran."""
    marks = (r"tp\d+", r"cp\d+", r"cpu(?:\+act)? offload", r"act(?:ivation)? offload", r"grad accum \d+", r"pure", r"\(emb\)",
             r"optimizer in backward", r"nf4-dq", r"nf4")  # fmt: skip
    found = [match.group(0) for mark in marks if (match := re.search(mark, low))]
    if "act offload" in low or "+ ..." in low or "same stack" in low:
        found = [*found, *(["act offload"] if "activation offload" in low or "8-bit" in low or "same stack" in low else [])]
    if "8-bit adamw" in low or "activation offload" in low:
        found.append("optimizer in backward")
    return " ".join([trainer, *dict.fromkeys(found)])


def dated(source: str) -> str:
    """The year that a source carries in its name."""
    found = re.search(r"_(?:h100|h200)_(20\d\d)-?\d\d", source)
    return f" {found.group(1)}" if found else ""


def lora(trainer: str, notes: str) -> dict[str, Any] | None:
    """Rank and modules, where the source or the trainer's script states them."""
    if trainer.startswith("Qwen"):
        return {"r": 64, "target_modules": ["c_attn", "attn.c_proj", "w1", "w2"]}
    if trainer == "fsdp_qlora":
        return {"r": 64, "target_modules": ["k_proj", "q_proj", "v_proj", "up_proj", "down_proj", "gate_proj"]}
    rank = re.search(r"rank (\d+)", notes)
    if rank:
        modules = ["all-linear"] if "all layers" in notes else ["q_proj", "v_proj"]
        return {"r": int(rank.group(1)), "target_modules": modules}
    return None


def further() -> list[Published]:
    """Runs of other sources, looked up afterwards and never used for fitting; `further.csv` says where each stands."""
    models = yaml.safe_load((HERE / "models.yaml").read_text())
    found = []
    with (HERE / "further.csv").open() as file:
        for line, given in enumerate(csv.DictReader(file), start=2):
            made = {
                "architecture": models[given["model"]], "method": given["method"], "count": int(given["n_gpus"]),
                "accelerator": given["gpu"], "sequence_length": int(given["seq_len"]),
                "micro_batch_size": int(given["micro_batch"]), "precision": "bf16", "sharding": given["sharding"] or "none",
                "stack": given["stack"],
            }  # fmt: skip
            if given["grad_ckpt"]:
                made["gradient_checkpointing"] = given["grad_ckpt"] == "yes"
            if given["rank"]:
                made["lora"] = {"r": int(given["rank"]), "target_modules": given["targets"].split()}
            peak = float(given["peak"]) * (GIB if given["unit"] == "GiB" else 1e9) if given["peak"] else None
            speed = float(given["tokens_per_s_per_gpu"]) if given["tokens_per_s_per_gpu"] else None
            name = given["stack"].partition(",")[0].split()[0]
            found.append(Published(line, given["source"], name, made, peak, speed, bool(given["out_of_memory"]), bool(peak)))
    return found
