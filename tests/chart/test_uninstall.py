"""Installing, uninstalling and installing again leaves nothing Terminating and nothing half governed."""

import json

import pytest

from delivery_operator.manifests import namespace
from tests.chart.conftest import Tenant, install, write_status
from tests.chart.kube import OPERATOR, RELEASE, Kube, bound, within
from tests.chart.objects import REQUEST, delivery, evidence

pytestmark = pytest.mark.cluster
EVERYTHING = (
    "deliveries,modelversions,configmaps,secrets,serviceaccounts,pods,jobs,deployments,services,roles,rolebindings,leases"
)
CLUSTER_WIDE = (
    "acceleratorclasses,namespaces,clusterroles,clusterrolebindings,customresourcedefinitions,validatingadmissionpolicies,"
    "validatingadmissionpolicybindings,mutatingadmissionpolicies,mutatingadmissionpolicybindings"
)


def terminating(kube: Kube) -> list[str]:
    """Objects with a deletion timestamp."""
    found = [*kube.get(EVERYTHING, "-A")["items"], *kube.get(CLUSTER_WIDE)["items"]]
    return [f"{one['kind']}/{one['metadata']['name']}" for one in found if "deletionTimestamp" in one["metadata"]]


def ours(kube: Kube) -> set[str]:
    """What is there of the chart."""
    marked = [*kube.get(EVERYTHING, "-n", RELEASE)["items"], *kube.get(CLUSTER_WIDE)["items"]]
    return {
        f"{one['kind']}/{one['metadata']['name']}"
        for one in marked
        if any(word in one["metadata"]["name"] for word in ("ptaas", "delivery-operator", RELEASE))
    }


def populate(kube: Kube) -> None:
    """A tenant with a Delivery, and a work namespace with an anchor, a pod and complete evidence."""
    operator = kube.as_user(OPERATOR)
    kube.ok("create", "namespace", "acme")
    kube.create(delivery(), "-n", "acme")
    for manifest in (namespace.namespace("acme-ptaas", "acme"), *namespace.furniture("acme-ptaas", "acme")):
        operator.create(manifest)
    operator.ok("create", "configmap", "anchor-u", "-n", "acme-ptaas")
    bound(kube, "acme-ptaas", "train-1").create(evidence("train-1", complete=True), "-n", "acme-ptaas")


def uninstall(kube: Kube) -> None:
    """helm uninstall."""
    done = kube.helm("uninstall", "ptaas", "--namespace", RELEASE, "--wait", "--timeout", "60s")
    assert done.returncode == 0, done.stderr


def test_uninstall_leaves_nothing_terminating(bare_cluster: Kube) -> None:
    """Nor does it delete anybody's Deliveries: the kinds stay until they are deleted by hand."""
    kube = bare_cluster
    install(kube)
    populate(kube)
    uninstall(kube)
    within(30, "nothing terminating", lambda: terminating(kube) == [])
    plurals = ("deliveries", "modelversions", "deliverycertificates", "deliverybudgets", "acceleratorclasses")
    kinds = {f"{name}.ptaas.dev" for name in plurals}
    assert ours(kube) == {f"CustomResourceDefinition/{name}" for name in kinds} | {
        "Namespace/acme-ptaas",
        f"Namespace/{RELEASE}",
    }
    assert kube.get("delivery", "router", "-n", "acme")["spec"]["terms"]["ticket"]

    unstamped(kube)

    uninstall(kube)
    kube.ok("delete", "pods", "--all", "-n", "acme-ptaas", "--grace-period=0", "--force")
    kube.ok("delete", "namespace", "acme-ptaas", "acme", RELEASE, "--wait=false")
    kube.ok("delete", "crd", *sorted(kinds), "--wait=false")
    left = ("get", "namespaces,customresourcedefinitions", "-o", "name")
    within(60, "all gone", lambda: not any(word in kube.ok(*left) for word in ("acme", "ptaas", RELEASE)))


def unstamped(kube: Kube) -> None:
    """A Delivery made while no policy was there has no creator, and cannot be approved after the chart is back."""
    made = delivery(metadata__name="gap")
    dry = ("create", "-n", "acme", "--dry-run=server", "-f", "-", "-o", "json")

    def ungoverned() -> bool:
        trial = kube.run(*dry, stdin=json.dumps(made))
        return trial.returncode == 0 and "created-by" not in trial.stdout

    within(30, "policies out of force", ungoverned)
    kube.create(made, "-n", "acme")
    install(kube)
    patch = ("patch", "delivery", "gap", "-n", "acme", "--type=merge")
    write_status(kube, "acme", "gap")
    kube.ok("create", "rolebinding", "eve", "-n", "acme", "--clusterrole=ptaas-approver", "--user=eve")
    said = Tenant("acme", kube)("eve").refused(
        *patch, "-p", json.dumps({"metadata": {"annotations": {"ptaas.dev/approve": REQUEST}}})
    )
    assert said == (
        "metadata.annotations[ptaas.dev/created-by]: missing, so nobody can be shown to be independent of the creator; "
        "create the Delivery again"
    )
