"""The commands of `cluster/` as a person types them, for tests."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import install

CLUSTER = Path(__file__).resolve().parents[2] / "cluster"
PATIENCE = 60.0

Told = dict[str, Any]


def command(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One of cluster/up, down, status, install."""
    return subprocess.run([CLUSTER / name, *arguments], capture_output=True, text=True)


def told(name: str, *arguments: str) -> Told:
    done = command(name, *arguments, "-o", "json")
    assert done.returncode == 0, done.stderr
    said: Told = json.loads(done.stdout)
    return said


def eventually(ready: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Poll with a deadline."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"{what}: not in {seconds:.0f} s"
        time.sleep(0.1)


def alive(pid: int) -> bool:
    """Whether a process lives; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@dataclass(frozen=True)
class Cluster:
    """A running cluster and its kubectl."""

    told: Told

    def kubectl(self, *arguments: str, user: str = "admin", given: str = "") -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"KUBECONFIG": self.told["kubeconfig"][user]}
        program = [self.told["programs"]["kubectl"], *arguments]
        return subprocess.run(program, input=given, capture_output=True, text=True, env=environment)

    def read(self, *arguments: str) -> str:
        done = self.kubectl(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def apply(self, *objects: Told) -> None:
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        done = self.kubectl("apply", "-f", "-", given=json.dumps(listed))
        assert done.returncode == 0, done.stderr

    def audited(self, user: str) -> list[Told]:
        """The writes the API server logged of one user."""
        events = [json.loads(line) for line in Path(self.told["auditLog"]).read_text().splitlines()]
        return [event for event in events if event["user"]["username"] == user]


def push_busybox(cluster: Cluster, folder: Path) -> str:
    """Build from scratch with buildah and Debian's static busybox; push it as any builder would."""
    install.packages({"busybox-static": "busybox"})
    storage = ["buildah", "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--storage-driver", "vfs"]

    def buildah(*arguments: str) -> str:
        done = subprocess.run([*storage, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    repository = f"{cluster.told['registry']}/test/busybox"
    container = buildah("from", "scratch")
    buildah("copy", container, "/bin/busybox", "/bin/busybox")
    buildah("config", "--entrypoint", '["/bin/busybox"]', container)
    image = buildah("commit", "--quiet", "--rm", container)
    buildah("push", "--tls-verify=false", "--digestfile", f"{folder}/digest", image, f"docker://{repository}:test")
    return f"{repository}@{(folder / 'digest').read_text().strip()}"
