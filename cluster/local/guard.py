"""Take a cluster down when the process it was started for has ended, however it ended: Ctrl-C, a crash or SIGKILL.

A program of the cluster like any other: `down` ends it too.
"""

from __future__ import annotations

import os
import select
import sys

from . import lifecycle, process
from .paths import SOURCE, State
from .say import ClusterError

NAME = "guard"


def start(state: State, pid: int) -> None:
    """Guard the cluster for a process that lives now."""
    born = process.start_time(pid)
    if born is None:
        raise ClusterError(f"--for {pid}: no such process; give one that lives as long as the cluster should")
    process.start(state, NAME, [sys.executable, "-m", "local.guard", state.name, str(pid), born], {"PYTHONPATH": str(SOURCE)})


def watch(state: State, pid: int, born: str) -> None:
    """Wait for the end of a process, then take the cluster down."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        descriptor = None
    if descriptor is not None and process.start_time(pid) == born:
        select.select([descriptor], [], [])
    lifecycle.down(state)


if __name__ == "__main__":
    watch(State(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
