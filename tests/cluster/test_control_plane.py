"""A control plane without a node: ready in seconds, real in all that tests rely on, gone without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from local_cluster import Cluster, alive, command, eventually, told

pytestmark = pytest.mark.cluster

POD_TEMPLATE = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "none"}]}}


def job(name: str) -> dict[str, object]:
    spec = {"backoffLimit": 0, "template": POD_TEMPLATE}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def config_map(name: str, **metadata: object) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default", **metadata}}


def test_second_up_is_instant_and_changes_nothing(control_plane: Cluster) -> None:
    began = time.monotonic()
    again = told("up", "--name", control_plane.told["name"], "--control-plane")
    assert time.monotonic() - began < 3
    assert again["pids"] == control_plane.told["pids"]


def test_the_job_controller_and_the_scheduler_work(control_plane: Cluster) -> None:
    control_plane.apply(job("waits"))

    def unschedulable() -> bool:
        pods = json.loads(control_plane.read("get", "pods", "-l", "job-name=waits", "-o", "json"))["items"]
        reasons = [entry.get("reason") for pod in pods for entry in pod["status"].get("conditions", [])]
        return "Unschedulable" in reasons

    eventually(unschedulable, "a pod that no node can take")


def test_garbage_is_collected_by_owner(control_plane: Cluster) -> None:
    control_plane.apply(config_map("owner"))
    uid = control_plane.read("get", "configmap", "owner", "-o", "jsonpath={.metadata.uid}")
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    control_plane.apply(config_map("owned", ownerReferences=[owner]))
    control_plane.read("delete", "configmap", "owner")
    eventually(lambda: control_plane.kubectl("get", "configmap", "owned").returncode != 0, "deletion of the owned")


def test_pod_security_admission_is_on(control_plane: Cluster) -> None:
    control_plane.read("create", "namespace", "strict")
    control_plane.read("label", "namespace", "strict", "pod-security.kubernetes.io/enforce=restricted")
    refused = control_plane.kubectl("run", "loose", "-n", "strict", "--image=none")
    assert "violates PodSecurity" in refused.stderr


@pytest.mark.parametrize("user", ["requester", "approver", "driver"])
def test_people_are_themselves_and_have_no_rights(control_plane: Cluster, user: str) -> None:
    whoami = control_plane.kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}", user=user)
    assert whoami.stdout == user
    assert control_plane.kubectl("get", "configmaps", user=user).returncode != 0


@pytest.mark.parametrize("kind", ["validatingadmissionpolicies", "mutatingadmissionpolicies"])
def test_admission_policies_are_served_as_v1(control_plane: Cluster, kind: str) -> None:
    assert control_plane.read("get", f"{kind}.v1.admissionregistration.k8s.io", "-o", "name") == ""


def test_the_audit_log_counts_the_writes_of_one_user(control_plane: Cluster) -> None:
    before = len(control_plane.audited("kubernetes-admin"))
    control_plane.read("get", "configmaps", "-A")
    control_plane.read("create", "configmap", "counted", "--from-literal=a=b")
    new = control_plane.audited("kubernetes-admin")[before:]
    assert [(event["verb"], event["objectRef"]["name"], event["stage"]) for event in new] == [
        ("create", "counted", "ResponseComplete")
    ]


def test_two_side_by_side_do_not_share_anything(control_plane: Cluster, name: str) -> None:
    other = Cluster(told("up", "--name", name, "--control-plane"))
    control_plane.read("create", "namespace", "only-here")
    assert other.kubectl("get", "namespace", "only-here").returncode != 0
    assert not set(other.told["pids"].values()) & set(control_plane.told["pids"].values())


def test_down_leaves_no_process_and_no_state(name: str) -> None:
    cluster = told("up", "--name", name, "--control-plane")
    assert command("down", "--name", name).returncode == 0
    assert not [pid for pid in cluster["pids"].values() if alive(pid)]
    assert [entry.name for entry in Path(cluster["state"]).iterdir()] == ["logs"]
    assert command("status", "--name", name).returncode == 1


def test_up_after_a_crash_keeps_what_was_stored(name: str) -> None:
    cluster = Cluster(told("up", "--name", name, "--control-plane"))
    cluster.read("create", "namespace", "kept")
    for pid in cluster.told["pids"].values():
        os.kill(pid, signal.SIGKILL)
    again = Cluster(told("up", "--name", name, "--control-plane"))
    assert again.read("get", "namespace", "kept", "-o", "name") == "namespace/kept"


def test_with_its_owner_goes_the_cluster_also_after_a_kill(name: str) -> None:
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as owner:
        cluster = told("up", "--name", name, "--control-plane", "--for", str(owner.pid))
        assert all(alive(pid) for pid in cluster["pids"].values())
        owner.kill()
    eventually(
        lambda: [entry.name for entry in Path(cluster["state"]).iterdir()] == ["logs"], "a cluster without its owner is down"
    )
    assert not any(alive(pid) for pid in cluster["pids"].values())


def test_two_ups_at_once_make_one_cluster(name: str) -> None:
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(lambda _: told("up", "--name", name, "--control-plane"), range(2))
    assert first["pids"] == second["pids"]


def test_kwok_plays_fake_nodes(name: str) -> None:
    cluster = Cluster(told("up", "--name", name, "--control-plane", "--kwok"))
    fake = {"name": "fake", "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": {"ptaas.dev/accelerator": "h200"}}
    cluster.apply({"apiVersion": "v1", "kind": "Node", "metadata": fake})
    cluster.read("wait", "node/fake", "--for=condition=Ready", "--timeout=30s")
    cluster.apply(job("played"))
    cluster.read("wait", "job/played", "--for=condition=Complete", "--timeout=30s")


def test_a_registry_of_its_own_serves_the_distribution_api(name: str) -> None:
    cluster = told("up", "--name", name, "--control-plane", "--registry")
    with urllib.request.urlopen(f"http://{cluster['registry']}/v2/_catalog", timeout=5) as answer:
        assert json.load(answer) == {"repositories": []}
