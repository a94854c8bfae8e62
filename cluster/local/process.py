"""Start, find and end the processes of a cluster without an init system.

A pid file holds the pid and the kernel's start time of the process, so a number that was reused
after a crash or a reboot is never taken for ours, and never killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from .paths import State
from .say import ClusterError

STOP_SECONDS = 10.0
POLL_SECONDS = 0.05


def start_time(pid: int) -> str | None:
    """The kernel's start time of a live process, None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def start(state: State, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
    """Start a program in its own session, its output in the cluster's logs; leave a running one alone."""
    if running(state, name) is not None:
        return
    with (state.logs / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=os.environ | (environment or {}),
        )
    (state.pids / name).write_text(f"{child.pid} {start_time(child.pid) or ''}")


def running(state: State, name: str) -> int | None:
    """The pid of a program of this cluster if it lives."""
    try:
        pid, _, born = (state.pids / name).read_text().partition(" ")
    except FileNotFoundError:
        return None
    return int(pid) if born and start_time(int(pid)) == born else None


def names(state: State) -> list[str]:
    """Every program this cluster ever started, in order of start."""
    if not state.pids.is_dir():
        return []
    return [file.name for file in sorted(state.pids.iterdir(), key=lambda file: file.stat().st_mtime_ns)]


def stop(state: State, name: str) -> None:
    """End one program and its pid file: politely, then not."""
    pid = running(state, name)
    if pid is not None:
        end([pid])
    (state.pids / name).unlink(missing_ok=True)


def end(pids: Iterable[int], patience: float = STOP_SECONDS) -> None:
    """End processes; whoever has not left by the deadline is killed."""
    born = {pid: moment for pid in pids if (moment := start_time(pid)) is not None}

    def alive() -> list[int]:
        return [pid for pid, moment in born.items() if start_time(pid) == moment]

    for wanted, limit in ((signal.SIGTERM, patience), (signal.SIGKILL, STOP_SECONDS)):
        for pid in alive():
            _signal(pid, wanted)
        deadline = time.monotonic() + limit
        while alive() and time.monotonic() < deadline:
            _reap()
            time.sleep(POLL_SECONDS)


def _signal(pid: int, wanted: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, wanted)


def _reap() -> None:
    """Collect children of this command that ended, so that they do not count as alive."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue


def rss_mib(pid: int) -> float:
    """Resident memory of a process."""
    for text in Path(f"/proc/{pid}/status").read_text().splitlines():
        if text.startswith("VmRSS:"):
            return round(int(text.split()[1]) / 1024, 1)
    return 0.0


def wait(state: State, what: str, ready: Callable[[], bool], needs: Iterable[str], seconds: float = 60) -> None:
    """Poll until ready; a program that died meanwhile ends the wait with the last line of its log."""
    deadline = time.monotonic() + seconds
    while not ready():
        for name in needs:
            if running(state, name) is None:
                raise ClusterError(f"{name} ended while starting; {state.logs / name}.log ends: {last_line(state, name)}")
        if time.monotonic() > deadline:
            raise ClusterError(f"{what} was not ready in {seconds:.0f} s; read the logs in {state.logs}")
        time.sleep(POLL_SECONDS)


def last_line(state: State, name: str) -> str:
    """The last line a program logged, for an error message."""
    lines = (state.logs / f"{name}.log").read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "(empty)"
