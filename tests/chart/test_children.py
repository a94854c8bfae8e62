"""What runs in a work namespace is what the operator decided; and the operator decides nothing elsewhere."""

import json
from typing import Any

import pytest

from delivery_operator.manifests import namespace
from tests.chart.conftest import Tenant
from tests.chart.kube import CHART, OPERATOR, RELEASE, Kube, held, within
from tests.chart.objects import PIN, certificate, pod

pytestmark = pytest.mark.cluster


def workload(kind: str) -> dict[str, Any]:
    """A Job or Deployment of one pod."""
    labels = {"app": "x"}
    template = {"metadata": {"labels": labels}, "spec": pod("x", "trainer")["spec"]}
    if kind == "Job":
        template["spec"]["restartPolicy"] = "Never"
        return {
            "apiVersion": "batch/v1",
            "kind": kind,
            "metadata": {"name": "x"},
            "spec": {"backoffLimit": 0, "template": template},
        }
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}


SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "x"},
    "spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]},
}
SLICE = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "x", "labels": {"kubernetes.io/service-name": "x"}},
    "addressType": "IPv4", "endpoints": [{"addresses": ["10.9.8.7"]}],
}  # fmt: skip
CHILDREN = {
    "jobs": workload("Job"),
    "deployments": workload("Deployment"),
    "replicasets": workload("ReplicaSet"),
    "pods": pod("x", "trainer"),
    "services": SERVICE,
    "endpointslices": SLICE,
}


def only(what: str, work: str) -> str:
    """What anybody else is told."""
    return (
        f"{what}: only the operator decides what runs in the work namespace {work}, and kubernetes-admin is not the operator; "
        "change the Delivery instead"
    )


@pytest.mark.parametrize("what", CHILDREN)
def test_nobody_adds_a_child_by_hand(admin: Kube, furnished: str, what: str) -> None:
    """A pod of one's own under the serving Service's labels would answer in the model's name."""
    assert admin.cannot_create(CHILDREN[what], "-n", furnished) == only(what, furnished)


def test_children_of_the_operator_run_and_cannot_be_changed(admin: Kube, work: str) -> None:
    """The Job, Deployment and endpoint controllers do their part; an image swapped after approval does not."""
    for what in ("jobs", "deployments", "services"):
        admin.as_user(OPERATOR).create(CHILDREN[what], "-n", work)
    within(30, "pods of both", lambda: len(admin.get("pods", "-n", work)["items"]) == 2)
    within(30, "an endpoint slice", lambda: admin.get("endpointslices", "-n", work)["items"])
    swap = json.dumps({"spec": {"template": {"spec": {"containers": [{"name": "worker", "image": "evil.example/x" + PIN}]}}}})
    assert admin.refused("patch", "deployment", "x", "-n", work, "-p", swap) == only("deployments", work)
    assert admin.refused("scale", "deployment", "x", "-n", work, "--replicas=5") == only("deployments", work)
    selector = json.dumps({"spec": {"selector": {"app": "evil"}}})
    assert admin.refused("patch", "service", "x", "-n", work, "-p", selector) == only("services", work)
    assert admin.refused("patch", "job", "x", "-n", work, "-p", '{"spec":{"suspend":true}}') == only("jobs", work)
    name = admin.get("pods", "-n", work)["items"][0]["metadata"]["name"]
    assert admin.refused("label", "pod", name, "-n", work, "app=y", "--overwrite") == only("pods", work)
    admin.ok("delete", "pod", name, "-n", work, "--wait=false")


def test_elsewhere_people_run_what_they_like(admin: Kube, tenant: Tenant) -> None:
    admin.create(CHILDREN["deployments"], "-n", tenant.namespace)


def secret(kind: str = "Opaque", **metadata: Any) -> dict[str, Any]:
    """A credential."""
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "acme-sealed"} | metadata, "type": kind}
    return made | ({"stringData": {"token": "t"}} if kind == "Opaque" else {})


def test_customers_put_secrets_there_that_they_cannot_read(admin: Kube, work: str) -> None:
    """A patch or a delete in the foreground would answer with what is stored, so neither is granted."""
    admin.as_user(OPERATOR).create(namespace.depositor(work, "ada"))
    ada = admin.as_user("ada")
    ada.create(secret(), "-n", work)
    assert held(ada, "secrets", work) == {"create", "update"}
    assert 'cannot get resource "secrets"' in ada.refused("get", "secret", "acme-sealed", "-n", work)
    rotated = json.dumps(secret() | {"stringData": {"token": "u"}})
    ada.ok("replace", "-f", "-", f"--raw=/api/v1/namespaces/{work}/secrets/acme-sealed", stdin=rotated)
    assert admin.get("secret", "acme-sealed", "-n", work)["data"] == {"token": "dQ=="}


def test_a_token_of_a_service_account_is_no_credential(admin: Kube, work: str) -> None:
    """Filled by Kubernetes, it could be named as the credential of a source, and a worker would send it out."""
    token = secret("kubernetes.io/service-account-token", annotations={"kubernetes.io/service-account.name": "trainer"})
    assert admin.cannot_create(token, "-n", work) == (
        "type: tokens of service accounts are not kept in work namespaces; use Opaque or kubernetes.io/dockerconfigjson"
    )


@pytest.mark.parametrize("what", ["jobs", "deployments", "services"])
def test_the_operator_writes_in_work_namespaces_only(ordered: Tenant, what: str) -> None:
    """Its rights hold everywhere, as RBAC cannot name namespaces to come; a mistake of its must not."""
    said = ordered.operator.cannot_create(CHILDREN[what], "-n", ordered.namespace)
    assert said == f"{what}: the operator writes in its work namespaces only, and {ordered.namespace} is none of them"


def test_the_operator_writes_no_configmap_beside_a_delivery(tenant: Tenant) -> None:
    made: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "card"}, "data": {"card.md": "x"}}
    said = tenant.operator.cannot_create(made, "-n", tenant.namespace)
    assert said == f"configmaps: the operator writes in its work namespaces only, and {tenant.namespace} is none of them"


def test_nobody_but_the_operator_writes_a_certificate(tenant: Tenant) -> None:
    """Who could might issue one for a model that never passed, or correct the bill; the admin of the whole cluster neither."""
    said = "DeliveryCertificate: only the operator writes it, and kubernetes-admin is not the operator"
    made = certificate("card")
    assert tenant.admin.cannot_create(made, "-n", tenant.namespace) == said
    tenant.operator.create(made, "-n", tenant.namespace)
    card = ("deliverycertificate", "card", "-n", tenant.namespace)
    changed = ("patch", *card, "--type=merge", "-p", '{"spec":{"papers":{"bill.json":"{}"}}}')
    assert tenant.admin.refused(*changed) == said
    tenant.operator.ok(*changed)


def test_who_orders_reads_the_papers_and_no_configmap(tenant: Tenant) -> None:
    """RBAC knows kinds and not labels: so the papers are a kind."""
    tenant.operator.create(certificate("card"), "-n", tenant.namespace)
    for role in ("customer", "driver", "approver", "overrider", "viewer"):
        binding = ("rolebinding", role, f"--clusterrole=ptaas-{role}", f"--user={role}", "-n", tenant.namespace)
        tenant.admin.ok("create", *binding)
        assert tenant(role).get("deliverycertificate", "card", "-n", tenant.namespace)["spec"]["papers"] == {"card.md": "x"}
        assert 'cannot get resource "configmaps"' in tenant(role).refused("get", "configmap", "x", "-n", tenant.namespace)
        assert 'cannot delete resource "deliverycertificates"' in tenant(role).refused(
            "delete", "deliverycertificate", "card", "-n", tenant.namespace
        )


def test_the_operator_hands_out_its_two_roles_and_no_other(admin: Kube, work: str) -> None:
    """It may bind what it does not hold, so what it may bind is named."""
    said = admin.as_user(OPERATOR).refused("create", "rolebinding", "x", "-n", work, "--clusterrole=admin", "--user=ada")
    assert "is attempting to grant RBAC permissions not currently held" in said


def test_the_operator_furnishes_no_other_namespace(ordered: Tenant) -> None:
    binding = namespace.depositor(ordered.namespace, "ada")
    said = ordered.operator.cannot_create(binding)
    assert said == f"rolebindings: the operator writes in its work namespaces only, and {ordered.namespace} is none of them"


def test_a_controller_named_in_values_is_let_in(admin: Kube, work: str) -> None:
    """Kueue resumes Jobs, KServe makes Deployments; each is let in by its name."""
    kueue = "system:serviceaccount:kueue-system:kueue-controller-manager"
    options = ("--namespace", RELEASE, "--reuse-values", "--set")
    admin.as_user(OPERATOR).create(CHILDREN["jobs"], "-n", work)
    granted = ("--clusterrole=edit", f"--user={kueue}")
    admin.ok("create", "clusterrolebinding", "kueue", *granted)
    resume = ("patch", "job", "x", "-n", work, "-p", '{"spec":{"suspend":true}}')
    try:
        assert "only the operator decides what runs" in admin.as_user(kueue).refused(*resume)
        assert admin.helm("upgrade", "ptaas", str(CHART), *options, f"policies.trustedControllers={{{kueue}}}").returncode == 0
        within(30, "let in", lambda: admin.as_user(kueue).run(*resume).returncode == 0)
    finally:
        assert admin.helm("upgrade", "ptaas", str(CHART), *options, "policies.trustedControllers=null").returncode == 0
        admin.ok("delete", "clusterrolebinding", "kueue")
