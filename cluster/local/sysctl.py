"""Kernel settings a node changes for the whole machine: remembered before, given back after."""

from __future__ import annotations

import json
from pathlib import Path

from .paths import State

ROOT = Path("/proc/sys")
# Forwarding is ours; the others are what the kubelet sets when it starts.
CHANGED = ("net/ipv4/ip_forward", "vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops")


def remember(state: State) -> None:
    """Note the machine's own values, once a cluster: after a crash they are the node's already."""
    notes = state.root / "sysctl.json"
    if not notes.exists():
        notes.write_text(json.dumps({name: (ROOT / name).read_text().strip() for name in CHANGED}))


def forward() -> None:
    (ROOT / "net/ipv4/ip_forward").write_text("1")


def restore(state: State) -> None:
    notes = state.root / "sysctl.json"
    if notes.exists():
        for name, value in json.loads(notes.read_text()).items():
            (ROOT / name).write_text(value)
