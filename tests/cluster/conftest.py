"""Clusters for the tests of `cluster/`: control planes of their own, and the machine's one node."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "cluster")]

from local_cluster import Cluster, alive, command, push_busybox, told  # noqa: E402


@pytest.fixture
def name() -> Iterator[str]:
    """A cluster name of the test's own; whatever runs under it is taken down afterwards."""
    chosen = f"test-{secrets.token_hex(4)}"
    yield chosen
    done = command("down", "--name", chosen, "--purge")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def control_plane() -> Iterator[Cluster]:
    """One control plane for the tests that leave it as it is."""
    chosen = f"test-{secrets.token_hex(4)}"
    yield Cluster(told("up", "--name", chosen, "--control-plane", "--for", str(os.getpid())))
    command("down", "--name", chosen, "--purge")


@pytest.fixture(scope="session")
def full() -> Iterator[Cluster]:
    """The full cluster `default`; taken down again, and looked after, when it was not up before."""
    was_up = command("status").returncode == 0
    cluster = Cluster(told("up"))
    yield cluster
    if not was_up:
        done = command("down")
        assert done.returncode == 0, done.stderr
        assert_nothing_is_left(cluster)


def assert_nothing_is_left(cluster: Cluster) -> None:
    """No process, mount, control group or interface of the node outlives `down`."""
    state = cluster.told["state"]
    assert not [pid for pid in cluster.told["pids"].values() if alive(pid)]
    assert state not in Path("/proc/self/mountinfo").read_text()
    assert not list(Path("/sys/fs/cgroup").glob("**/ptaas"))
    assert not Path("/sys/class/net/ptaas0").exists()
    commands = [entry.read_bytes() for entry in Path("/proc").glob("[0-9]*/cmdline") if entry.exists()]
    assert not [words for words in commands if state.encode() in words]


@pytest.fixture
def namespace(full: Cluster) -> Iterator[str]:
    """A namespace on the full cluster where only restricted pods are let in."""
    chosen = f"test-{secrets.token_hex(4)}"
    full.read("create", "namespace", chosen)
    full.read("label", "namespace", chosen, "pod-security.kubernetes.io/enforce=restricted")
    yield chosen
    full.read("delete", "namespace", chosen, "--wait=false")


@pytest.fixture(scope="session")
def busybox(full: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A one-program image in the cluster's registry, by digest."""
    return push_busybox(full, tmp_path_factory.mktemp("busybox"))
