"""One control plane with the chart, one tenant, everybody who might attack, and deliveries in every state that matters."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from delivery_operator.manifests import namespace
from tests.attacks.attack import REQUEST
from tests.chart.conftest import install, write_status
from tests.chart.kube import CHART, OPERATOR, Kube, bound, within
from tests.chart.objects import STATUS, certificate, delivery, evidence, pod

TENANT, WORK = "acme", "acme-ptaas"
ROLES = {
    "ada": ["customer"],
    "ora": ["customer", "approver", "overrider"],
    "bob": ["driver"],
    "eve": ["approver"],
    "sam": ["driver", "approver"],
    "fay": ["overrider"],
    "driver": ["driver"],
}
NOT_PASSED = [STATUS["conditions"][0] | {"status": "False", "reason": "NotLearned", "message": "-0.01 against 0.20"}]
REJECTED = STATUS["approval"] | {
    "closed": {"verb": "reject", "by": "eve", "at": "2026-01-01T00:00:00Z", "reason": "wrong tone"}
}
APPROVED = STATUS["approval"] | {"approvedBy": "eve", "approvedAt": "2026-01-01T00:00:00Z"}
STATES: dict[str, dict[str, Any] | None] = {
    "router": {},
    "named": {},
    "blink": {},
    "again": {},
    "driven": {},
    "unstamped": {},
    "failed": {"conditions": NOT_PASSED},
    "fresh": None,
    "unasked": {"approval": None},
    "rejected": {"approval": REJECTED},
    "refused": {},
    "served": {"approval": APPROVED},
    "other": {"approval": STATUS["approval"] | {"digest": "9" * 64}},
    "pair": {},
    "grouped": {},
    "own": {},
    "hers": {"conditions": NOT_PASSED},
}
"""Delivery to what differs in its status from one that waits for its approval; None leaves it without."""
SPECS: dict[str, dict[str, Any]] = {
    "router": {"spec__terms__handling__region": "eu-west-1"},
    "pair": {"spec__approval": {"required": 2}},
    "grouped": {"spec__approval": {"groups": ["board", "clinic"]}},
}
CREATORS = {"own": "ora", "hers": "ora"}


INFERENCE = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "inferenceservices.serving.kserve.io"},
    "spec": {
        "group": "serving.kserve.io",
        "scope": "Namespaced",
        "names": {"kind": "InferenceService", "plural": "inferenceservices", "singular": "inferenceservice"},
        "versions": [
            {
                "name": "v1beta1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


@dataclass
class Stage:
    """Everybody, and what there is."""

    admin: Kube
    tokens: dict[str, Kube] = field(default_factory=dict)

    def as_(self, who: str) -> Kube:
        """kubectl as one of them."""
        if who in self.tokens:
            return self.tokens[who]
        if who == "root":
            return self.admin
        if who == "driver":
            return Kube(self.admin.programs, str(Path(self.admin.kubeconfig).with_name("driver.yaml")), self.admin.server)
        accounts = {"operator": OPERATOR, "second": f"system:serviceaccount:{TENANT}:delivery-operator"}
        return self.admin.as_user(accounts.get(who, who))

    def delivery(self, name: str) -> dict[str, Any]:
        """A Delivery as stored."""
        found: dict[str, Any] = self.admin.get("delivery", name, "-n", TENANT)
        return found

    def everything(self) -> dict[str, Any]:
        """All that an attack could have changed, without what changes by itself."""
        kinds = "deliveries,modelversions,configmaps,secrets,services,pods,jobs,deployments,rolebindings,serviceaccounts"
        found = {}
        for where in (TENANT, WORK):
            for one in self.admin.get(kinds, "-n", where)["items"]:
                kept = {key: one["metadata"].get(key) for key in ("labels", "annotations", "finalizers", "ownerReferences")}
                found[f"{where} {one['kind']} {one['metadata']['name']}"] = json.dumps(
                    [kept, one.get("spec"), one.get("data"), one.get("status") if one["kind"] == "Delivery" else None],
                    sort_keys=True,
                )
        return found


def set_up(admin: Kube) -> Stage:
    """From an empty control plane to the stage."""
    _unstamped(admin)
    install(admin)
    stage = Stage(admin)
    _people(admin)
    _deliveries(stage)
    _work(stage)
    return stage


def _unstamped(admin: Kube) -> None:
    """A Delivery from before the policies: nobody knows who created it."""
    # KServe itself is not needed to see that nobody adds a server by way of it.
    admin.create(INFERENCE)
    for crd in sorted((CHART / "crds").glob("*.yaml")):
        admin.ok("apply", "--server-side", "-f", str(crd))
    admin.ok("create", "namespace", TENANT)
    made = json.dumps(delivery(metadata__name="unstamped"))
    within(30, "the kinds", lambda: admin.run("create", "-n", TENANT, "-f", "-", stdin=made).returncode == 0)


def _binding(name: str, role: str, where: str, user: str, kind: str = "User") -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    subject = {"kind": kind, "name": user} | ({"namespace": TENANT} if kind == "ServiceAccount" else {"apiGroup": group})
    return {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": where},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [subject],
    }


def _people(admin: Kube) -> None:
    bindings = [
        *(_binding(f"{user}-{role}", f"ptaas-{role}", TENANT, user) for user, roles in ROLES.items() for role in roles),
        _binding("ned", "edit", TENANT, "ned"),
        _binding("tad", "admin", TENANT, "tad"),
    ]
    admin.create({"apiVersion": "v1", "kind": "List", "items": bindings})
    for account in ("delivery-operator", "trainer"):
        admin.ok("create", "serviceaccount", account, "-n", TENANT)
    second = f"--serviceaccount={TENANT}:delivery-operator"
    admin.ok("create", "clusterrolebinding", "second", "--clusterrole=ptaas-operator", second)


def _deliveries(stage: Stage) -> None:
    for name in STATES:
        if name != "unstamped":
            stage.as_(CREATORS.get(name, "ada")).create(delivery(metadata__name=name, **SPECS.get(name, {})), "-n", TENANT)
    for name, changes in STATES.items():
        if changes is not None:
            write_status(stage.admin, TENANT, name, **changes)
    drive = ("patch", "delivery", "driven", "-n", TENANT, "--type=merge", "-p", '{"spec":{"config":{"rank":8}}}')
    stage.as_("sam").ok(*drive)
    approve = (f"ptaas.dev/approve={REQUEST}", "ptaas.dev/approve-reason=seen by the desk")
    stage.as_("eve").ok("annotate", "delivery", "pair", "-n", TENANT, *approve)
    stage.as_("eve").ok("annotate", "delivery", "again", "-n", TENANT, *approve)
    reject = (f"ptaas.dev/reject={REQUEST}", "ptaas.dev/reject-reason=wrong for the desk")
    stage.as_("eve").ok("annotate", "delivery", "refused", "-n", TENANT, *reject)


def _work(stage: Stage) -> None:
    """Workers, a server and evidence, made as the operator and Kubernetes make them."""
    admin, operator = stage.admin, stage.as_("operator")
    operator.create(namespace.namespace(WORK, TENANT))
    operator.create({"apiVersion": "v1", "kind": "List", "items": namespace.furniture(WORK, TENANT)})
    operator.create(namespace.depositor(WORK, "ada"))
    admin.create(_binding("wes", "edit", WORK, "wes"))
    admin.create(_binding("stranger", "ptaas-evidence-writer", WORK, "trainer", "ServiceAccount"))
    # A node that is not ready: without it the pods bound to it would be collected, and with it nothing is scheduled.
    admin.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}})
    operator.ok("create", "configmap", "anchor-u", "-n", WORK)
    operator.create(certificate("issued"), "-n", TENANT)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "acme-sealed"}, "stringData": {"token": "t"}}
    stage.as_("ada").create(secret, "-n", WORK)
    labels = {"app": "server"}
    template = {"metadata": {"labels": labels}, "spec": pod("x", "server")["spec"]}
    job = {"template": {"spec": pod("x", "trainer")["spec"] | {"restartPolicy": "Never"}}, "suspend": True, "backoffLimit": 0}
    for kind, api, spec in (
        ("Deployment", "apps/v1", {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}),
        ("Service", "v1", {"selector": labels, "ports": [{"port": 8000}]}),
        ("Job", "batch/v1", job),
    ):
        operator.create({"apiVersion": api, "kind": kind, "metadata": {"name": "server"}, "spec": spec}, "-n", WORK)
    stage.tokens["worker"] = bound(admin, WORK, "train-1")
    stage.tokens["worker"].create(evidence("train-1", complete=True), "-n", WORK)
    bound(admin, WORK, "server-1", "server")
    bound(admin, WORK, "train-3").create(evidence("train-3"), "-n", WORK)
    stage.tokens["stranger"] = bound(admin, TENANT, "train-1")
    within(30, "a server's pod", lambda: len(admin.get("pods", "-n", WORK, "-l", "app=server")["items"]) == 1)
    within(
        30, "the certificate authority", lambda: admin.run("get", "configmap", "kube-root-ca.crt", "-n", WORK).returncode == 0
    )


def sent(stage: Stage, value: object) -> str | None:
    """What goes to kubectl's input; `$spec` and `$status` stand for the router's, the others for its metadata."""
    if value is None or isinstance(value, str):
        return value
    router = stage.delivery("router") if "$" in json.dumps(value) else {}

    def fill(one: Any) -> Any:
        if isinstance(one, Mapping):
            return {key: fill(inner) for key, inner in one.items()}
        if one in ("$uid", "$resourceVersion"):
            return router["metadata"][one[1:]]
        return router[one[1:]] if one in ("$spec", "$status") else one

    return json.dumps(fill(value))
