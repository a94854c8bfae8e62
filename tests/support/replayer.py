"""Kubelet and worker in one: a node that exists in the API only, and the pods of Jobs and servers on it.

Pods get the states that a kubelet gives them, and evidence is written with a token bound to the pod, as a worker
writes it. Container times are fixed numbers, so that the same play costs the same to the cent.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from delivery_api import names
from delivery_api.evidence import EvidenceCommon
from delivery_api.tasks import ServeTask, Task, TrainTask, read_task
from delivery_benchmark.plane.pods import STAGE, START, evidence_map, status_of, task_of, time_of, token_request
from delivery_operator.cluster import paths
from delivery_operator.cluster.client import Api
from delivery_operator.errors import DeliveryError
from tests.support.kubelet import SECONDS
from tests.support.plays import Play, evidence, problem

PAUSE = 0.1
NODE = "stage-1"
NODE_LEASES = "kube-node-lease"


@dataclass
class Replayer:
    """Plays all pods of one work namespace."""

    api: Api
    as_pod: Any
    """Makes an Api of a bearer token."""
    kubelet: Api
    """As the kubelet of the node: the only one who asks for tokens of workers."""
    namespace: str
    plays: dict[str, Play] = field(default_factory=dict)
    """By name of the Delivery; the others are healthy."""
    runs: set[str] = field(default_factory=set)
    """Stages whose pods run and do not end, until released; `delivery/stage` for those of one Delivery."""
    overflow: Callable[[str], str] = lambda text: "oci://127.0.0.1:1/acme/models@sha256:" + "a" * 64
    """Where evidence is put that overflows; left alone, nowhere."""
    played: list[tuple[str, int]] = field(default_factory=list)
    """(stage, attempt) of every pod that was played, in order."""
    pods: list[tuple[str, str, int]] = field(default_factory=list)
    """(Delivery, stage, attempt) of the same."""
    _live: dict[tuple[str, str], str] = field(default_factory=dict)

    async def run(self) -> None:
        """Play until cancelled."""
        busy: dict[str, asyncio.Task[None]] = {}
        beats = 0
        try:
            while True:
                if beats % 50 == 0:
                    await be_a_node(self.api)
                beats += 1
                for pod in await self._pods():
                    await self._see(pod, busy)
                for task in busy.values():
                    if task.done() and not task.cancelled():
                        task.result()
                await asyncio.sleep(PAUSE)
        finally:
            for task in busy.values():
                task.cancel()
            await asyncio.gather(*busy.values(), return_exceptions=True)

    async def _pods(self) -> list[dict[str, Any]]:
        try:
            listed = await self.api.list(paths.PODS.path(self.namespace), labelSelector=names.DELIVERY_UID)
        except DeliveryError:
            return []
        return [pod for pod in listed["items"] if pod["spec"].get("nodeName") == NODE]

    async def _see(self, pod: dict[str, Any], busy: dict[str, asyncio.Task[None]]) -> None:
        """Start what is new, end what is being deleted."""
        name = pod["metadata"]["name"]
        if "deletionTimestamp" in pod["metadata"]:
            if name in busy:
                busy[name].cancel()
            await self._buried(pod)
        elif pod["status"].get("phase") == "Pending" and name not in busy:
            busy[name] = asyncio.create_task(self._guarded(pod))

    async def _buried(self, pod: dict[str, Any]) -> None:
        """A pod that is told to stop ends, says so, and is gone."""
        state = next(iter(pod["status"].get("containerStatuses") or ()), {}).get("state", {})
        if "running" in state:
            started = datetime.fromisoformat(state["running"]["startedAt"].replace("Z", "+00:00"))
            at = int((started - START).total_seconds())
            await self._end(pod, {"exitCode": 143, "reason": "Error", "message": ""}, at, at + 60)
        path = paths.PODS.path(self.namespace, pod["metadata"]["name"])
        await self.api.delete(path, now=True)
        self._over(pod)

    def _begun(self, pod: dict[str, Any], stage: str) -> None:
        """No stage of a Delivery ever runs twice at once, whatever happened."""
        key = (pod["metadata"]["labels"][names.DELIVERY_UID], stage)
        assert key not in self._live, f"{pod['metadata']['name']} starts while {self._live[key]} runs"
        self._live[key] = pod["metadata"]["name"]

    def _over(self, pod: dict[str, Any]) -> None:
        for key in [key for key, name in self._live.items() if name == pod["metadata"]["name"]]:
            del self._live[key]

    def _goes_on(self, pod: dict[str, Any], stage: str) -> bool:
        return stage in self.runs or f"{pod['metadata']['labels'][names.DELIVERY]}/{stage}" in self.runs

    async def _guarded(self, pod: dict[str, Any]) -> None:
        """A pod that is deleted while it plays is nobody's fault."""
        try:
            await self._play(pod)
        except DeliveryError as error:
            if await self.api.get(paths.PODS.path(self.namespace, pod["metadata"]["name"])) is not None:
                raise AssertionError(f"pod {pod['metadata']['name']} could not be played: {error}") from error

    async def _play(self, pod: dict[str, Any]) -> None:
        text, anchor = task_of(pod)
        task = read_task.validate_json(text)
        if isinstance(task, ServeTask):
            while self._goes_on(pod, "serve"):
                await asyncio.sleep(PAUSE)
            await self._status(pod, "Running", running={"startedAt": time_of(0)}, ready=True)
            return
        stage = STAGE[task.kind]
        self.played.append((stage, task.attempt))
        self.pods.append((pod["metadata"]["labels"][names.DELIVERY], stage, task.attempt))
        await self._work(pod, task, stage, anchor)

    async def _work(self, pod: dict[str, Any], task: Task, stage: str, anchor: str) -> None:
        assert not isinstance(task, ServeTask)
        name = pod["metadata"]["name"]
        offset = (task.attempt - 1) * 1000
        play = self.plays.get(pod["metadata"]["labels"][names.DELIVERY], Play())
        death = play.deaths.get((stage, task.attempt), "")
        if death == "image":
            await self._status(pod, "Pending", waiting={"reason": "ImagePullBackOff", "message": "not found"})
            return
        self._begun(pod, stage)
        await self._status(pod, "Running", running={"startedAt": time_of(offset)})
        if isinstance(task, TrainTask):
            for step in task.look_steps[:-1]:
                await self._record(pod, evidence(task, name, play, step), stage, anchor)
                await asyncio.sleep(PAUSE * 3)
        while self._goes_on(pod, stage):
            await asyncio.sleep(PAUSE)
        if death in ("evict", "kill", "oom", "vanish"):
            await self._die(pod, death, offset + SECONDS[stage])
            return
        made = evidence(task, name, play)
        if death.startswith("problem:"):
            made = made.model_copy(update={"problem": problem(death.partition(":")[2])})
        if death == "partial":
            made = made.model_copy(update={"complete": False})
        said = "" if death == "silent" else await self._record(pod, made, stage, anchor, death)
        said = "sha256:" + "0" * 64 if death == "mismatch" else said
        code = 1 if made.problem else 0
        end = {"exitCode": code, "reason": "Error" if code else "Completed", "message": said}
        await self._end(pod, end, offset, offset + SECONDS[stage])

    async def _die(self, pod: dict[str, Any], death: str, at: int) -> None:
        offset = at // 1000 * 1000
        if death == "vanish":
            await self.api.delete(paths.PODS.path(self.namespace, pod["metadata"]["name"]))
        elif death == "evict":
            await self._end(pod, {"exitCode": 137, "reason": "Error", "message": ""}, offset, at, reason="Evicted")
        else:
            reason = "OOMKilled" if death == "oom" else "Error"
            await self._end(pod, {"exitCode": 137, "reason": reason, "message": ""}, offset, at)

    async def _end(self, pod: dict[str, Any], end: dict[str, Any], started: int, ended: int, reason: str = "") -> None:
        phase = "Failed" if end["exitCode"] else "Succeeded"
        times = {"startedAt": time_of(started), "finishedAt": time_of(ended)}
        self._over(pod)
        await self._status(pod, phase, terminated=end | times, reason=reason)

    async def _status(self, pod: dict[str, Any], phase: str, *, ready: bool = False, reason: str = "", **state: Any) -> None:
        path = paths.PODS.path(self.namespace, pod["metadata"]["name"], "status")
        await self.api.patch(path, status_of(pod, phase, ready=ready, reason=reason, **state), "merge")

    async def _record(self, pod: dict[str, Any], made: EvidenceCommon, stage: str, anchor: str, death: str = "") -> str:
        """Write evidence as the worker does; returns its digest."""
        name, body = pod["metadata"]["name"], evidence_map(made, self.namespace, stage, anchor)
        text, data = body["data"]["evidence.json"], body["data"]
        if death == "overflow":
            del data["evidence.json"]
            data["overflow"] = self.overflow(text)
        elif death == "corrupt":
            data["evidence.json"] = text[:-40]
        mine = await self._api_of(pod)
        try:
            if await mine.create(paths.CONFIG_MAPS.path(self.namespace), body) is None:
                await mine.replace(paths.CONFIG_MAPS.path(self.namespace, name), body)
        finally:
            await mine.close()
        return str(data["digest"])

    async def _api_of(self, pod: dict[str, Any]) -> Api:
        """The API server as this pod's own token sees it."""
        account = pod["spec"]["serviceAccountName"]
        path = paths.SERVICE_ACCOUNTS.path(self.namespace, account, "token")
        answer = await self.kubelet.review(path, token_request(pod))
        made: Api = self.as_pod(answer["status"]["token"])
        return made


async def be_a_node(api: Api) -> None:
    """Be there, ready and large, and go on being so."""
    labels = {"ptaas.dev/accelerator": "cpu", "kubernetes.io/hostname": NODE}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE, "labels": labels}}
    if await api.get(paths.NODES.path(name=NODE)) is None:
        await api.create(paths.NODES.path(), node)
    now = datetime.now(UTC)
    room = {"cpu": "64", "memory": "512Gi", "pods": "500", "ephemeral-storage": "500Gi"}
    condition = {"type": "Ready", "status": "True", "reason": "Played", "lastHeartbeatTime": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
    status = {"status": {"conditions": [condition], "allocatable": room, "capacity": room}}
    await api.patch(paths.NODES.path(name=NODE, part="status"), status, "merge")
    lease = {
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": NODE, "namespace": NODE_LEASES},
        "spec": {"holderIdentity": NODE, "leaseDurationSeconds": 40, "renewTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
    }  # fmt: skip
    if await api.create(paths.LEASES.path(NODE_LEASES), lease) is None:
        await api.patch(paths.LEASES.path(NODE_LEASES, NODE), {"spec": lease["spec"]}, "merge")


def read(path: str) -> dict[str, Any]:
    """A kubeconfig of the local cluster, which is JSON."""
    with open(path) as file:
        config: dict[str, Any] = json.load(file)
    return config
