"""The certificate as the operator issued it, and its main lines for a terminal; the report page has all of it."""

import json
from collections.abc import Iterator
from typing import Any

from .kubectl import Kubectl
from .order import NAMESPACE

FILE = "certificate.json"


def read(kubectl: Kubectl, name: str | None) -> dict[str, str]:
    """Card, certificate and bill of a delivery; nothing before they are issued."""
    if name is None:
        return {}
    found = kubectl.json("get", "deliverycertificate", name, "-n", NAMESPACE)
    return dict(found["spec"]["papers"])


def lines(name: str | None, issued: dict[str, str]) -> list[str]:
    """What one wants to know first."""
    if FILE not in issued:
        return ["no certificate was issued"]
    told = json.loads(issued[FILE])
    return [f"certificate {name}", *(f"  {key:<17}{value}" for key, value in _facts(told))]


def _facts(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "delivered", "yes" if told.get("delivered") else "no"
    if artifact := told.get("artifact"):
        yield "artifact", f"{artifact['digest']} ({artifact['kind']}, {artifact['bytes'] / 1e6:.0f} MB)"
    if audit := told.get("evaluation"):
        yield (
            "audit",
            f"{audit['candidate']} against {audit['base']}, gain {audit['gain']} in [{audit['low']}, {audit['high']}], "
            f"p={audit['pValue']}, n={audit['items']}",
        )
    if approval := told.get("approval"):
        yield "approved", f"by {approval['by']} at {approval['at']}"
    for stage in told.get("stages", []):
        if stage["verdict"] == "Fail":
            yield "failed", f"{stage['name']}, {stage['reason']}"
    missing = [entry.partition(":")[0] for entry in told.get("notEstablished", [])]
    yield "not established", ", ".join(missing) or "nothing"
