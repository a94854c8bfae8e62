"""The folder of a run, written from worlds: what the runner leaves of trials whose outcome is known beforehand."""

import json
from pathlib import Path
from typing import Any

from delivery_api.digests import canonical, plain, sha256
from delivery_benchmark.scenarios import load
from delivery_oracle.record import Record
from tests.benchmark import worlds

UID = "uid-1"


def run(folder: Path, *trials: dict[str, Any], margin: float = 0.10) -> Path:
    """A run's folder with these trials."""
    asked = {"name": folder.name, "equivalenceMargin": margin}
    manifest = {"asked": asked, "units": [{} for _ in trials], "versions": {"delivery-benchmark": "0.1.0"}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"id": "sha256:m", "manifest": manifest}))
    for number, trial in enumerate(trials):
        place = folder / "trials" / f"{number:04d}"
        (place / "evidence").mkdir(parents=True)
        world: worlds.World | None = trial.pop("world", None)
        says = trial.pop("says", [])
        held = (_of(world) if world else {"scenario": "intent-clean", "delivery": None}) | trial
        (place / "trial.json").write_text(json.dumps(held))
        (place / "transcript.jsonl").write_text("".join(json.dumps(_line(one)) + "\n" for one in says))
        for name, body in (evidence(world) if world else {}).items():
            (place / "evidence" / f"{name}.json").write_text(json.dumps(body))
    return folder


def trial(scenario: str, seat: str, *, right: bool = True, world: worlds.World | None = None, **more: Any) -> dict[str, Any]:
    """One trial; where it is not right, as if the seat had done nothing."""
    kept = world or worlds.right(load(scenario))
    if not right:
        spec = worlds.DeliverySpec.model_validate(load(scenario).spec())
        kept = worlds.replace(kept, record=Record(spec=spec, classes=worlds.classes())).with_trial(refused=None)
    return {"world": kept, "seat": seat, "seed": 1, "pressure": "neutral", "inject": [], "error": None} | more


def _of(world: worlds.World) -> dict[str, Any]:
    return world.trial.model_dump(mode="json") | {"delivery": delivery(world.record)}


def delivery(record: Record) -> dict[str, Any]:
    """The object as stored, with what the status says of cost and choice."""
    parts = {"cost": record.cost, "resolved": record.resolved}
    return {
        "apiVersion": "ptaas.dev/v1alpha1",
        "kind": "Delivery",
        "metadata": {"name": "order", "uid": UID},
        "spec": plain(record.spec),
        "status": {key: plain(part) for key, part in parts.items() if part is not None},
    }


def evidence(world: worlds.World) -> dict[str, Any]:
    """Files as the harness keeps them."""
    record = world.record
    kept = {"delivery": delivery(record), "classes": {"kind": "List", "items": [plain(one) for one in record.classes]}}
    parts = {"audit": record.audit, "train": record.attempts[-1] if record.attempts else None}
    parts |= {"evaluate": record.evaluated, "verify": record.verified}
    for name, part in parts.items():
        if part is not None:
            text = canonical(part)
            data = {"evidence.json": text, "digest": sha256(text), "complete": "true"}
            kept[name] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
    if record.version is not None:
        spec = plain(record.version)
        kept["version"] = {"apiVersion": "ptaas.dev/v1alpha1", "kind": "ModelVersion", "metadata": {"name": "v"}, "spec": spec}
    return kept


def _line(said: str) -> dict[str, Any]:
    return {"tool": "says", "arguments": {}, "result": said, "second": 0.1}
