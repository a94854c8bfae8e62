"""Everything a bare machine lacks: Debian packages and the programs built from Go modules."""

from __future__ import annotations

import os
import shutil
import subprocess

from . import build, say

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
    missing = [package for package, brings in wanted.items() if shutil.which(brings) is None]
    if not missing:
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    with say.step(f"install {' '.join(missing)}"):
        done = subprocess.run(install, env=environment, capture_output=True, text=True)
        if done.returncode:
            subprocess.run(["apt-get", "update"], env=environment, capture_output=True)
            done = subprocess.run(install, env=environment, capture_output=True, text=True)
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
