"""Plays the workers: pods of deliveries run and end in the API alone, and their evidence is that of a recorded run.

It writes evidence with a token bound to the pod, asked for as the pod's own kubelet, so that the evidence policies hold for
it as for any worker. Which recording it plays follows from what the driver wrote. It judges nothing; it asks the oracle only
whether the clean probe has decided, as nothing of interest is shown between that look and the end of the run.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from delivery_api import names
from delivery_api.delivery import Delivery, DeliverySpec
from delivery_api.digests import plain
from delivery_api.evidence import EvaluateEvidence, EvidenceCommon, TrainEvidence
from delivery_api.tasks import AuditTask, EvaluateTask, ServeTask, SignTask, TrainTask, VerifyTask, read_task
from delivery_benchmark.plane.api import DELIVERIES, Api, PlaneError, path, patiently
from delivery_benchmark.plane.pods import JSON, STAGE, evidence_map, status_of, task_of, time_of, token_request
from delivery_benchmark.recordings.evidence import Replay
from delivery_oracle import probe

SECONDS = {"intake": 30, "eval": 90, "deploy": 20}
SPACE = 100_000
"""Seconds of the replayed clock that each attempt has for itself."""
PLAYERS = 16
NOTICE_SECONDS = 20.0
"""Longest wait for the operator to take notice of a look that decides."""
Choose = Callable[[str, DeliverySpec], Replay]
"""Namespace of a trial, and the spec as carried out, to what is played."""


@dataclass
class Replayer:
    """Plays all pods of all trials on one control plane."""

    api: Api
    choose: Choose
    failures: list[str] = field(default_factory=list)
    """What could not be played, and why; a trial that it happened to is void."""
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _runs: dict[str, tuple[Replay, float]] = field(default_factory=dict)
    _audited: dict[str, EvaluateEvidence] = field(default_factory=dict)
    _gone: dict[str, threading.Event] = field(default_factory=dict)
    _players: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(PLAYERS, "player"))

    def start(self) -> None:
        """Play in the background until stopped."""
        threading.Thread(target=self._watch, name="replayer", daemon=True).start()

    def stop(self) -> None:
        """End; what is playing ends at its next write."""
        self._stop.set()
        self._players.shutdown(wait=False, cancel_futures=True)

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                for event in self.api.watch(path("pods"), labelSelector=names.DELIVERY_UID):
                    if self._stop.is_set():
                        return
                    if event["type"] in ("ADDED", "MODIFIED"):
                        self._see(event["object"])
            except (httpx.HTTPError, PlaneError, ValueError):
                if self._stop.wait(0.2):
                    return

    def _see(self, pod: JSON) -> None:
        """Start what is new and has a node, end what is being deleted."""
        uid = pod["metadata"]["uid"]
        if "deletionTimestamp" in pod["metadata"]:
            self._gone.setdefault(uid, threading.Event()).set()
            if (uid, "end") not in self._seen:
                self._seen.add((uid, "end"))
                self._submit(self._bury, pod)
        elif pod["spec"].get("nodeName") and pod["status"].get("phase") == "Pending" and (uid, "begin") not in self._seen:
            self._seen.add((uid, "begin"))
            self._gone.setdefault(uid, threading.Event())
            self._submit(self._play, pod)

    def _submit(self, what: Callable[[JSON], None], pod: JSON) -> None:
        def guarded() -> None:
            try:
                what(pod)
            except Exception as error:
                if not self._stop.is_set() and self._there(pod):
                    where = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
                    self.failures.append(f"{where}: {type(error).__name__}: {error}")

        if not self._stop.is_set():
            self._players.submit(guarded)

    def _there(self, pod: JSON) -> bool:
        """A pod that is deleted while it plays is nobody's fault."""
        found = self.api.get(_address(pod))
        return found is not None and "deletionTimestamp" not in found["metadata"]

    def _play(self, pod: JSON) -> None:
        text, anchor = task_of(pod)
        task = read_task.validate_json(text)
        if isinstance(task, ServeTask):
            self._status(pod, "Running", running={"startedAt": time_of(0)}, ready=True)
            return
        if isinstance(task, SignTask):
            raise PlaneError("the plane has no signing key, and no Sign task should be there")
        stage, begun = STAGE[task.kind], (task.attempt - 1) * SPACE
        self._status(pod, "Running", running={"startedAt": time_of(begun)})
        made = self._train(pod, task, anchor) if isinstance(task, TrainTask) else self._short(pod, task)
        seconds = made.seconds if isinstance(task, TrainTask) else SECONDS[stage]
        if self._gone[pod["metadata"]["uid"]].is_set():
            return
        said = self._record(pod, made, stage, anchor)
        self._end(pod, 0, said, begun, begun + seconds)

    def _short(self, pod: JSON, task: AuditTask | EvaluateTask | VerifyTask) -> EvidenceCommon:
        """Audit, evaluation or verification: whole at once."""
        name = pod["metadata"]["name"]
        if isinstance(task, AuditTask):
            return self._chosen(pod, task).audit(task, name)
        if isinstance(task, EvaluateTask):
            replay, reached = self._runs[task.artifact.uri]
            made = replay.evaluate(task, name, reached)
            self._audited[task.delivery_uid] = made
            return made
        replay = self._chosen(pod, task)
        return replay.verify(task, name, self._audited[task.delivery_uid])

    def _train(self, pod: JSON, task: TrainTask, anchor: str) -> TrainEvidence:
        """The run, look by look until the probe has decided; then, if nobody stops it, to its end."""
        name, delivery = pod["metadata"]["name"], self._planned(pod)
        replay = self._chosen(pod, task, delivery)
        pace = self._pace(replay, task, delivery)
        margin, gone = float(delivery.spec.terms.acceptance.minimum_gain), self._gone[pod["metadata"]["uid"]]
        for step in task.look_steps:
            made = replay.train(task, name, pace, step)
            if made.complete:
                break
            self._record(pod, made, "train", anchor)
            outcome = probe.assess([made], margin=margin, planned_steps=task.config.steps or 1).outcome
            if outcome is probe.Outcome.NOT_LEARNING:
                gone.wait(NOTICE_SECONDS)
            if outcome is not probe.Outcome.UNDECIDED:
                break
        whole = replay.train(task, name, pace)
        if whole.artifact:
            self._runs[whole.artifact.uri] = replay, replay.reached(task.config)
        return whole

    def _pace(self, replay: Replay, task: TrainTask, delivery: Delivery) -> float:
        """Seconds a step: as recorded, or as the configurator foresaw for the class it chose."""
        if replay.run.seconds_a_step is not None:
            return replay.run.seconds_a_step
        assert delivery.status is not None and delivery.status.resolved is not None
        return max(0.01, float(delivery.status.resolved.hours) * 3600 / (task.config.steps or 1))

    def _planned(self, pod: JSON) -> Delivery:
        """The Delivery with its plan in its status, which is written after the Job that carries it out."""
        deadline = time.monotonic() + NOTICE_SECONDS
        while True:
            seen = self._delivery(pod)
            if seen.status is not None and seen.status.resolved is not None:
                return seen
            if time.monotonic() > deadline:
                raise PlaneError(f"status.resolved is not there after {NOTICE_SECONDS:.0f} s, and the training Job is")
            time.sleep(0.1)

    def _chosen(self, pod: JSON, task: AuditTask | TrainTask | VerifyTask, delivery: Delivery | None = None) -> Replay:
        """What is played: by the spec that this task carries out, whatever was written since."""
        given = plain((delivery or self._delivery(pod)).spec)
        told = plain(task)
        given["intake"] |= {key: told[key] for key in ("task", "fields", "metric", "instruction") if key in told}
        given |= {key: told[key] for key in ("plan", "config") if key in told}
        namespace = pod["metadata"]["namespace"]
        return self.choose(namespace, DeliverySpec.model_validate(given))

    def _delivery(self, pod: JSON) -> Delivery:
        labels = pod["metadata"]["labels"]
        tenant, name = labels[names.DELIVERY_NAMESPACE], labels[names.DELIVERY]
        found = self.api.get(path(DELIVERIES, tenant, name))
        if found is None:
            raise PlaneError(f"Delivery {tenant}/{name} is gone")
        return Delivery.model_validate(found)

    def _record(self, pod: JSON, made: EvidenceCommon, stage: str, anchor: str) -> str:
        """Write evidence as the worker does, with the token of its pod; returns its digest."""
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        mine = self.api.with_token(self._token(pod))
        body = evidence_map(made, namespace, stage, anchor)
        if mine.create(path("configmaps", namespace), body) is None:
            mine.replace(path("configmaps", namespace, name), body)
        return str(body["data"]["digest"])

    def _token(self, pod: JSON) -> str:
        if "token" not in pod:
            kubelet = self.api.as_user(f"system:node:{pod['spec']['nodeName']}", "system:nodes")
            account = pod["spec"]["serviceAccountName"]
            asked = path("serviceaccounts", pod["metadata"]["namespace"], account, "token")
            pod["token"] = patiently(lambda: kubelet.create(asked, token_request(pod)))["status"]["token"]
        return str(pod["token"])

    def _bury(self, pod: JSON) -> None:
        """A pod that is told to stop ends, says so, and is gone."""
        containers: list[JSON] = pod["status"].get("containerStatuses") or []
        if any("running" in one.get("state", {}) for one in containers):
            task = json.loads(task_of(pod)[0])
            begun = (task.get("attempt", 1) - 1) * SPACE
            self._end(pod, 143, "", begun, begun + self._worked(pod))
        self.api.delete(_address(pod), now=True)

    def _worked(self, pod: JSON) -> float:
        """Seconds that a stopped pod had worked, as its evidence says."""
        found = self.api.get(path("configmaps", pod["metadata"]["namespace"], pod["metadata"]["name"]))
        return float(json.loads(found["data"]["evidence.json"])["seconds"]) if found else 1.0

    def _end(self, pod: JSON, code: int, said: str, started: float, ended: float) -> None:
        times = {"startedAt": time_of(started), "finishedAt": time_of(ended)}
        reason = "Error" if code else "Completed"
        end = {"exitCode": code, "reason": reason, "message": said} | times
        self._status(pod, "Failed" if code else "Succeeded", terminated=end)

    def _status(self, pod: JSON, phase: str, *, ready: bool = False, **state: Any) -> None:
        self.api.patch(f"{_address(pod)}/status", status_of(pod, phase, ready=ready, **state))


def _address(pod: JSON) -> str:
    return path("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])
