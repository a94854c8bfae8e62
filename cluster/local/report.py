"""What `status -o json` tells the Makefile, the demo and the test fixtures."""

from __future__ import annotations

from typing import Any

from . import build, description, lifecycle, pki, process
from .paths import State, cache

Report = dict[str, Any]


def report(state: State) -> Report:
    """Health and addresses; the keys of a cluster that was never started are left out."""
    cluster = description.read(state)
    told: Report = {
        "name": state.name,
        "up": cluster is not None and lifecycle.healthy(state, cluster),
        "state": str(state.root),
        "cache": str(cache()),
        "programs": _programs(),
    }
    if cluster is None:
        return told
    alive = {name: pid for name in lifecycle.expected(cluster) if (pid := process.running(state, name)) is not None}
    return told | {
        "mode": "full" if cluster.node else "control-plane",
        "server": cluster.server,
        "registry": cluster.registry,
        "kubeconfig": {user: str(state.kubeconfig(user)) for user in pki.PEOPLE},
        "auditLog": str(state.audit_log),
        "pids": alive,
        "rssMiB": {name: process.rss_mib(pid) for name, pid in alive.items()},
        "dead": [name for name in lifecycle.expected(cluster) if name not in alive],
    }


def _programs() -> dict[str, str]:
    wanted = ("kubectl", "helm", "crane", "kwok", "kube-apiserver", "etcd")
    return {name: str(path) for name in wanted if (path := build.program(name)).exists()}
