"""Bring a cluster up, and take all of it down again."""

from __future__ import annotations

import os
import shutil
import time

from . import controlplane, description, install, node, process, registry, say
from .description import Description
from .paths import State, locked


def up(state: State, with_node: bool, kwok: bool, with_registry: bool) -> Description:
    """Make the cluster run as described; what runs already is left alone, what died is started again."""
    with locked(f"cluster-{state.name}"):
        found = description.read(state)
        if found is not None and found.node != with_node:
            running = "full" if found.node else "control-plane-only"
            raise say.ClusterError(f"cluster {state.name} is {running}: run cluster/down --name {state.name} first")
        if found is not None and healthy(state, found):
            say.line(f"cluster {state.name} is up already")
            return found
        if with_node:
            install.everything()
        else:
            install.control_plane(kwok, with_registry)
        if found is None:
            shutil.rmtree(state.logs, ignore_errors=True)  # the audit log of this cluster, not of the one before
            found = description.choose(with_node, kwok, with_registry)
        return _start(state, found)


def _start(state: State, cluster: Description) -> Description:
    began = time.monotonic()
    state.make()
    if cluster.node:
        node.claim(state)
    description.write(state, cluster)
    if cluster.node:
        node.network_up(state)
    if cluster.registry:
        registry.up(state, cluster)
    controlplane.up(state, cluster)
    say.line(f"control plane {state.name} ready in {time.monotonic() - began:.1f} s at {cluster.server}")
    if cluster.node:
        node.up(state, cluster)
        say.line(f"node ready in {time.monotonic() - began:.1f} s, registry at {cluster.registry}")
    return cluster


def expected(cluster: Description) -> list[str]:
    """The programs that must live for the cluster to be up."""
    names = list(controlplane.NAMES)
    names += ["kwok"] if cluster.kwok else []
    names += ["registry"] if cluster.registry else []
    return names + (list(node.NAMES) if cluster.node else [])


def healthy(state: State, cluster: Description) -> bool:
    alive = all(process.running(state, name) is not None for name in expected(cluster))
    return alive and controlplane.ready(state, cluster) and (not cluster.node or node.ready(state, cluster))


def down(state: State, purge: bool = False) -> None:
    """End every process, undo every mount and network change, and drop the state; logs stay unless purged."""
    with locked(f"cluster-{state.name}"):
        cluster = description.read(state)
        if cluster is not None and cluster.node:
            node.down(state)
        others = {pid for name in process.names(state) if (pid := process.running(state, name)) is not None}
        process.end(others - {os.getpid()}, patience=1)  # the state goes too: nothing is worth a slow goodbye
        _forget(state, purge)
        say.line(f"cluster {state.name} is down")


def _forget(state: State, purge: bool) -> None:
    if not state.root.exists():
        return
    for entry in os.scandir(state.root):
        if entry.name == "logs" and not purge:
            continue
        shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
    if purge:
        state.root.rmdir()
