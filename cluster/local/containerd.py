"""containerd for the node: image store in the cache, everything else in the cluster's state."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import network, process, say
from .description import Description
from .paths import State, cache

PAUSE_IMAGE = "localhost/ptaas/pause:1"
NAMESPACE = "k8s.io"

CONFIG = """\
version = 2
root = "{store}"
state = "{state}/containerd"

[grpc]
address = "{socket}"

[plugins."io.containerd.internal.v1.opt"]
path = "{state}/opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
# The machine may lack CAP_SYS_RESOURCE, as user namespaces do.
restrict_oom_score_adj = true
# Below the state folder, so that `down` can find and unmount them.
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{cni}"

[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "{state}/registries"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = "{state}/runc"
"""

PLAIN_HTTP = """\
server = "http://{registry}"

[host."http://{registry}"]
capabilities = ["pull", "resolve"]
"""


def store() -> Path:
    return cache() / "containerd"


def socket(state: State) -> Path:
    return state.root / "containerd.sock"


def up(state: State, cluster: Description) -> None:
    config = state.config / "containerd.toml"
    cni = network.configuration(state)
    config.write_text(CONFIG.format(store=store(), state=state.root, socket=socket(state), pause=PAUSE_IMAGE, cni=cni))
    hosts = state.root / "registries" / cluster.registry
    hosts.mkdir(parents=True, exist_ok=True)
    (hosts / "hosts.toml").write_text(PLAIN_HTTP.format(registry=cluster.registry))
    process.start(state, "containerd", ["containerd", "--config", str(config)])
    process.wait(state, "containerd", lambda: _ctr(state, "version").returncode == 0, ["containerd"])
    _ensure_pause(state)


def _ctr(state: State, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["ctr", "--address", str(socket(state)), "--namespace", NAMESPACE, *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def _ensure_pause(state: State) -> None:
    """The container that holds a pod's namespaces: Debian's static catatonit, which podman uses for the same."""
    if PAUSE_IMAGE in _ctr(state, "images", "list", "--quiet").stdout.split():
        return
    program = Path(shutil.which("catatonit") or "/usr/bin/catatonit")
    archive = cache() / "images" / f"pause-{hashlib.sha256(program.read_bytes()).hexdigest()[:12]}.tar"
    if not archive.exists():
        _build_pause(program, archive)
    done = _ctr(state, "images", "import", str(archive))
    if done.returncode:
        raise say.ClusterError(f"import of {archive} into containerd failed: {done.stderr.strip()}")


def _build_pause(program: Path, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, say.step("build the pause image"):
        buildah = ["buildah", "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--storage-driver", "vfs"]

        def run(*arguments: str) -> str:
            done = subprocess.run([*buildah, *arguments], capture_output=True, text=True)
            if done.returncode:
                raise say.ClusterError(f"buildah {arguments[0]} failed: {done.stderr.strip()[-300:]}")
            return done.stdout.strip()

        container = run("from", "scratch")
        run("copy", container, str(program), "/catatonit")
        run("config", "--entrypoint", '["/catatonit", "-P"]', "--user", "65535:65535", container)
        run("commit", "--quiet", "--rm", container, f"docker-archive:{folder}/pause.tar:{PAUSE_IMAGE}")
        shutil.move(f"{folder}/pause.tar", archive)


def empty(state: State) -> None:
    """Delete the containers of a cluster that goes down, so that the store keeps images only."""
    if _ctr(state, "version").returncode:
        return
    for task in _ctr(state, "tasks", "list", "--quiet").stdout.split():
        _ctr(state, "tasks", "delete", "--force", task)
    containers = _ctr(state, "containers", "list", "--quiet").stdout.split()
    if containers:
        _ctr(state, "containers", "delete", *containers)


def shim_sockets(state: State) -> list[Path]:
    """Where the shims listen, outside the state folder because of the length of its path."""
    addresses = (state.root / "containerd" / "io.containerd.runtime.v2.task").glob("*/*/address")
    return [Path(address.read_text().strip().removeprefix("unix://")) for address in addresses]
