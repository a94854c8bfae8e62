"""The real node: restricted pods run, are named, limited and heard, and images come by digest."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from local_cluster import Cluster, command, eventually

pytestmark = pytest.mark.node

RESTRICTED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def pod_spec(image: str, script: str, memory: str = "64Mi") -> dict[str, Any]:
    container = {
        "name": "c",
        "image": image,
        "args": ["sh", "-c", script],
        "resources": {"requests": {"cpu": "50m", "memory": "16Mi"}, "limits": {"memory": memory}},
        "securityContext": RESTRICTED,
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    return {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "terminationGracePeriodSeconds": 1,
    }


def run_job(full: Cluster, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Run a Job to its end and return the terminated state of its container."""
    template = {"spec": spec | {"restartPolicy": "Never"}}
    metadata = {"name": "once", "namespace": namespace}
    once = {"backoffLimit": 0, "template": template}
    full.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": once})

    def ended() -> bool:
        status = json.loads(full.read("get", "job", "once", "-n", namespace, "-o", "json"))["status"]
        return bool(status.get("succeeded") or status.get("failed"))

    eventually(ended, "end of the Job")
    pods = json.loads(full.read("get", "pods", "-n", namespace, "-l", "job-name=once", "-o", "json"))["items"]
    terminated: dict[str, Any] = pods[0]["status"]["containerStatuses"][0]["state"]["terminated"]
    return terminated


def serve(full: Cluster, namespace: str, image: str) -> str:
    """A web server behind a Service; returns the Service's address."""
    spec = pod_spec(image, "echo hello > /tmp/index.html; exec busybox httpd -f -p 8080 -h /tmp")
    spec["containers"][0]["readinessProbe"] = {"httpGet": {"path": "/index.html", "port": 8080}, "periodSeconds": 1}
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": spec}
    metadata = {"name": "web", "namespace": namespace}
    pods = {"selector": {"matchLabels": labels}, "template": template}
    port = {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]}
    full.apply(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": pods},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": port},
    )
    full.read("rollout", "status", "deployment/web", "-n", namespace, "--timeout=60s")
    return full.read("get", "service", "web", "-n", namespace, "-o", "jsonpath={.spec.clusterIP}")


def test_a_restricted_job_runs_and_its_termination_message_comes_back(full: Cluster, namespace: str, busybox: str) -> None:
    ended = run_job(full, namespace, pod_spec(busybox, "echo -n sha256:abc > /dev/termination-log"))
    assert (ended["exitCode"], ended["message"]) == (0, "sha256:abc")


def test_a_pod_finds_a_service_by_name_and_logs_are_readable(full: Cluster, namespace: str, busybox: str) -> None:
    serve(full, namespace, busybox)
    run_job(full, namespace, pod_spec(busybox, f"busybox wget -q -O - http://web.{namespace}.svc.cluster.local/index.html"))
    assert full.read("logs", "-n", namespace, "job/once") == "hello"


def test_the_host_reaches_a_service(full: Cluster, namespace: str, busybox: str) -> None:
    address = serve(full, namespace, busybox)

    def served() -> bool:
        try:
            with urllib.request.urlopen(f"http://{address}/index.html", timeout=2) as answer:
                return bool(answer.read() == b"hello\n")
        except OSError:
            return False

    eventually(served, "an answer from the Service")


def test_a_pod_reaches_the_registry_at_the_host_s_address(full: Cluster, namespace: str, busybox: str) -> None:
    script = f"busybox wget -q -O /dev/termination-log http://{full.told['registry']}/v2/_catalog"
    ended = run_job(full, namespace, pod_spec(busybox, script))
    assert "test/busybox" in json.loads(ended["message"])["repositories"]


def test_the_memory_limit_is_enforced(full: Cluster, namespace: str, busybox: str) -> None:
    ended = run_job(full, namespace, pod_spec(busybox, "x=a; while true; do x=$x$x; done", memory="16Mi"))
    assert ended["reason"] == "OOMKilled"


def test_an_image_that_is_not_there_says_so(full: Cluster, namespace: str) -> None:
    missing = f"{full.told['registry']}/test/none@sha256:{'0' * 64}"
    metadata = {"name": "p", "namespace": namespace}
    full.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec(missing, "true")})
    reason = "jsonpath={.status.containerStatuses[0].state.waiting.reason}"
    pulls = {"ErrImagePull", "ImagePullBackOff"}
    eventually(lambda: full.read("get", "pod", "p", "-n", namespace, "-o", reason) in pulls, "a pull error")


def test_the_node_carries_the_labels_classes_select_by(full: Cluster) -> None:
    labels = json.loads(full.read("get", "node", "local", "-o", "json"))["metadata"]["labels"]
    assert labels["ptaas.dev/accelerator"] == "cpu"
    assert labels["topology.kubernetes.io/zone"] == "local-a"


def test_a_second_node_on_the_machine_is_refused(full: Cluster, name: str) -> None:
    refused = command("up", "--name", name)
    assert refused.returncode == 1
    assert "belongs to" in refused.stderr
