"""Where the demo runs: the local cluster, started when it is not up, or one that the user gave."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .kubectl import Kubectl
from .narrator import DemoError, Narrator
from .push import Registry, reach
from .shell import Processes

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = ("requester", "approver")


@dataclass(frozen=True)
class Cluster:
    """A cluster as the demo's three people see it."""

    admin: Kubectl
    people: dict[str, Kubectl]
    helm: list[str]
    registry: Registry
    audit_log: Path | None

    @property
    def requester(self) -> Kubectl:
        return self.people["requester"]

    @property
    def approver(self) -> Kubectl:
        return self.people["approver"]


def cache() -> Path:
    """The cache outside the tree."""
    return Path(os.environ.get("DELIVERY_CACHE", Path.home() / ".cache" / "delivery-operator"))


def is_up(processes: Processes) -> bool:
    """Whether the local cluster runs already: who starts it stops it."""
    return processes.run([str(ROOT / "cluster/status")]).code == 0


def local(processes: Processes, narrator: Narrator, ours: bool) -> Cluster:
    """The local cluster; already up is as good as started. `ours` goes with this process, however it ends."""
    _progress(processes, narrator, "cluster/up", *(["--for", str(os.getpid())] if ours else []))
    told = _status(processes)
    programs, kubeconfigs = told["programs"], told["kubeconfig"]

    def person(name: str) -> Kubectl:
        return Kubectl(processes, programs["kubectl"], ["--kubeconfig", kubeconfigs[name]], name)

    return Cluster(
        admin=person("admin"),
        people={name: person(name) for name in PEOPLE},
        helm=[programs["helm"], "--kubeconfig", kubeconfigs["admin"]],
        registry=Registry(told["registry"]),
        audit_log=Path(told["auditLog"]),
    )


def given(processes: Processes, narrator: Narrator, kubeconfig: Path, registry: str | None) -> Cluster:
    """A cluster of the user's own; requester and approver are impersonated by its kubeconfig."""
    if not kubeconfig.is_file():
        raise DemoError(f"KUBECONFIG={kubeconfig}: no such file; give a kubeconfig with cluster-admin rights")
    if not registry:
        raise DemoError("KUBECONFIG= needs REGISTRY=host[:port], a registry that this machine and the cluster's pods reach")
    reached = reach(registry)
    _progress(processes, narrator, "cluster/install")  # kubectl, helm, and what builds images
    programs = _status(processes)["programs"]
    options = ["--kubeconfig", str(kubeconfig)]
    return Cluster(
        admin=Kubectl(processes, programs["kubectl"], options, "admin"),
        people={name: Kubectl(processes, programs["kubectl"], [*options, "--as", name], name) for name in PEOPLE},
        helm=[programs["helm"], *options],
        registry=reached,
        audit_log=None,
    )


def stop(processes: Processes, narrator: Narrator) -> None:
    """Stop the local cluster; what it cached stays."""
    narrator.say("    stopping the local cluster that this run started (KEEP=1 leaves it up)")
    processes.check([str(ROOT / "cluster/down")], timeout=180)


def _progress(processes: Processes, narrator: Narrator, program: str, *options: str) -> None:
    """Run a program of cluster/; lines of progress begin with the time in brackets, a description may follow them."""
    processes.stream(
        [str(ROOT / program), *options], lambda line: narrator.say(f"    {line}") if line.startswith("[") else None
    )


def _status(processes: Processes) -> dict[str, Any]:
    """What `cluster/status` tells, whether the cluster is up or not."""
    told: dict[str, Any] = json.loads(processes.run([str(ROOT / "cluster/status"), "-o", "json"]).out)
    return told
