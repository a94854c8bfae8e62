"""`judge DIR`: the ten verdicts over a delivery's recorded evidence as files. No cluster, no model.

Files are known by what they hold, not by their names: Kubernetes objects (Delivery, AcceleratorClass, ModelVersion,
evidence ConfigMaps, Lists of them) and bare evidence, in YAML or JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from delivery_api.accelerator import AcceleratorClass
from delivery_api.delivery import Delivery
from delivery_api.digests import sha256
from delivery_api.evidence import (
    AuditEvidence,
    EvaluateEvidence,
    Evidence,
    EvidenceCommon,
    SignEvidence,
    TrainEvidence,
    VerifyEvidence,
    read_evidence,
)
from delivery_api.finding import Verdict
from delivery_api.modelversion import ModelVersion
from delivery_api.stages import Stage
from delivery_oracle.commands.common import FAIL, PASS, UNKNOWN, BadInput, Commands, show
from delivery_oracle.commands.yamls import documents, text_of
from delivery_oracle.record import Record, verdicts

EVIDENCE = {
    "Audit": AuditEvidence,
    "Train": TrainEvidence,
    "Evaluate": EvaluateEvidence,
    "Verify": VerifyEvidence,
    "Sign": SignEvidence,
}
STAGE: dict[type[EvidenceCommon], Stage] = {
    AuditEvidence: Stage.INTAKE,
    TrainEvidence: Stage.TRAIN,
    EvaluateEvidence: Stage.EVAL,
    VerifyEvidence: Stage.DEPLOY,
    SignEvidence: Stage.CARD,
}
OBJECTS: dict[str, type[BaseModel]] = {"Delivery": Delivery, "AcceleratorClass": AcceleratorClass, "ModelVersion": ModelVersion}
Kind = TypeVar("Kind", bound=BaseModel)


def add(commands: Commands) -> None:
    parser = commands.add_parser("judge", help="ten verdicts over a directory of recorded evidence")
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--use", type=int, default=1, help="which use of the holdout this is (default 1)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    found = verdicts(read(options.directory, options.use))
    for stage, finding in found.items():
        line = {"stage": str(stage), "verdict": str(finding.verdict), "reason": str(finding.reason), "blocks": finding.blocks}
        show(line | {"message": finding.message})
    if any(finding.verdict is Verdict.FAIL for finding in found.values()):
        return FAIL
    return UNKNOWN if any(finding.blocks for finding in found.values()) else PASS


def read(directory: Path, use: int = 1) -> Record:
    """The record that the files of a directory make up."""
    if not directory.is_dir():
        raise BadInput(f"{directory}: no such directory")
    parts = [part for path in files(directory) for part in parse(path)]
    deliveries = of_kind(parts, Delivery)
    if len(deliveries) != 1:
        raise BadInput(f"{directory}: {len(deliveries)} objects of kind Delivery, exactly one needed")
    if use < 1:
        raise BadInput(f"--use {use}: the first use is 1")
    delivery = deliveries[0]
    parts = [part for part in parts if concerns(part, delivery)]
    versions = of_kind(parts, ModelVersion)
    status = delivery.status
    return Record(
        spec=delivery.spec,
        classes=tuple(of_kind(parts, AcceleratorClass)),
        audit=newest(of_kind(parts, AuditEvidence)),
        attempts=tuple(sorted(of_kind(parts, TrainEvidence), key=lambda one: one.attempt)),
        evaluated=newest(of_kind(parts, EvaluateEvidence)),
        verified=newest(of_kind(parts, VerifyEvidence)),
        version=versions[0].spec if versions else None,
        resolved=status.resolved if status else None,
        cost=status.cost if status else None,
        use=use,
    )


def concerns(part: BaseModel, delivery: Delivery) -> bool:
    """Whether a part is about this delivery, and about the work whose result its status records."""
    uid = delivery.metadata.get("uid")
    if isinstance(part, ModelVersion):
        return uid in (None, part.spec.delivery_uid)
    if not isinstance(part, EvidenceCommon):
        return True
    stage = STAGE[type(part)]
    recorded = next((one.inputs for one in (delivery.status.stages if delivery.status else ()) if one.name == stage), None)
    return uid in (None, part.delivery_uid) and recorded in (None, part.inputs)


def files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.suffix in (".json", ".yaml", ".yml") and path.is_file())


def parse(path: Path) -> Iterator[BaseModel]:
    """Every object of one file that says something about a delivery."""
    if path.suffix != ".json":
        loaded = documents(path)
    else:
        try:
            loaded = [json.loads(text_of(path))]
        except (json.JSONDecodeError, RecursionError) as error:
            raise BadInput(f"{path}: not JSON: {error}") from None
    for document in loaded:
        if isinstance(document, dict):
            yield from objects(document, path)


def objects(document: dict[str, Any], path: Path) -> Iterator[BaseModel]:
    """The typed objects of one document."""
    kind = str(document.get("kind", ""))
    try:
        if kind.endswith("List") and isinstance(document.get("items"), list):
            for item in document["items"]:
                yield from objects(item, path)
        elif kind == "ConfigMap":
            yield from evidence_of(document, path)
        elif kind in OBJECTS:
            yield OBJECTS[kind].model_validate(document)
        elif kind in EVIDENCE:
            yield read_evidence.validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{path}: {where}: {first['msg']}") from None


def evidence_of(document: dict[str, Any], path: Path) -> Iterator[Evidence]:
    """Evidence in a ConfigMap; a digest that does not fit its text is no evidence."""
    data = document.get("data") or {}
    text = data.get("evidence.json")
    if not isinstance(text, str):
        return
    recorded = data.get("digest")
    if recorded is not None and recorded != sha256(text):
        raise BadInput(f"{path}: digest {recorded} is not that of evidence.json, {sha256(text)}")
    yield read_evidence.validate_json(text)


def of_kind(parts: list[BaseModel], kind: type[Kind]) -> list[Kind]:
    return [part for part in parts if isinstance(part, kind)]


Attempt = TypeVar("Attempt", bound=EvidenceCommon)


def newest(found: list[Attempt]) -> Attempt | None:
    """The last attempt, as earlier ones were lost."""
    return max(found, key=lambda one: one.attempt, default=None)
