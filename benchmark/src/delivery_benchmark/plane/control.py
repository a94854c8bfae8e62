"""Brings the plane up and takes it down: control plane, chart, fake nodes, the operator as a real process, the replayer."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from delivery_api import names
from delivery_api.model import API_VERSION
from delivery_benchmark.plane import nodes
from delivery_benchmark.plane.api import CLASSES, DELIVERIES, JSON, RBAC, Api, PlaneError, by_token, connect, done, path
from delivery_benchmark.plane.replayer import Choose, Replayer

RELEASE = "delivery-system"
ACCOUNT = "delivery-operator"
OPERATOR = (sys.executable, "-m", "delivery_operator.main")
IMAGE = "registry.example/ptaas@sha256:" + "a" * 64
SETTINGS = {
    "DELIVERY_WORKER_IMAGE": IMAGE,
    "DELIVERY_WORKER_IMAGE_CUDA": IMAGE,
    "DELIVERY_AUDITOR_IMAGE": IMAGE,
    "DELIVERY_NAMESPACE": RELEASE,
    "DELIVERY_HEALTH_PORT": "0",
    "DELIVERY_METRICS_PORT": "0",
    "DELIVERY_PROGRESS_SECONDS": "0.5",
}
"""Images are named and never pulled: the replayer plays their pods."""
READERS = "system:serviceaccounts"
LEAD_SECONDS = 90


@dataclass(frozen=True)
class Plane:
    """A control plane with everything on it."""

    api: Api
    """As the admin: the harness alone has it."""
    kubeconfig: Path
    replayer: Replayer
    programs: Mapping[str, str]

    def classes(self) -> list[JSON]:
        """Accelerator classes."""
        items: list[JSON] = done(self.api.ask("GET", path(CLASSES)), "accelerator classes")["items"]
        return [one | {"apiVersion": API_VERSION, "kind": "AcceleratorClass"} for one in items]


def root() -> Path:
    """The checkout that cluster/ and charts/ are in; PlaneError where the package was installed without one."""
    found = Path(os.environ.get("DELIVERY_ROOT") or Path(__file__).resolve().parents[4])
    if not (found / "cluster/up").exists():
        raise PlaneError(f"{found} has no cluster/up; set DELIVERY_ROOT to a checkout")
    return found


@contextmanager
def plane(name: str, choose: Choose, keep: bool) -> Iterator[Plane]:
    """A control plane of this name, taken down at the end unless kept.

    Its logs stay after a fault, in the cache.
    """
    up = start(name, keep)
    folder = Path(up["state"]) / "logs"
    kubeconfig = Path(up["kubeconfig"]["admin"])
    api = connect(kubeconfig)
    replayer = Replayer(api, choose)
    process, purge = None, list[str]()
    try:
        install(api, up["programs"]["helm"], kubeconfig)
        nodes.make(api)
        process = operator(api, kubeconfig, folder)
        begun = datetime.now(UTC).isoformat()
        within(LEAD_SECONDS, "the operator leads", lambda: leads(api, begun))
        replayer.start()
        yield Plane(api, kubeconfig, replayer, up["programs"])
        purge = ["--purge"]
    finally:
        replayer.stop()
        if process:
            stop(process)
        if not keep:
            subprocess.run([str(root() / "cluster/down"), "--name", name, *purge], capture_output=True, timeout=120)


def start(name: str, keep: bool) -> dict[str, Any]:
    """`cluster/up` in its smallest mode; a second one of the same name is instant. It goes with this process unless kept."""
    command = [str(root() / "cluster/up"), "--name", name, "--control-plane", "--kwok", "-o", "json"]
    said = subprocess.run(command + ([] if keep else ["--for", str(os.getpid())]), capture_output=True, text=True, timeout=1800)
    if said.returncode:
        raise PlaneError(f"cluster/up --name {name} failed: {said.stderr.strip()[-500:]}")
    up: dict[str, Any] = json.loads(said.stdout)
    return up


def install(api: Api, helm: str, kubeconfig: Path) -> None:
    """The chart, and its policies in force; nothing where it is installed already."""
    if api.get(path("apiextensions.k8s.io/v1/customresourcedefinitions", None, "deliveries.ptaas.dev")) is None:
        chart = str(root() / "charts/delivery-operator")
        images = f"images.operator={IMAGE},images.worker={IMAGE},images.workerCuda={IMAGE},images.auditor={IMAGE}"
        command: list[str] = [helm, "install", "ptaas", chart, "-n", RELEASE, "--create-namespace", "--set", images]
        said = subprocess.run([*command, "--kubeconfig", str(kubeconfig)], capture_output=True, text=True, timeout=120)
        if said.returncode:
            raise PlaneError(f"helm install failed: {said.stderr.strip()[-500:]}")
    binding = {
        "apiVersion": RBAC, "kind": "ClusterRoleBinding", "metadata": {"name": "benchmark-classes"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "ptaas-class-viewer"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": READERS}],
    }  # fmt: skip
    api.create(path(f"{RBAC}/clusterrolebindings"), binding)
    within(30, "the policies of the chart are in force", lambda: in_force(api))


def in_force(api: Api) -> bool:
    """Whether evidence of nobody is refused and a Delivery is stamped; asked by dry runs."""
    forged = {"metadata": {"name": "x", "labels": {names.EVIDENCE: "train"}}, "data": {"evidence.json": "{}"}}
    if api.ask("POST", path("configmaps", "default"), forged, dryRun="All").ok:
        return False
    pin = "@sha256:" + "b" * 64
    spec = {
        "terms": {
            "ticket": "x",
            "data": {"train": {"uri": "oci://r.example/a" + pin}, "sealed": {"uri": "oci://r.example/b" + pin}},
            "acceptance": {"minimumGain": "0.20"},
            "budget": {"limit": "1"},
        },
        "base": {"uri": "oci://r.example/c" + pin},
        "output": {"repository": "oci://r.example/d"},
        "intake": {"task": "Classification", "fields": {"input": "a", "target": "b"}, "metric": "Accuracy"},
    }
    made = {"apiVersion": API_VERSION, "kind": "Delivery", "metadata": {"name": "x"}, "spec": spec}
    answer = api.ask("POST", path(DELIVERIES, "default"), made, dryRun="All")
    return answer.ok and names.CREATED_BY in answer.body["metadata"].get("annotations", {})


def operator(api: Api, kubeconfig: Path, folder: Path) -> subprocess.Popen[bytes]:
    """The operator as a process, with its own service account's rights and nothing else."""
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 6 * 3600}}
    answer = done(api.ask("POST", path("serviceaccounts", RELEASE, ACCOUNT, "token"), asked), "a token for the operator")
    own = folder.parent / "operator.yaml"
    own.write_text(json.dumps(by_token(kubeconfig, answer["status"]["token"])))
    environment = os.environ | SETTINGS | {"KUBECONFIG": str(own)}
    with open(folder / "operator.log", "wb") as log:
        return subprocess.Popen([*mortal(), *OPERATOR], env=environment, stdout=log, stderr=log)


def mortal() -> list[str]:
    """What makes a program end with this process, however that ends."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


def leads(api: Api, since: str) -> bool:
    """Whether somebody holds the operator's Lease who renewed it since then."""
    items = api.ask("GET", path("coordination.k8s.io/v1/leases", RELEASE)).body.get("items", ())
    return any(one["spec"].get("holderIdentity") and one["spec"].get("renewTime", "") > since for one in items)


def stop(process: subprocess.Popen[bytes]) -> None:
    """As a kubelet does."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def within(seconds: float, what: str, so: Callable[[], bool]) -> None:
    """Wait until something holds; PlaneError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not so():
        if time.monotonic() > deadline:
            raise PlaneError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)
