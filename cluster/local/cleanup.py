"""What outlives its parent: containers, their shims, mounts and control groups.

Nothing is searched by name alone: containers by the cluster's own control group, shims by its
socket, mounts by its folders. Another program's containers are never touched.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from . import process
from .paths import State

CGROUP_ROOT = "ptaas"
HIERARCHIES = Path("/sys/fs/cgroup")


def hierarchies() -> list[Path]:
    """One tree on cgroup v2, one a controller on v1."""
    if (HIERARCHIES / "cgroup.controllers").exists():
        return [HIERARCHIES]
    return [folder for folder in HIERARCHIES.iterdir() if (folder / "cgroup.procs").exists() and not folder.is_symlink()]


def make_cgroups() -> None:
    for tree in hierarchies():
        (tree / CGROUP_ROOT).mkdir(exist_ok=True)


def _cgroups() -> Iterator[Path]:
    """Every control group of the node, children before parents."""
    for tree in hierarchies():
        for folder, _, _ in os.walk(tree / CGROUP_ROOT, topdown=False):
            yield Path(folder)


def contained() -> list[int]:
    """Processes inside the node's containers."""
    found: set[int] = set()
    for folder in _cgroups():
        try:
            found.update(int(pid) for pid in (folder / "cgroup.procs").read_text().split())
        except OSError:
            continue
    return sorted(found)


def remove_cgroups(seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        left = [folder for folder in _cgroups() if not _removed(folder)]
        if not left:
            return
        time.sleep(process.POLL_SECONDS)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def shims(socket: Path) -> list[int]:
    """The shims of containerd on this socket."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if words[0].endswith("containerd-shim-runc-v2") and str(socket) in words:
            found.append(int(entry.name))
    return found


def mounts(*below: Path) -> list[str]:
    """Mount points below folders, the deepest first."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4].encode().decode("unicode_escape") for line in lines]
    return [point for point in reversed(points) if any(Path(point).is_relative_to(folder) for folder in below)]


def unmount(state: State, store: Path) -> None:
    for point in mounts(state.root, store):
        subprocess.run(["umount", "--lazy", point], capture_output=True)


def log_links(below: Path) -> list[Path]:
    """The kubelet's links to container logs in the machine's own log folder, which point below ours."""
    folder = Path("/var/log/containers")
    links = folder.iterdir() if folder.is_dir() else iter(())
    return [link for link in links if link.is_symlink() and link.readlink().is_relative_to(below)]
