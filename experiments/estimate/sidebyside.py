"""Other estimators over the same rows in the same run, each for real in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from delivery_oracle.configurator import families
from delivery_oracle.configurator.coefficients import Coefficients
from delivery_oracle.configurator.footprint import footprint
from experiments.estimate.fit import Pair
from experiments.estimate.published import HERE

PEERS = {
    "fitcheck-llm": ("fitcheck", ["fitcheck-llm"], "fitcheck_peer.py"),
    "llm-analysis": ("llm-analysis", ["llm-analysis"], "llm_analysis_peer.py"),
    "accelerate estimate-memory": ("accelerate", ["accelerate", "transformers", "torch", "deepspeed"], "accelerate_peer.py"),
}
DEEPSPEED = "DeepSpeed's formula"
OURS = "delivery-oracle estimate"
LARGE_ERROR = 0.25


def cache() -> Path:
    """Where the environments are kept."""
    root = os.environ.get("DELIVERY_CACHE", str(Path.home() / ".cache/delivery-operator"))
    return Path(root) / "estimate-peers"


def python(name: str, packages: list[str]) -> Path:
    """The interpreter of an environment with these packages, made when it is not there."""
    place = cache() / name
    found = place / "bin/python"
    if not (place / "ready").exists():
        subprocess.run(["uv", "venv", "--quiet", "--clear", str(place)], check=True)
        subprocess.run(["uv", "pip", "install", "--quiet", "--python", str(found), *packages], check=True)
        (place / "ready").touch()
    return found


def line(pair: Pair) -> str:
    """A row as the drivers read it."""
    run, published = pair
    raw = dict(published.row["architecture"])
    plain = families.plain(raw)
    if raw["model_type"] == "qwen":
        # Transformers never had the first Qwen; the second has its shape.
        raw = {**{key: value for key, value in plain.items() if key != "kv_channels"}, "model_type": "qwen2"}
    named = published.row.get("lora", {}).get("target_modules", list(run.stack.targets))
    return json.dumps(
        {
            "raw": raw, "plain": plain, "method": run.method, "count": run.count, "rows": run.rows, "length": run.length,
            "rank": run.rank, "targets": named, "optimizer": published.row.get("optimizer", ""),
            "checkpointing": run.checkpointing, "attention": run.attention, "memory": run.accelerator.memory,
            "accelerator": run.accelerator.name, "gated": run.base.gated, "sharding": run.sharding,
        }
    )  # fmt: skip


def answers(pairs: Sequence[Pair]) -> dict[str, list[dict[str, Any]]]:
    """By tool, one answer a row; an answer without `peak` says why."""
    rows = "\n".join(map(line, pairs))
    found: dict[str, list[dict[str, Any]]] = {}
    for name, (place, packages, driver) in PEERS.items():
        command = [str(python(place, packages)), str(HERE / "peers" / driver)]
        out = subprocess.run(command, input=rows, capture_output=True, text=True, check=True).stdout
        found[name] = [json.loads(one) for one in out.splitlines()]
        assert len(found[name]) == len(pairs), f"{name} answered {len(found[name])} of {len(pairs)} rows"
    found[DEEPSPEED] = [{"peak": one.get("deepspeed")} for one in found["accelerate estimate-memory"]]
    return found


def table(pairs: Sequence[Pair], c: Coefficients) -> str:
    """Markdown: every tool over all rows whose source states what memory means, and over those it answers."""
    found = {OURS: [{"peak": footprint(run, c).peak} for run, _ in pairs], **answers(pairs)}
    lines = [
        "| tool | rows answered | mean error | ours on the same rows | median error | 95th percentile | more than 25 % off |",
        "|---|---|---|---|---|---|---|",
    ]
    ours = errors(pairs, found[OURS])
    for name, said in found.items():
        missed = errors(pairs, said)
        there = [at for at, value in enumerate(missed) if value is not None]
        values = np.array([missed[at] for at in there])
        same = np.mean([ours[at] for at in there])
        lines.append(
            f"| {name} | {len(there)} of {len(pairs)} | {values.mean():.1%} | {same:.1%} | {np.median(values):.1%} "
            f"| {np.quantile(values, 0.95):.1%} | {int((values > LARGE_ERROR).sum())} |"
        )
    return "\n".join(lines) + "\n"


def kept(page: str, pairs: Sequence[Pair], c: Coefficients) -> str:
    """The table of a page that stands, if what it says of this estimator still is so; else SystemExit."""
    start = page.index("| tool | rows answered")
    stands = page[start : page.index("\n\n", start)] + "\n"
    missed = [one for one in errors(pairs, [{"peak": footprint(run, c).peak} for run, _ in pairs]) if one is not None]
    if f"| {OURS} | {len(missed)} of {len(pairs)} | {np.mean(missed):.1%} |" not in stands:
        raise SystemExit("The estimates of memory have changed since the other tools ran; leave --keep-peers out")
    return stands


def errors(pairs: Sequence[Pair], said: Sequence[dict[str, Any]]) -> list[float | None]:
    """Absolute relative error of each row, None where the tool gives no number."""
    return [
        abs(answer["peak"] / pair[1].peak - 1) if answer.get("peak") and pair[1].peak else None
        for pair, answer in zip(pairs, said, strict=True)
    ]
