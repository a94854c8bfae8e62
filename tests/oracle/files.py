"""A delivery and its evidence as the files that `kubectl get -o json` and the workers leave."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from delivery_api.digests import canonical, plain, sha256
from tests.oracle import world as w

COMMIT = "0123456789" * 4


def delivery(**changes: object) -> dict:
    spec = plain(w.spec(**({"base": {"uri": f"hf://Qwen/Qwen3-8B@{COMMIT}"}} | changes)))
    return {"apiVersion": "ptaas.dev/v1alpha1", "kind": "Delivery", "metadata": {"name": "support"}, "spec": spec}


def write(path: Path, document: object) -> str:
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return str(path)


def record(folder: Path, **evidence: object) -> str:
    """A delivery's evidence as the files that `kubectl get -o json` and the workers leave."""
    resolved = {"plan": plain(w.plan()), "config": plain(w.config()), "hours": "0.1"}
    resolved["schedule"] = {"acceleratorClass": "cpu", "count": 1}
    status = {"resolved": resolved, "cost": plain(w.cost())}
    write(folder / "delivery.yaml", {**delivery(), "spec": plain(w.spec()), "status": status})
    (folder / "class.yaml").write_text(yaml.safe_dump(plain(w.accelerator())))
    version = {
        "apiVersion": "ptaas.dev/v1alpha1",
        "kind": "ModelVersion",
        "metadata": {"name": "v"},
        "spec": plain(w.version()),
    }
    write(folder / "version.yaml", version)
    looks = tuple(w.look(step, 30, 1, start=64 * at) for at, step in enumerate((20, 30, 40, 60, 80, 100)))
    found = {"audit": w.audit(), "train": w.train(looks=looks), "evaluate": w.evaluate(), "verify": w.verify()} | evidence
    maps = []
    for name, one in found.items():
        if one is not None:
            text = canonical(one)
            maps.append(
                {"kind": "ConfigMap", "metadata": {"name": name}, "data": {"evidence.json": text, "digest": sha256(text)}}
            )
    (folder / "maps.json").write_text(json.dumps({"kind": "List", "items": maps}))
    return str(folder)


def lines(text: str) -> list[dict]:
    """What was printed, a JSON object a line."""
    return [json.loads(line) for line in text.splitlines()]
