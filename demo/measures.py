"""What a run measured beyond `demo.json`: memory of the operator, and what the clean probe cost. For docs/measured.md."""

import json
import re
from pathlib import Path
from typing import Any

from delivery_api.evidence import TrainEvidence

from .kubectl import Kubectl
from .prepare import RELEASE, SYSTEM

RESIDENT = re.compile(r"^process_resident_memory_bytes ([0-9.e+]+)$", re.MULTILINE)
ROWS_A_STEP = 16


def operator_memory(kubectl: Kubectl) -> int | None:
    """Resident bytes by the operator's own metrics page, read through the API server."""
    pods = kubectl.items("pods", "-n", SYSTEM, "-l", f"app.kubernetes.io/name={RELEASE}")
    for pod in pods:
        path = f"/api/v1/namespaces/{SYSTEM}/pods/{pod['metadata']['name']}:8080/proxy/metrics"
        found = RESIDENT.search(kubectl.run("get", "--raw", path).out)
        if found:
            return int(float(found.group(1)))
    return None


def probe_cost(training: TrainEvidence | None) -> dict[str, Any] | None:
    """Seconds of looks and of training steps; tokens of the items are those of a training row on average."""
    if training is None or not training.steps or not training.looks:
        return None
    tokens, items = sum(step.tokens for step in training.steps), sum(len(look.items) for look in training.looks)
    return {
        "looks": len(training.looks),
        "seconds": sum(look.seconds for look in training.looks) + training.base_scoring_seconds,
        "trainingSeconds": sum(step.seconds for step in training.steps),
        "tokens": tokens,
        "itemTokens": round(items * tokens / (len(training.steps) * ROWS_A_STEP)),
    }


def write(path: Path, kubectl: Kubectl, training: TrainEvidence | None) -> None:
    """Write measures.json."""
    told = {"operatorRssBytes": operator_memory(kubectl), "probe": probe_cost(training)}
    path.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
