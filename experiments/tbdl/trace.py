"""One run as recorded: the evidence that the project's workers wrote, whole, and nothing that anybody concluded."""

import os
from pathlib import Path

from pydantic import Field

from delivery_api.digests import canonical
from delivery_api.evidence import AuditEvidence, EvaluateEvidence, TrainEvidence
from delivery_api.model import Model

from .manifest import Arm


class Trace(Model):
    """One arm with one seed."""

    manifest: str
    """Digest of the manifest it was run by."""
    arm: Arm
    seed: int
    code: str
    """Digest of the workers' sources."""
    device: str
    """What it ran on."""
    seconds: dict[str, float]
    """Time of each worker by the clock, its start included."""
    processor_seconds: dict[str, float] = Field(default_factory=dict)
    """Processor time of each worker, of all cores together; absent where it was not measured."""
    audit: AuditEvidence
    train: TrainEvidence
    evaluate: EvaluateEvidence


def path_of(folder: Path, name: str) -> Path:
    """File of a trace."""
    return folder / "traces" / f"{name}.json"


def read(folder: Path, name: str) -> Trace | None:
    """A trace, if the run is done."""
    path = path_of(folder, name)
    return Trace.model_validate_json(path.read_bytes()) if path.exists() else None


def write(folder: Path, name: str, trace: Trace) -> None:
    """Write whole or not at all."""
    path = path_of(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(canonical(trace) + "\n", "utf-8")
    os.replace(new, path)
