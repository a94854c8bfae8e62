"""Evidence that somebody else writes, or that changes after the fact, and the sealed items."""

import json
from typing import Any

from tests.attacks.attack import Attack, applied, asks, made, rbac
from tests.chart.objects import certificate, evidence

EVIDENCE = "ptaas-evidence"
TRAINER = "system:serviceaccount:$work:trainer"
NOT_ISSUED = "DeliveryCertificate: only the operator writes it, and kubernetes-admin is not the operator"
PAPERS = '{"spec":{"papers":{"certificate.json":"{}"}}}'
CA = {"data": {"ca.crt": "mine"}}


def not_bound(name: str) -> str:
    """Another pod's."""
    return f"evidence: the token is not bound to a pod named {name}; a pod records evidence under its own name only"


def no_worker(user: str) -> str:
    """No worker at all."""
    return f"evidence: {user} is no service account of $work; only a worker pod records evidence"


def change(name: str, who: str, refused: str, by: str, on: str = "train-2", **data: Any) -> Attack:
    """A patch of evidence."""
    return Attack(
        name, who, ("patch", "configmap", on, "-n", "$work", "--type=merge", "-p", json.dumps({"data": data})), refused, by
    )


def reads(name: str, who: str, resource: str, *more: str) -> Attack:
    """Looking where nobody should."""
    return Attack(
        name, who, ("get", resource, "-n", "$work", *more), rbac(who, "list" if not more else "get", resource, "$work"), "RBAC"
    )


COMPLETE = "evidence: it is complete and cannot change; another attempt records its own"
FIXED = "metadata.labels: those of evidence are set when it is created and never change"
NOTHING_ELSE = f"configmaps: {TRAINER} writes the evidence of its own pod and nothing else"
ROWS: tuple[Attack, ...] = (
    asks(
        "a token for a worker's service account, by the tenant's admin",
        "tad",
        "create token trainer -n $work",
        refused=rbac("tad", "create", "serviceaccounts/token", "$work"),
        by="RBAC",
    ),
    asks(
        "a token for a worker's service account, with rights to",
        "wes",
        "create token trainer -n $work",
        refused="serviceaccounts/token: only a kubelet asks for tokens in the work namespace $work, and wes is none",
        by="ptaas-tokens",
    ),
    asks(
        "a token for a worker's service account, as a cluster admin",
        "root",
        "create token trainer -n $work",
        refused=(
            "serviceaccounts/token: only a kubelet asks for tokens in the work namespace $work, and kubernetes-admin is none"
        ),
        by="ptaas-tokens",
    ),
    made(
        "a Secret that Kubernetes fills with a worker's token",
        "wes",
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/service-account-token",
            "metadata": {"name": "x", "annotations": {"kubernetes.io/service-account.name": "trainer"}},
        },
        "type: tokens of service accounts are not kept in work namespaces; use Opaque or kubernetes.io/dockerconfigjson",
        "ptaas-secrets",
    ),
    made("a worker writes another's evidence", "worker", evidence("train-9"), not_bound("train-9"), EVIDENCE),
    change("a worker changes another's evidence", "worker", not_bound("train-3"), EVIDENCE, on="train-3", step="9"),
    change("a worker changes its evidence when it is complete", "worker", COMPLETE, EVIDENCE, on="train-1", step="9"),
    change("a worker takes back that its evidence is complete", "worker", COMPLETE, EVIDENCE, on="train-1", complete="false"),
    asks(
        "a worker takes the label off its evidence, to change it",
        "worker",
        "label configmap train-1 -n $work ptaas.dev/evidence-",
        refused=FIXED,
        by=EVIDENCE,
    ),
    asks(
        "a worker has its evidence speak for another Delivery",
        "worker",
        "label configmap train-1 -n $work ptaas.dev/delivery-uid=another",
        refused=FIXED,
        by=EVIDENCE,
    ),
    asks(
        "a worker deletes its evidence",
        "worker",
        "delete configmap train-1 -n $work",
        refused=rbac(TRAINER, "delete", "configmaps", "$work"),
        by="RBAC",
    ),
    made(
        "a worker writes some other ConfigMap",
        "worker",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "notes"}},
        NOTHING_ELSE,
        "ptaas-workers",
    ),
    asks(
        "a worker changes the certificate authority that others trust",
        "worker",
        "patch configmap kube-root-ca.crt -n $work -p",
        json.dumps(CA),
        refused=NOTHING_ELSE,
        by="ptaas-workers",
    ),
    asks(
        "a worker changes the anchor that owns all children",
        "worker",
        "patch configmap anchor-u -n $work -p",
        json.dumps(CA),
        refused=NOTHING_ELSE,
        by="ptaas-workers",
    ),
    asks(
        "somebody with rights to changes the certificate authority that workers trust",
        "wes",
        "patch configmap kube-root-ca.crt -n $work -p",
        json.dumps(CA),
        refused="configmaps: only the operator keeps records in the work namespace $work, and wes is not the operator",
        by="ptaas-workers",
    ),
    asks(
        "a cluster admin makes another Delivery's anchor of an anchor",
        "root",
        "label configmap anchor-u -n $work ptaas.dev/delivery-uid=another",
        refused=(
            "configmaps: only the operator keeps records in the work namespace $work, and kubernetes-admin is not the operator"
        ),
        by="ptaas-workers",
    ),
    asks(
        "a worker reads the Delivery",
        "worker",
        "get delivery router -n $tenant",
        refused=rbac(TRAINER, "get", "deliveries", "$tenant", "ptaas.dev"),
        by="RBAC",
    ),
    applied("a worker writes its own verdict", "worker", TRAINER, subresource="status"),
    asks(
        "a worker reads a Secret that it does not mount",
        "worker",
        "get secret acme-sealed -n $work",
        refused=rbac(TRAINER, "get", "secrets", "$work"),
        by="RBAC",
    ),
    asks(
        "a worker lists Secrets", "worker", "get secrets -n $work", refused=rbac(TRAINER, "list", "secrets", "$work"), by="RBAC"
    ),
    asks(
        "a worker asks for another token",
        "worker",
        "create token evaluator -n $work",
        refused=rbac(TRAINER, "create", "serviceaccounts/token", "$work"),
        by="RBAC",
    ),
    asks(
        "a worker writes a Service",
        "worker",
        "create service clusterip x --tcp=80 -n $work",
        refused=rbac(TRAINER, "create", "services", "$work"),
        by="RBAC",
    ),
    made(
        "a pod of the tenant's with a worker's name",
        "stranger",
        evidence("train-1"),
        no_worker("system:serviceaccount:$tenant:trainer"),
        EVIDENCE,
    ),
    made("evidence from the tenant's admin", "tad", evidence("train-9"), rbac("tad", "create", "configmaps", "$work"), "RBAC"),
    made("evidence with rights to write ConfigMaps there", "wes", evidence("train-9"), no_worker("wes"), EVIDENCE),
    made(
        "evidence from the operator, who judges it",
        "operator",
        evidence("train-9"),
        no_worker("system:serviceaccount:delivery-system:delivery-operator"),
        EVIDENCE,
    ),
    change("a cluster admin corrects evidence", "root", no_worker("kubernetes-admin"), EVIDENCE, on="train-3", step="9"),
    asks(
        "evidence is deleted with rights to",
        "wes",
        "delete configmap train-1 -n $work",
        refused="evidence: wes may not delete it; it goes with its Delivery",
        by=EVIDENCE,
    ),
    made(
        "evidence in the tenant's own namespace",
        "tad",
        evidence("train-9"),
        "evidence: $tenant is not a work namespace of the operator; leave the label ptaas.dev/evidence out",
        EVIDENCE,
        "$tenant",
    ),
    reads("the tenant's admin reads evidence", "tad", "configmaps"),
    reads("the tenant's editor reads evidence by name", "ned", "configmaps", "train-1"),
    reads("the customer reads evidence", "ada", "configmaps"),
    reads("the tenant's admin looks for the sealed items' credential", "tad", "secrets"),
    reads("the customer reads back a credential", "ada", "secrets", "acme-sealed"),
    reads("the driver looks at pods", "bob", "pods"),
    asks(
        "the driver reads a worker's log",
        "bob",
        "logs train-1 -n $work",
        refused=rbac("bob", "get", "pods", "$work"),
        by="RBAC",
    ),
    made(
        "the tenant's admin issues a certificate",
        "tad",
        certificate("x"),
        rbac("tad", "create", "deliverycertificates", "$tenant", "ptaas.dev"),
        "RBAC",
        "$tenant",
    ),
    made("a cluster admin issues a certificate", "root", certificate("x"), NOT_ISSUED, "ptaas-certificates", "$tenant"),
    made(
        "a second operator issues a certificate",
        "second",
        certificate("x"),
        NOT_ISSUED.replace("kubernetes-admin", "system:serviceaccount:$tenant:delivery-operator"),
        "ptaas-certificates",
        "$tenant",
    ),
    asks(
        "the customer corrects the bill",
        "ada",
        f"patch deliverycertificate issued -n $tenant --type=merge -p '{PAPERS}'",
        refused=rbac("ada", "patch", "deliverycertificates", "$tenant", "ptaas.dev"),
        by="RBAC",
    ),
    asks(
        "a cluster admin corrects a certificate",
        "root",
        f"patch deliverycertificate issued -n $tenant --type=merge -p '{PAPERS}'",
        refused=NOT_ISSUED,
        by="ptaas-certificates",
    ),
    asks(
        "the tenant's admin throws a certificate away",
        "tad",
        "delete deliverycertificate issued -n $tenant",
        refused=rbac("tad", "delete", "deliverycertificates", "$tenant", "ptaas.dev"),
        by="RBAC",
    ),
)
