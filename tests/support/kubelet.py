"""The kubelet and the workers in memory: pods run and end as their play says, and write evidence."""

from dataclasses import dataclass, field
from datetime import timedelta

from delivery_api import names
from delivery_api.digests import canonical, sha256
from delivery_api.evidence import EvidenceCommon
from delivery_api.tasks import ServeTask, Task, read_task
from delivery_benchmark.plane.pods import STAGE
from delivery_operator import times
from tests.support.objects import Objects
from tests.support.plays import Play, evidence, problem

SECONDS = {"intake": 30, "train": 180, "eval": 90, "deploy": 20, "card": 5}


@dataclass
class Kubelet(Objects):
    """Runs the pods of one Delivery."""

    play: Play = field(default_factory=Play)
    uid: str = "uid-1"

    def run_pods(self) -> None:
        """The kubelet's and the workers' part: every pending pod runs to its end, every server becomes ready."""
        for name, pod in list(self.pods.items()):
            if pod["status"]["phase"] == "Pending":
                self.start(name)
                self.end(name)
        for raw in self.objects.values():
            if raw["kind"] == "Deployment":
                count = raw["spec"]["replicas"]
                raw["status"] = {"observedGeneration": 1, "readyReplicas": count, "updatedReplicas": count}

    def task(self, pod: str) -> Task:
        """What a pod was told."""
        container = self.pods[pod]["spec"]["containers"][0]
        return read_task.validate_json(next(one["value"] for one in container["env"] if one["name"] == "DELIVERY_TASK"))

    def start(self, name: str) -> None:
        """A pod runs."""
        running = {"state": {"running": {"startedAt": times.render(self.now)}}}
        self.pods[name]["status"] = {"phase": "Running", "containerStatuses": [running]}

    def partly(self, name: str, steps: int) -> None:
        """A training run writes how far it is."""
        self.record(evidence(self.task(name), name, self.play, steps))

    def end(self, name: str) -> None:
        """A pod ends as its play says."""
        task = self.task(name)
        assert not isinstance(task, ServeTask)
        stage = STAGE[task.kind]
        death = self.play.deaths.get((stage, task.attempt), "")
        self.now += timedelta(seconds=SECONDS[stage])
        if death == "vanish":
            pod = self.pods.pop(name)
            self.ghosts[name] = pod | {"gone_at": times.render(self.now)}
            self.finish_job(pod["job"], "Failed", "BackoffLimitExceeded")
            return
        said, code, why = "", 0, "Completed"
        if death in ("evict", "kill", "oom"):
            code, why = 137, "OOMKilled" if death == "oom" else "Error"
        elif death == "deadline":
            code, why = 143, "Error"
        else:
            said, code = self._recorded(task, name, death)
        started = self.pods[name]["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
        ended = {"exitCode": code, "reason": why, "message": said, "startedAt": started, "finishedAt": times.render(self.now)}
        phase = "Failed" if code else "Succeeded"
        self.pods[name]["status"] = {"phase": phase, "containerStatuses": [{"state": {"terminated": ended}}]}
        if death == "evict":
            self.pods[name]["status"]["reason"] = "Evicted"
        failed = "DeadlineExceeded" if death == "deadline" else "BackoffLimitExceeded"
        self.finish_job(self.pods[name]["job"], "Failed" if code else "Complete", failed if code else "")

    def _recorded(self, task: Task, name: str, death: str) -> tuple[str, int]:
        made = evidence(task, name, self.play)
        if death.startswith("problem:"):
            made = made.model_copy(update={"problem": problem(death.partition(":")[2])})
        if death == "partial":
            made = made.model_copy(update={"complete": False})
        if death == "silent":
            return "", 0
        said = self.record(made, corrupt=death == "corrupt")
        return ("sha256:" + "0" * 64 if death == "mismatch" else said), 1 if made.problem else 0

    def record(self, made: EvidenceCommon, *, corrupt: bool = False) -> str:
        """Write evidence; returns its digest."""
        text = canonical(made)
        data = {
            "evidence.json": text[:-40] if corrupt else text,
            "digest": sha256(text),
            "complete": "true" if made.complete else "false",
        }
        before = self.objects.get(f"ConfigMap/{made.pod}")
        metadata = {
            "name": made.pod,
            "labels": {names.EVIDENCE: "x", names.DELIVERY_UID: self.uid},
            "creationTimestamp": before["metadata"]["creationTimestamp"] if before else times.render(self.now),
            "managedFields": [{"time": times.render(self.now)}],
        }
        self.objects[f"ConfigMap/{made.pod}"] = {"kind": "ConfigMap", "metadata": metadata, "data": data}
        return data["digest"]
