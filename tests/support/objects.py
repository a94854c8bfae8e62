"""Objects in memory and what Kubernetes' own controllers make of them: ownership, the pods of a Job, their end."""

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from delivery_operator import times
from delivery_operator.decision import Want

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@dataclass
class Objects:
    """What an API server would store. It refuses states that a real one cannot have."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    ghosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    now: datetime = START
    _made: int = 0

    def _write(self, want: Want) -> bool:
        name, manifest = want.name, copy.deepcopy(dict(want.manifest))
        there = self.objects.get(name)
        if want.mode == "create":
            if there is None:
                self._create(name, manifest)
            return there is None
        if want.mode == "apply":
            self._create(name, manifest) if there is None else self._merge(there, manifest)
            return True
        assert there is not None, f"{want.mode} of {name}, which does not exist"
        if want.mode == "delete":
            self.delete(name)
        else:
            self._merge(there, manifest)
            self._suspended(there) if want.mode == "suspend" else self._spawn(there)
        return True

    def _create(self, name: str, manifest: dict[str, Any]) -> None:
        self._made += 1
        manifest["metadata"] |= {"uid": f"u{self._made}", "creationTimestamp": times.render(self.now), "generation": 1}
        for owner in manifest["metadata"].get("ownerReferences", ()):
            assert owner["uid"], f"{name} has an owner without uid"
        self.objects[name] = manifest
        if manifest["kind"] == "Job" and not manifest["spec"]["suspend"]:
            self._spawn(manifest)

    def _merge(self, there: dict[str, Any], new: dict[str, Any]) -> None:
        for key, value in new.items():
            if isinstance(value, dict) and isinstance(there.get(key), dict):
                self._merge(there[key], value)
            else:
                there[key] = value

    def delete(self, name: str) -> None:
        """Delete an object, as a person would; pods go with their Job."""
        raw = self.objects.pop(name)
        if raw["kind"] == "Job":
            self._drop_pods(raw)

    def _suspended(self, job: dict[str, Any]) -> None:
        self._drop_pods(job)
        job.setdefault("status", {})["conditions"] = [
            {"type": "Suspended", "status": "True", "lastTransitionTime": times.render(self.now)}
        ]

    def _drop_pods(self, job: dict[str, Any]) -> None:
        for name in [name for name, pod in self.pods.items() if pod["job"] == job["metadata"]["name"]]:
            pod = self.pods.pop(name)
            if "containerStatuses" in pod["status"]:
                self.ghosts[name] = pod | {"gone_at": times.render(self.now)}

    def _spawn(self, job: dict[str, Any]) -> None:
        """The Job controller's part."""
        self._made += 1
        template = job["spec"]["template"]
        name = f"{job['metadata']['name']}-{self._made:05d}"
        metadata = copy.deepcopy(template["metadata"]) | {"name": name, "creationTimestamp": times.render(self.now)}
        metadata["labels"]["batch.kubernetes.io/job-name"] = job["metadata"]["name"]
        job.setdefault("status", {})["conditions"] = []
        self.pods[name] = {
            "kind": "Pod", "metadata": metadata, "spec": template["spec"], "status": {"phase": "Pending"},
            "job": job["metadata"]["name"],
        }  # fmt: skip

    def finish_job(self, name: str, kind: str, reason: str) -> None:
        """The Job controller's last word."""
        condition = {"type": kind, "status": "True", "reason": reason, "lastTransitionTime": times.render(self.now)}
        self.objects[f"Job/{name}"]["status"] = {"conditions": [condition]}
