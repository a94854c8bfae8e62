"""Recordings of real runs: what `make tbdl` recorded on SmolLM2-135M, less the names of items."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from delivery_api.digests import canonical
from delivery_api.evidence import AuditEvidence, EvaluateEvidence, TrainEvidence
from delivery_benchmark.recordings.model import Arm, Recording, Scored, Seen

BASE = "smollm2-135m"
ARMS: tuple[Arm, ...] = ("correct", "permute", "noise", "mask")
FOLDER = files("delivery_benchmark.recordings") / "tbdl"
ITEMS = 512
"""Items of the canary that are kept; with fewer than 256 it could not refuse anything."""


@cache
def seeds(arm: Arm) -> tuple[int, ...]:
    """Seeds that were run of an arm."""
    found = [entry.name.removesuffix(".json").rpartition("-") for entry in FOLDER.iterdir() if entry.name.endswith(".json")]
    return tuple(sorted(int(seed) for name, _, seed in found if name == arm))


@cache
def recorded(arm: Arm, seed: int = 1) -> Recording:
    """The recording of an arm; seeds beyond those that were run begin again with the first."""
    there = seeds(arm)
    return Recording.model_validate_json((FOLDER / f"{arm}-{there[(seed - 1) % len(there)]}.json").read_bytes())


def of_trace(trace: dict[str, Any]) -> Recording:
    """What a trace of experiments/tbdl holds of its run."""
    audit = AuditEvidence.model_validate(trace["audit"])
    train = TrainEvidence.model_validate(trace["train"])
    evaluated = EvaluateEvidence.model_validate(trace["evaluate"])
    assert audit.canary and audit.lengths and train.preflight and train.artifact
    arm, steps, canary = trace["arm"], len(train.steps), audit.canary
    kept = {name: getattr(canary, name)[:ITEMS] for name in ("truth", "by_train", "by_sealed", "train_truth", "train_by_train")}
    return Recording(
        name=f"{BASE}/{arm}",
        source=f"experiments/tbdl, {arm}, seed {trace['seed']}, manifest {trace['manifest']}",
        rows_seen=steps * 16,
        losses=tuple(step.loss or 0.0 for step in train.steps),
        grad_norms=tuple(step.grad_norm or 0.0 for step in train.steps),
        tokens_a_step=sum(step.tokens for step in train.steps) / steps,
        seconds_a_step=round(sum(step.seconds for step in train.steps) / steps, 3),
        looks=tuple(
            Seen(at=look.step / train.planned_steps, pairs=tuple((item.base, item.candidate) for item in look.items))
            for look in train.looks
        ),
        holdout=tuple(
            Scored.model_validate(item.model_dump(include=set(Scored.model_fields), exclude_none=True))
            for item in evaluated.items
        ),
        engine=evaluated.engine or "",
        architecture=audit.architecture,
        base_bytes=audit.base_bytes or 0,
        context_length=audit.context_length or 0,
        lengths=audit.lengths,
        supervised_tokens=audit.supervised_tokens or 0.0,
        preflight=train.preflight,
        adapter_norm=train.artifact.adapter_norm,
        peak_memory_bytes=train.peak_memory_bytes,
        canary=type(canary)(**kept, labels=canary.labels, closer_to_sealed=canary.closer_to_sealed),
        related=arm in ("correct", "mask"),
    )


def write(traces: Path, folder: Path) -> None:
    """Write the recordings of a folder of traces."""
    folder.mkdir(parents=True, exist_ok=True)
    for trace in sorted(traces.glob("*-*.json")):
        made = of_trace(json.loads(trace.read_bytes()))
        (folder / trace.name).write_text(canonical(made) + "\n", "utf-8")
