"""kubectl as one identity, and the sentence with which the API server refused."""

import json
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.chart.objects import pod

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/delivery-operator"
RELEASE = "delivery-system"
OPERATOR = f"system:serviceaccount:{RELEASE}:delivery-operator"
JOB_CONTROLLER = "system:serviceaccount:kube-system:job-controller"
DIGEST = "registry.example/ptaas@sha256:" + "a" * 64
IMAGES = ("--set", f"images.operator={DIGEST},images.worker={DIGEST},images.auditor={DIGEST}")
VERBS = (
    "reject",
    "expire",
    "revoke",
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "approve",
    "fund",
    "override",
)

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Kube:
    """kubectl with a kubeconfig, and optionally another identity: impersonated, or a bearer token."""

    programs: Mapping[str, str]
    kubeconfig: str
    server: str
    identity: tuple[str, ...] = ()

    def as_user(self, name: str, *groups: str) -> "Kube":
        """The same cluster as somebody else, who belongs to groups."""
        return replace(self, identity=(f"--as={name}", *(f"--as-group={group}" for group in groups)))

    def as_kubelet(self, node: str) -> "Kube":
        """The same cluster as the kubelet of a node."""
        return replace(
            self, identity=(f"--as=system:node:{node}", "--as-group=system:nodes", "--as-group=system:authenticated")
        )

    def with_token(self, token: str) -> "Kube":
        """The same cluster with nothing but a token."""
        return replace(self, kubeconfig="/dev/null", identity=(
            f"--token={token}", f"--server={self.server}", "--insecure-skip-tls-verify",
        ))  # fmt: skip

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """kubectl, whatever it says."""
        command = [self.programs["kubectl"], f"--kubeconfig={self.kubeconfig}", *self.identity, *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60)

    def ok(self, *arguments: str, stdin: str | None = None) -> str:
        """kubectl that must succeed; its output."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr.strip()}"
        return done.stdout

    def refused(self, *arguments: str, stdin: str | None = None) -> str:
        """kubectl that must fail; the sentence of the refusal, without what Kubernetes puts in front."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode != 0, f"kubectl {' '.join(arguments)} was let through: {done.stdout.strip()}"
        return done.stderr.strip().rsplit("denied request: ", 1)[-1]

    def get(self, *arguments: str) -> Any:
        """An object or list, as data."""
        return json.loads(self.ok("get", *arguments, "-o", "json"))

    def create(self, manifest: Manifest, *more: str) -> str:
        """Create an object."""
        return self.ok("create", "-f", "-", *more, stdin=json.dumps(manifest))

    def cannot_create(self, manifest: Manifest, *more: str) -> str:
        """The refusal of an object."""
        return self.refused("create", "-f", "-", *more, stdin=json.dumps(manifest))

    def helm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """helm, as the kubeconfig's own user."""
        command = [self.programs["helm"], f"--kubeconfig={self.kubeconfig}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)


def within(seconds: float, what: str, look: Callable[[], object]) -> None:
    """Look until it is so, or say what did not come."""
    deadline = time.monotonic() + seconds
    pause = 0.05
    while not look():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(pause)
        pause = min(pause * 2, 1.0)


def bound(admin: Kube, namespace: str, name: str, account: str = "trainer", node: str = "node-1") -> Kube:
    """A pod that the Job controller made, as seen through the token that its kubelet asked for and that is bound to it."""
    made = pod(name, account)
    token = {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
    made["spec"] |= {"nodeName": node, "volumes": [token]}
    admin.as_user(JOB_CONTROLLER).create(made, "-n", namespace)
    uid = admin.get("pod", name, "-n", namespace)["metadata"]["uid"]
    options = (f"--bound-object-name={name}", f"--bound-object-uid={uid}", "--bound-object-kind=Pod")
    ask = ("create", "token", account, "-n", namespace, *options)
    kubelet = admin.as_kubelet(node)
    # The node authorizer hears of the pod a moment later.
    within(20, "a token for the kubelet", lambda: kubelet.run(*ask).returncode == 0)
    return admin.with_token(kubelet.ok(*ask).strip())


def held(kube: Kube, resource: str, namespace: str, verbs: Iterable[str] = VERBS) -> set[str]:
    """Those of the verbs that the API server would let it use; asked as readiness asks, whether or not the kind is served."""
    kind, _, subresource = resource.partition("/")
    plural, _, group = kind.partition(".")
    asked = sorted(verbs)
    about = {"namespace": namespace, "group": group, "resource": plural, "subresource": subresource}
    reviews = [
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": about | {"verb": verb}},
        }
        for verb in asked
    ]
    text = "\n---\n".join(json.dumps(review) for review in reviews)
    answers = kube.ok("create", "--validate=false", "-f", "-", "-o", "jsonpath={.status.allowed} ", stdin=text).split()
    return {verb for verb, allowed in zip(asked, answers, strict=True) if allowed == "true"}
