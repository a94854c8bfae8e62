"""Where things live: caches survive `down`, a cluster's own state does not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path

from .say import ClusterError

SOURCE = Path(__file__).resolve().parent.parent
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
# A Unix socket path may have 107 bytes; the longest below a cluster's folder has 40.
LONGEST_FOLDER = 66


def cache() -> Path:
    """The cache outside the tree, shared by all clones on this machine."""
    asked = os.environ.get("DELIVERY_CACHE")
    return Path(asked).absolute() if asked else Path.home() / ".cache" / "delivery-operator"


@dataclass(frozen=True)
class State:
    """The folder of one cluster by name."""

    name: str

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ClusterError(f"--name {self.name!r}: use lower-case letters, digits and dashes, at most 32")
        if len(str(self.root)) > LONGEST_FOLDER:
            raise ClusterError(f"{self.root}: too long for Unix sockets; set DELIVERY_CACHE to a shorter path")

    @property
    def root(self) -> Path:
        return cache() / "clusters" / self.name

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def pids(self) -> Path:
        return self.root / "pids"

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def description(self) -> Path:
        """What `up` was asked for and the ports it chose; its presence means the cluster is meant to exist."""
        return self.root / "cluster.json"

    @property
    def audit_log(self) -> Path:
        return self.logs / "audit.jsonl"

    def kubeconfig(self, user: str) -> Path:
        return self.root / "kubeconfig" / f"{user}.yaml"

    def make(self) -> None:
        for folder in (self.pki, self.logs, self.pids, self.config, self.root / "kubeconfig"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a machine-wide lock: two commands at once wait for each other instead of colliding."""
    folder = cache() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as file:
        flock(file, LOCK_EX)
        yield
