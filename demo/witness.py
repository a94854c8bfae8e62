"""What the kubelet said of every pod that held an accelerator: a witness of the ledger that is not the operator."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

from delivery_api import names

from .kubectl import Kubectl
from .shell import Processes

Pod = dict[str, Any]


def watch(processes: Processes, kubectl: Kubectl, log: str) -> subprocess.Popen[str]:
    """Follow all pods of deliveries into a file: a pod that is deleted tells its end just before."""
    arguments = ("get", "pods", "-A", "-l", names.DELIVERY_UID, "--watch", "--output-watch-events", "-o", "json")
    return processes.start(
        ["sh", "-c", 'out=$1; shift; exec "$@" >"$out" 2>/dev/null', "sh", log, *kubectl.command(*arguments)]
    )


def events(text: str) -> Iterator[dict[str, Any]]:
    """JSON objects one after the other; what is cut at the end is left out."""
    decoder, at = json.JSONDecoder(), 0
    while (start := text.find("{", at)) >= 0:
        try:
            event, at = decoder.raw_decode(text, start)
        except ValueError:
            return
        yield event


def accelerated(text: str) -> list[Pod]:
    """Each pod that held an accelerator and started, as it was last seen, oldest first."""
    seen: dict[str, Pod] = {}
    for event in events(text):
        metadata, status = event["object"]["metadata"], event["object"].get("status", {})
        container: dict[str, Any] = next(iter(status.get("containerStatuses") or ()), {})
        state = container.get("state", {})
        told = state.get("terminated") or state.get("running") or {}
        if names.PRICE not in metadata.get("annotations", {}) or not told.get("startedAt"):
            continue
        labels = metadata["labels"]
        seen[metadata["name"]] = {
            "delivery": labels[names.DELIVERY],
            "pod": metadata["name"],
            "stage": labels[names.STAGE],
            "attempt": int(labels[names.ATTEMPT]),
            "startedAt": told["startedAt"],
            "finishedAt": told.get("finishedAt"),
        }
    return sorted(seen.values(), key=lambda pod: (pod["startedAt"], pod["pod"]))
