"""Nodes that exist in the API only: an accelerator of each kind in each region. kwok keeps them ready, nobody runs on them."""

from __future__ import annotations

import time
from typing import Any

from delivery_benchmark.plane.api import Api, PlaneError, path

FAKE = "kwok.x-k8s.io/node"
REGIONS = ("eu-west-1", "us-east-1")
KINDS: dict[str, dict[str, str]] = {
    "h200": {"nvidia.com/gpu.product": "NVIDIA-H200"},
    "a40": {"nvidia.com/gpu.product": "NVIDIA-A40"},
    "cpu": {"ptaas.dev/accelerator": "cpu"},
}
"""Labels as GPU feature discovery writes them; the classes of the chart select by them."""
ACCELERATORS = 64


def node(kind: str, region: str) -> dict[str, Any]:
    """A large node of one kind."""
    name = f"{kind}-{region}"
    labels = KINDS[kind] | {"kubernetes.io/hostname": name, "topology.kubernetes.io/region": region}
    room = {"cpu": "512", "memory": "4Ti", "pods": "2000", "ephemeral-storage": "4Ti"}
    room |= {"nvidia.com/gpu": str(ACCELERATORS)} if kind != "cpu" else {}
    taints = [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}] if kind != "cpu" else []
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {FAKE: "fake"}},
        "spec": {"taints": taints},
        "status": {"allocatable": room, "capacity": room},
    }


def names() -> tuple[str, ...]:
    """All of them."""
    return tuple(f"{kind}-{region}" for kind in KINDS for region in REGIONS)


def make(api: Api, seconds: float = 30) -> None:
    """Create them and wait until kwok has them ready; PlaneError where nobody plays fake nodes."""
    for kind in KINDS:
        for region in REGIONS:
            api.create(path("nodes"), node(kind, region))
    deadline = time.monotonic() + seconds
    while True:
        seen = {one["metadata"]["name"]: one for one in api.ask("GET", path("nodes")).body.get("items", ())}
        left = [name for name in names() if name not in seen or not ready(seen[name])]
        if not left:
            return
        if time.monotonic() > deadline:
            raise PlaneError(f"nodes {', '.join(left)} are not ready after {seconds:.0f} s; is kwok running for this cluster?")
        time.sleep(0.2)


def ready(seen: dict[str, Any]) -> bool:
    """Whether pods can go there."""
    conditions = {one["type"]: one["status"] for one in seen.get("status", {}).get("conditions", ())}
    unready = [taint for taint in seen["spec"].get("taints", ()) if taint["key"].startswith("node.kubernetes.io/")]
    return conditions.get("Ready") == "True" and not unready
