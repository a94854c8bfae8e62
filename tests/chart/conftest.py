"""A control plane with the chart installed, and a tenant in it with customer, driver and approver."""

import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from delivery_api import names
from delivery_operator.manifests import namespace
from tests.chart.kube import CHART, IMAGES, OPERATOR, RELEASE, ROOT, Kube, Manifest, within
from tests.chart.objects import STATUS, WORK_LABEL, delivery, evidence

_numbers = itertools.count(1)


def start(name: str, *more: str) -> Kube:
    """A control plane of this name; the admin's view of it."""
    done = subprocess.run(
        [ROOT / "cluster/up", "--name", name, "--control-plane", "--for", str(os.getpid()), *more, "-o", "json"],
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stderr
    up = json.loads(done.stdout)
    return Kube(up["programs"], up["kubeconfig"]["admin"], up["server"])


def stop(name: str) -> None:
    """Take it down, logs included: names are used once."""
    subprocess.run([ROOT / "cluster/down", "--name", name], capture_output=True, timeout=120)
    cache = Path(os.environ.get("DELIVERY_CACHE") or Path.home() / ".cache/delivery-operator")
    shutil.rmtree(cache / "clusters" / name, ignore_errors=True)


def install(admin: Kube) -> None:
    """Install the chart and wait until its policies are in force: the API server takes them up a moment later."""
    done = admin.helm("install", "ptaas", str(CHART), "--namespace", RELEASE, "--create-namespace", *IMAGES)
    assert done.returncode == 0, done.stderr
    marked = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x", "labels": {WORK_LABEL: "true"}}})
    dry = ("create", "--dry-run=server", "-f", "-", "-o", "jsonpath={.metadata.annotations}")

    def in_force() -> bool:
        stamped = admin.run(*dry, stdin=json.dumps(delivery()))
        probes = (admin.run(*dry, stdin=json.dumps(evidence("x"))), admin.run(*dry, stdin=marked))
        return "created-by" in stamped.stdout and all(probe.returncode != 0 for probe in probes)

    within(30, "policies in force", in_force)


@pytest.fixture(scope="session")
def bare_cluster() -> Iterator[Kube]:
    """A control plane for one test that installs and uninstalls by itself."""
    name = f"chart-bare-{os.getpid()}"
    yield start(name)
    stop(name)


@pytest.fixture(scope="session")
def admin() -> Iterator[Kube]:
    """The cluster's admin, on a control plane with the chart."""
    name = f"chart-{os.getpid()}"
    try:
        kube = start(name)
        install(kube)
        yield kube
    finally:
        stop(name)


def write_status(admin: Kube, namespace: str, name: str, **changes: object) -> None:
    """Replace a Delivery's status as the operator does; None leaves a field out."""
    stands = {field: value for field, value in (STATUS | changes).items() if value is not None}
    whole = admin.get("delivery", name, "-n", namespace) | {"status": stands}
    admin.as_user(OPERATOR).ok("replace", "--subresource=status", "-f", "-", stdin=json.dumps(whole))


@dataclass(frozen=True)
class Tenant:
    """A namespace and those who work in it."""

    namespace: str
    admin: Kube

    def __call__(self, user: str) -> Kube:
        """This namespace's view of somebody."""
        return self.admin.as_user(user)

    @property
    def operator(self) -> Kube:
        """The operator."""
        return self.admin.as_user(OPERATOR)

    def order(self, **changes: object) -> None:
        """The customer orders a delivery."""
        self("ada").create(delivery(**changes), "-n", self.namespace)

    def write_status(self, **changes: object) -> None:
        """The operator says how it stands."""
        write_status(self.admin, self.namespace, "router", **changes)

    def annotations(self) -> dict[str, str]:
        """The delivery's annotations."""
        found = self.admin.get("delivery", "router", "-n", self.namespace)
        return dict(found["metadata"].get("annotations", {}))


ROLES = {"ada": ["customer"], "bob": ["driver"], "eve": ["approver"], "sam": ["driver", "approver"], "vic": ["viewer"]}


def _bindings(namespace: str) -> Manifest:
    rbac = "rbac.authorization.k8s.io"
    items = [
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": f"{user}-{role}", "namespace": namespace},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": f"ptaas-{role}"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": user}],
        }
        for user, held in ROLES.items()
        for role in held
    ]
    return {"apiVersion": "v1", "kind": "List", "items": items}


@contextmanager
def _tenant(admin: Kube) -> Iterator[Tenant]:
    name = f"acme-{next(_numbers)}-{int(time.time()) % 10000}"
    admin.ok("create", "namespace", name)
    admin.create(_bindings(name))
    yield Tenant(name, admin)
    admin.ok("delete", "namespace", name, "--wait=false")


@contextmanager
def _work(tenant: Tenant) -> Iterator[str]:
    name = names.work_namespace(tenant.namespace)
    tenant.operator.create(namespace.namespace(name, tenant.namespace))
    tenant.operator.create({"apiVersion": "v1", "kind": "List", "items": namespace.furniture(name, tenant.namespace)})
    yield name
    tenant.admin.ok("delete", "namespace", name, "--wait=false", "--ignore-not-found")


@pytest.fixture
def tenant(admin: Kube) -> Iterator[Tenant]:
    """Customer ada, driver bob, approver eve, sam who drives and approves, and vic who looks."""
    with _tenant(admin) as made:
        yield made


@pytest.fixture(scope="module")
def ordered(admin: Kube) -> Iterator[Tenant]:
    """A tenant with a delivery, for tests in which every change is refused."""
    with _tenant(admin) as made:
        made.order(spec__terms__handling__region="eu-west-1")
        yield made


@pytest.fixture
def work(tenant: Tenant) -> Iterator[str]:
    """The work namespace of the tenant, furnished as the operator does it and with no more than its rights."""
    with _work(tenant) as name:
        yield name


@pytest.fixture(scope="module")
def furnished(ordered: Tenant) -> Iterator[str]:
    """The work namespace of `ordered`, for tests in which every change is refused."""
    with _work(ordered) as name:
        yield name
