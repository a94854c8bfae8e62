"""A pod's own token writes that pod's evidence until it is complete; nobody writes another's, and it goes when it should."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chart.conftest import Tenant
from tests.chart.kube import OPERATOR, Kube, bound, held, within
from tests.chart.objects import WORK_LABEL, evidence

pytestmark = pytest.mark.cluster

FIXED = "metadata.labels: those of evidence are set when it is created and never change"
COMPLETE = "evidence: it is complete and cannot change; another attempt records its own"


@pytest.fixture
def worker(admin: Kube, work: str) -> Iterator[Kube]:
    """The worker in pod train-1."""
    yield bound(admin, work, "train-1")


def write(namespace: str, **data: str) -> tuple[str, ...]:
    """Arguments of a patch of train-1's evidence."""
    return ("patch", "configmap", "train-1", "-n", namespace, "--type=merge", "-p", json.dumps({"data": data}))


def test_a_worker_records_and_completes_its_evidence(worker: Kube, work: str) -> None:
    worker.create(evidence("train-1"), "-n", work)
    worker.ok(*write(work, step="1"))
    worker.ok(*write(work, complete="true"))
    assert worker.get("configmap", "train-1", "-n", work)["data"] == {"evidence.json": "{}", "step": "1", "complete": "true"}


def test_complete_evidence_does_not_change(worker: Kube, work: str) -> None:
    """What a verdict was computed from is what anybody sees later."""
    worker.create(evidence("train-1", complete=True), "-n", work)
    assert worker.refused(*write(work, step="2")) == COMPLETE
    assert worker.refused(*write(work, complete="false")) == COMPLETE
    binary = json.dumps({"binaryData": {"x": "eA=="}})
    assert worker.refused("patch", "configmap", "train-1", "-n", work, "--type=merge", "-p", binary) == COMPLETE


def test_a_worker_does_not_write_evidence_of_another_name(worker: Kube, work: str) -> None:
    said = worker.cannot_create(evidence("train-2"), "-n", work)
    assert said == "evidence: the token is not bound to a pod named train-2; a pod records evidence under its own name only"


def test_a_worker_does_not_write_evidence_of_another_pod(admin: Kube, worker: Kube, work: str) -> None:
    other = bound(admin, work, "train-2")
    worker.create(evidence("train-1"), "-n", work)
    said = other.refused(*write(work, step="9"))
    assert said == "evidence: the token is not bound to a pod named train-1; a pod records evidence under its own name only"


def test_a_generated_name_is_no_way_around(worker: Kube, work: str) -> None:
    made = evidence("train-1")
    made["metadata"] |= {"generateName": "train-", "name": None}
    said = worker.cannot_create(made, "-n", work)
    assert said.startswith("evidence: the token is not bound to a pod named train-")


@pytest.mark.parametrize("who", ["kubernetes-admin", OPERATOR])
def test_nobody_writes_evidence_for_a_pod(admin: Kube, worker: Kube, work: str, who: str) -> None:
    """Neither a cluster admin nor the operator, who judges it."""
    kube = admin if who == "kubernetes-admin" else admin.as_user(who)
    refusal = f"evidence: {who} is no service account of {work}; only a worker pod records evidence"
    assert kube.cannot_create(evidence("train-1"), "-n", work) == refusal
    worker.create(evidence("train-1"), "-n", work)
    assert kube.refused(*write(work, step="9")) == refusal


def test_a_token_without_a_pod_writes_none(admin: Kube, work: str) -> None:
    """Only a kubelet gets one at all, and only for a pod; what the policies say without the pod is asked by impersonation."""
    said = admin.refused("create", "token", "trainer", "-n", work)
    assert said == (
        f"serviceaccounts/token: only a kubelet asks for tokens in the work namespace {work}, and kubernetes-admin is none"
    )
    trainer = admin.as_user(f"system:serviceaccount:{work}:trainer")
    said = trainer.cannot_create(evidence("train-1"), "-n", work)
    assert said.startswith("evidence: the token is not bound to a pod named train-1")


def test_a_worker_writes_no_other_configmap(admin: Kube, worker: Kube, work: str) -> None:
    """Neither the anchor that owns all children, nor the certificate authority that others trust, nor one of its own."""
    admin.as_user(OPERATOR).ok("create", "configmap", "anchor-u", "-n", work)
    said = f"configmaps: system:serviceaccount:{work}:trainer writes the evidence of its own pod and nothing else"
    for name in ("anchor-u", "kube-root-ca.crt"):
        assert worker.refused("patch", "configmap", name, "-n", work, "--type=merge", "-p", '{"data":{"x":"y"}}') == said
    assert worker.cannot_create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "notes"}}, "-n", work) == said


def test_a_pod_of_a_tenant_writes_none_elsewhere(admin: Kube, tenant: Tenant, work: str) -> None:
    """The same pod name in the tenant's own namespace, with rights in the work namespace given by mistake."""
    admin.ok("create", "serviceaccount", "trainer", "-n", tenant.namespace)
    mallory = bound(admin, tenant.namespace, "train-1")
    account = f"--serviceaccount={tenant.namespace}:trainer"
    admin.ok("create", "rolebinding", "mistake", "-n", work, "--clusterrole=ptaas-evidence-writer", account)
    said = mallory.cannot_create(evidence("train-1"), "-n", work)
    user = f"system:serviceaccount:{tenant.namespace}:trainer"
    assert said == f"evidence: {user} is no service account of {work}; only a worker pod records evidence"


def test_evidence_is_kept_in_work_namespaces_only(admin: Kube, tenant: Tenant) -> None:
    said = admin.cannot_create(evidence("train-1"), "-n", tenant.namespace)
    assert (
        said == f"evidence: {tenant.namespace} is not a work namespace of the operator; leave the label ptaas.dev/evidence out"
    )


def test_the_label_is_neither_put_on_nor_taken_off(worker: Kube, work: str) -> None:
    """Unlabelled, complete evidence could be changed and labelled again; relabelled, it would speak for another Delivery."""
    worker.create(evidence("train-1", complete=True), "-n", work)
    assert worker.refused("label", "configmap", "train-1", "-n", work, "ptaas.dev/evidence-") == FIXED
    assert worker.refused("label", "--overwrite", "configmap", "train-1", "-n", work, "ptaas.dev/evidence=eval") == FIXED
    assert worker.refused("label", "configmap", "train-1", "-n", work, "ptaas.dev/delivery-uid=another") == FIXED


def test_an_unlabelled_object_does_not_become_evidence(admin: Kube, worker: Kube, work: str) -> None:
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "train-1"}, "data": {"complete": "true"}}
    admin.as_user(OPERATOR).create(made, "-n", work)
    said = worker.refused("label", "configmap", "train-1", "-n", work, "ptaas.dev/evidence=train")
    assert said == FIXED


@pytest.mark.parametrize("arguments", [("configmap/train-1",), ("configmap/train-1", "--grace-period=0", "--force"), ()])
def test_people_do_not_delete_evidence(admin: Kube, worker: Kube, work: str, arguments: tuple[str, ...]) -> None:
    """Neither one by one nor as a collection."""
    worker.create(evidence("train-1"), "-n", work)
    said = admin.refused("delete", *(arguments or (f"--raw=/api/v1/namespaces/{work}/configmaps",)), "-n", work)
    assert "evidence: kubernetes-admin may not delete it; it goes with its Delivery" in said
    assert "deletionTimestamp" not in admin.get("configmap", "train-1", "-n", work)["metadata"]


def test_the_operator_deletes_evidence(admin: Kube, worker: Kube, work: str) -> None:
    """Retention."""
    worker.create(evidence("train-1", complete=True), "-n", work)
    admin.as_user(OPERATOR).ok("delete", "configmap", "train-1", "-n", work)


@pytest.mark.parametrize("cascade", ["background", "foreground"])
def test_evidence_goes_with_the_anchor(admin: Kube, worker: Kube, work: str, cascade: str) -> None:
    """The garbage collector deletes it, and in the foreground writes finalizers on it: complete evidence must let it."""
    operator = admin.as_user(OPERATOR)
    operator.ok("create", "configmap", "anchor-u", "-n", work)
    uid = admin.get("configmap", "anchor-u", "-n", work)["metadata"]["uid"]
    owner: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "anchor-u",
        "uid": uid,
        "blockOwnerDeletion": True,
    }
    worker.create(evidence("train-1", complete=True, ownerReferences=[owner]), "-n", work)
    operator.ok("delete", "configmap", "anchor-u", "-n", work, f"--cascade={cascade}", "--wait=false")
    both = ("get", "configmap", "train-1", "anchor-u", "-n", work)
    within(40, "evidence collected", lambda: admin.run(*both).stderr.count("NotFound") == 2)


def test_a_work_namespace_with_evidence_can_be_deleted(admin: Kube, worker: Kube, work: str) -> None:
    """A policy that forgets the namespace controller leaves it Terminating for ever."""
    worker.create(evidence("train-1", complete=True), "-n", work)
    admin.ok("delete", "namespace", work, "--wait=false")
    admin.ok("delete", "pod", "--all", "-n", work, "--grace-period=0", "--force")
    within(40, "namespace gone", lambda: admin.run("get", "namespace", work).returncode != 0)


def test_a_worker_cannot_do_anything_else(worker: Kube, work: str) -> None:
    """Its token opens its evidence and nothing more."""
    assert held(worker, "configmaps", work) == {"get", "create", "update", "patch"}
    for resource in ("secrets", "pods", "pods/exec", "jobs.batch", "deliveries.ptaas.dev", "modelversions.ptaas.dev"):
        assert held(worker, resource, work) == set(), resource


def test_a_work_namespace_is_marked_by_the_operator_alone(admin: Kube, tenant: Tenant, work: str) -> None:
    """Unmarked, the policies would not hold there; marked by others, they would hold where nobody asked for it."""
    field = "metadata.labels[ptaas.dev/work-namespace]"
    said = f"{field}: only the operator marks its namespaces, and kubernetes-admin is not the operator"
    assert admin.refused("label", "namespace", tenant.namespace, f"{WORK_LABEL}=true") == said
    assert admin.refused("label", "namespace", work, f"{WORK_LABEL}-") == said
    admin.ok("label", "namespace", work, "team=desk")
