"""Everything a bare machine lacks: Debian packages and the programs built from Go modules."""

from __future__ import annotations

import os
import shutil
import subprocess

from . import build, say
from .paths import locked

# Debian package -> a program it brings, looked up before asking apt.
CONTROL_PLANE_PACKAGES = {"openssl": "openssl"}
REGISTRY_PACKAGES = {"docker-registry": "docker-registry"}
NODE_PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "iproute2": "ip",
    "nftables": "nft",
    "conntrack": "conntrack",
    "mount": "umount",
    "buildah": "buildah",
    "catatonit": "catatonit",
}


def packages(wanted: dict[str, str]) -> None:
    """Install what is missing. Their services try to start through systemd and may fail harmlessly."""
    if not _missing(wanted):
        return
    with locked("packages"):
        missing = _missing(wanted)
        if missing:
            with say.step(f"install {' '.join(missing)}"):
                _install(missing)


def _missing(wanted: dict[str, str]) -> list[str]:
    return [package for package, brings in wanted.items() if shutil.which(brings) is None]


def _install(missing: list[str]) -> None:
    def apt(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    install = ["install", "-y", "--no-install-recommends", *missing]
    done = apt(*install)
    if done.returncode:
        apt("update")
        done = apt(*install)
    if done.returncode:
        raise say.ClusterError(f"apt-get install {' '.join(missing)} failed: {done.stderr.strip()[-300:]}")


def everything() -> None:
    """What a full cluster needs, the slow part in the order it is needed."""
    packages(CONTROL_PLANE_PACKAGES | REGISTRY_PACKAGES | NODE_PACKAGES)
    build.ensure(build.kubernetes)
    build.ensure(build.tools)


def control_plane(kwok: bool, registry: bool) -> None:
    packages(CONTROL_PLANE_PACKAGES | (REGISTRY_PACKAGES if registry else {}))
    build.ensure(build.kubernetes, list(build.CONTROL_PLANE))
    if kwok:
        build.ensure(build.kwok)
