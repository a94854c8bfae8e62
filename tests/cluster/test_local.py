"""The parts of `cluster/local` that guard against harm: pids, names, ports, mounts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from local import build, cleanup, dns, ports, process
from local.paths import State
from local.say import ClusterError


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setattr("local.paths.LONGEST_FOLDER", 1000)
    monkeypatch.setenv("DELIVERY_CACHE", str(tmp_path))
    made = State("t")
    made.make()
    return made


@pytest.mark.parametrize("name", ["", "Upper", "../up", "a/b", "-a", "a-", "x" * 33])
def test_a_name_that_is_no_folder_is_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="--name"):
        State(name)


def test_a_cache_too_deep_for_sockets_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELIVERY_CACHE", "/" + "x" * 80)
    with pytest.raises(ClusterError, match="DELIVERY_CACHE"):
        State("t")


def test_a_started_program_is_found_and_ended(state: State) -> None:
    process.start(state, "sleeper", ["sleep", "600"])
    pid = process.running(state, "sleeper")
    assert pid is not None
    process.stop(state, "sleeper")
    assert process.running(state, "sleeper") is None
    assert process.start_time(pid) is None


def test_starting_twice_starts_once(state: State) -> None:
    process.start(state, "sleeper", ["sleep", "600"])
    pid = process.running(state, "sleeper")
    process.start(state, "sleeper", ["sleep", "600"])
    assert process.running(state, "sleeper") == pid
    process.stop(state, "sleeper")


def test_a_reused_pid_is_not_ours_and_not_killed(state: State) -> None:
    with subprocess.Popen(["sleep", "600"]) as stranger:
        (state.pids / "sleeper").write_text(f"{stranger.pid} 1")
        assert process.running(state, "sleeper") is None
        process.stop(state, "sleeper")
        assert stranger.poll() is None
        stranger.kill()


def test_a_program_that_ignores_the_polite_signal_is_killed(state: State) -> None:
    process.start(state, "stubborn", ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"])
    pid = process.running(state, "stubborn")
    assert pid is not None
    process.wait(state, "its trap", lambda: process.last_line(state, "stubborn") == "ready", ["stubborn"])
    process.end([pid], patience=0.2)
    assert process.start_time(pid) is None


def test_a_program_that_ends_while_starting_is_named_with_its_last_words(state: State) -> None:
    process.start(state, "broken", ["sh", "-c", "echo first; echo no such port; exit 1"])
    with pytest.raises(ClusterError, match=r"broken ended while starting; .* no such port"):
        process.wait(state, "it", lambda: False, ["broken"])


def test_waiting_has_an_end(state: State) -> None:
    process.start(state, "idle", ["sleep", "600"])
    with pytest.raises(ClusterError, match="was not ready"):
        process.wait(state, "it", lambda: False, ["idle"], seconds=0.1)
    process.stop(state, "idle")


def test_free_ports_are_distinct() -> None:
    assert len(set(ports.free(20))) == 20


def test_only_mounts_below_our_folders_are_ours() -> None:
    assert cleanup.mounts(Path("/proc")) != []
    assert "/" not in cleanup.mounts(Path("/proc"), Path("/nowhere"))


def test_no_shim_is_found_for_a_socket_of_nobody(tmp_path: Path) -> None:
    assert cleanup.shims(tmp_path / "containerd.sock") == []


def test_dns_starts_on_a_machine_without_a_resolver(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "RESOLVER", tmp_path / "resolv.conf")
    (tmp_path / "resolv.conf").write_text("search example\n")
    assert "forward" not in dns._corefile(state).read_text()


def test_a_changed_flag_builds_into_another_folder() -> None:
    changed = build.Module("kubernetes", build.CONTROL_PLANE, "-w")
    assert changed.folder != build.kubernetes.folder


def test_a_failed_build_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELIVERY_CACHE", str(tmp_path))
    nowhere = build.Module("tools", {"nothing": "github.com/coredns/coredns/nothing"})
    with pytest.raises(ClusterError, match=r"go build .*nothing failed"):
        build.ensure(nowhere)
    assert os.listdir(nowhere.folder) == []
