"""Build the upstream programs from the checked-in Go modules into a content-addressed cache.

A folder is named by the digest of go.mod, go.sum and the flags, so a changed version gives a new
folder and an unchanged one costs a few file reads. Binaries appear by rename: a killed build
leaves nothing half-written behind.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from . import say
from .paths import SOURCE, cache, locked

KUBERNETES = "v1.36.3"


def _stamp(package: str, version: str) -> str:
    major, minor, _ = version.removeprefix("v").split(".")
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(f"-X {package}.{key}={value}" for key, value in values.items())


@dataclass(frozen=True)
class Module:
    """One Go module of `cluster/go` and the programs taken from it, in the order they are needed."""

    name: str
    programs: dict[str, str]
    ldflags: str = field(default="-s -w")

    @property
    def source(self) -> Path:
        return SOURCE / "go" / self.name

    @property
    def folder(self) -> Path:
        digest = hashlib.sha256(self.ldflags.encode())
        for file in ("go.mod", "go.sum"):
            digest.update((self.source / file).read_bytes())
        return cache() / "bin" / f"{self.name}-{digest.hexdigest()[:12]}"

    def missing(self) -> list[str]:
        return [program for program in self.programs if not (self.folder / program).exists()]


CONTROL_PLANE = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
}
NODE = {
    "kubelet": "k8s.io/kubernetes/cmd/kubelet",
    "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
}
TOOLS = {
    "coredns": "github.com/coredns/coredns",
    "helm": "helm.sh/helm/v3/cmd/helm",
    "crane": "github.com/google/go-containerregistry/cmd/crane",
}
_STAMPED = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
_KUBERNETES_FLAGS = " ".join(["-s -w", *(_stamp(package, KUBERNETES) for package in _STAMPED)])

kubernetes = Module("kubernetes", CONTROL_PLANE | NODE, _KUBERNETES_FLAGS)
tools = Module("tools", TOOLS)
kwok = Module("kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"})


def program(name: str) -> Path:
    """The path of a built program, whether or not it is there yet."""
    module = next(m for m in (kubernetes, tools, kwok) if name in m.programs)
    return module.folder / name


def ensure(module: Module, wanted: list[str] | None = None) -> None:
    """Build what is missing of a module; a second call, or another process, builds nothing twice."""
    names = [name for name in module.missing() if wanted is None or name in wanted]
    if not names:
        return
    with locked(f"build-{module.name}"):
        module.folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            if not (module.folder / name).exists():
                _build(module, name)


def _build(module: Module, name: str) -> None:
    unfinished = module.folder / f".{name}.unfinished"
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    command = ["go", "build", "-p", "2", "-trimpath", "-ldflags", module.ldflags, "-o", str(unfinished), module.programs[name]]
    with say.step(f"build {name} ({module.name})"):
        if shutil.which("go") is None:
            raise say.ClusterError(f"go is not on PATH: install Go 1.26 to build {name}")
        done = subprocess.run(command, cwd=module.source, env=environment, capture_output=True, text=True)
        if done.returncode:
            errors = [text for text in done.stderr.splitlines() if not text.startswith("go: downloading")]
            raise say.ClusterError(f"go build {module.programs[name]} failed: " + " / ".join(errors[-5:]))
        unfinished.rename(module.folder / name)
