"""A control plane with the chart for the operator's tests on a real API server, and a tenant for each test."""

import itertools
import json
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from delivery_operator.cluster import paths
from delivery_operator.cluster.client import Api
from tests.chart.conftest import install, start, stop
from tests.chart.kube import Kube
from tests.support.replayer import NODE, be_a_node
from tests.support.stage import Theatre, configuration, eventually

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Kube]:
    """The admin's view of a control plane with the chart; DELIVERY_TEST_CLUSTER names one that is up already."""
    given = os.environ.get("DELIVERY_TEST_CLUSTER")
    # Another folder may take this fixture over and then has a control plane of its own beside this one.
    name = given or f"operator-{os.getpid()}-{secrets.token_hex(2)}"
    try:
        kube = start(name)
        if not given or kube.run("get", "crd", "deliveries.ptaas.dev").returncode:
            install(kube)
        yield kube
    finally:
        if not given:
            stop(name)


@pytest.fixture
async def theatre(control_plane: Kube, tmp_path: Path) -> AsyncIterator[Theatre]:
    """A tenant with customer ada, driver bob and approver eve."""
    tenant = f"acme-{os.getpid()}-{next(_numbers)}"
    control_plane.ok("create", "namespace", tenant)
    rbac = "rbac.authorization.k8s.io"
    bindings = [
        {
            "apiVersion": f"{rbac}/v1", "kind": "RoleBinding", "metadata": {"name": user, "namespace": tenant},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": f"ptaas-{role}"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": user}],
        }
        for user, role in {"ada": "customer", "bob": "driver", "eve": "approver"}.items()
    ]  # fmt: skip
    control_plane.ok("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": bindings}))
    config = await configuration(control_plane.kubeconfig)
    api = Api(config, lambda: None)
    await eventually(lambda: schedulable(api), "a node that takes pods")
    try:
        yield Theatre(control_plane, api, tenant, tmp_path, config)
    finally:
        await api.close()
        control_plane.run("delete", "jobs", "--all", "-n", f"{tenant}-ptaas", "--wait=false")
        control_plane.run("delete", "pods", "--all", "-n", f"{tenant}-ptaas", "--force", "--grace-period=0", "--wait=false")
        control_plane.ok("delete", "namespace", tenant, f"{tenant}-ptaas", "--wait=false", "--ignore-not-found")


async def schedulable(api: Api) -> bool | None:
    """The node is there, and nothing keeps pods off it."""
    await be_a_node(api)
    node = await api.get(paths.NODES.path(name=NODE))
    return True if node and not node["spec"].get("taints") else None
