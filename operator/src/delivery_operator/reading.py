"""Raw objects of the API server, read into the types of `observed`. Pure, and the only reader of that JSON."""

from collections.abc import Mapping
from typing import Any

from delivery_api import digests, names
from delivery_operator.manifests.serving import SERVES, STOP
from delivery_operator.observed import Accelerated, Evidence, Job, Node, Pod, Server

Raw = Mapping[str, Any]


def _meta(raw: Raw) -> Raw:
    meta: Raw = raw.get("metadata", {})
    return meta


def _label(raw: Raw, name: str) -> str:
    return str((_meta(raw).get("labels") or {}).get(name, ""))


def _annotation(raw: Raw, name: str) -> str:
    return str((_meta(raw).get("annotations") or {}).get(name, ""))


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def uid_of(raw: Raw) -> str:
    """Uid of the Delivery that an object belongs to."""
    return _label(raw, names.DELIVERY_UID)


def accelerated(raw: Raw) -> Accelerated | None:
    """Price, class and number as annotated at creation; None for work that holds no accelerator."""
    price, count = _annotation(raw, names.PRICE), _annotation(raw, names.ACCELERATORS)
    if not price or not count.isdigit():
        return None
    return Accelerated(_annotation(raw, names.CLASS), int(count), price)


def job(raw: Raw) -> Job:
    """A batch/v1 Job."""
    spec, status = raw.get("spec", {}), raw.get("status", {})
    true = {one["type"]: one for one in status.get("conditions") or () if one.get("status") == "True"}
    end = next((true[kind] for kind in ("Complete", "Failed") if kind in true), None)
    return Job(
        name=_meta(raw)["name"],
        stage=_label(raw, names.STAGE),
        inputs=_label(raw, names.INPUTS),
        attempt=_number(_label(raw, names.ATTEMPT)),
        retry=_annotation(raw, names.RETRY),
        created_at=_meta(raw).get("creationTimestamp", ""),
        suspended=bool(spec.get("suspend", False)),
        queue=_label(raw, "kueue.x-k8s.io/queue-name"),
        finished=end["type"] if end else "",
        finished_at=(end or {}).get("lastTransitionTime", ""),
        why=(end or {}).get("reason", ""),
        suspended_at=true.get("Suspended", {}).get("lastTransitionTime", ""),
        deadline_seconds=spec.get("activeDeadlineSeconds"),
        accelerated=accelerated(raw),
        image=_image(spec.get("template", {}).get("spec", {})),
        limit=_annotation(raw, names.LIMIT),
    )


def pod(raw: Raw, *, gone: bool = False, gone_at: str = "") -> Pod:
    """A pod with one container of ours."""
    status = raw.get("status", {})
    container: Raw = next(iter(status.get("containerStatuses") or ()), {})
    state: Raw = container.get("state") or {}
    ended, running, waiting = state.get("terminated") or {}, state.get("running") or {}, state.get("waiting") or {}
    scheduled: Raw = next((one for one in status.get("conditions") or () if one["type"] == "PodScheduled"), {})
    return Pod(
        name=_meta(raw)["name"],
        stage=_label(raw, names.STAGE),
        inputs=_label(raw, names.INPUTS),
        attempt=_number(_label(raw, names.ATTEMPT)),
        created_at=_meta(raw).get("creationTimestamp", ""),
        job=_label(raw, "batch.kubernetes.io/job-name"),
        phase=status.get("phase", "Pending"),
        reason=status.get("reason", ""),
        unschedulable=scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable",
        waiting=waiting.get("reason", ""),
        waiting_message=waiting.get("message", ""),
        started_at=ended.get("startedAt") or running.get("startedAt") or "",
        finished_at=ended.get("finishedAt") or "",
        exit_code=ended.get("exitCode"),
        killed_by=ended.get("reason", ""),
        termination_message=(ended.get("message") or "").strip(),
        restarts=container.get("restartCount", 0),
        deleting="deletionTimestamp" in _meta(raw),
        gone=gone,
        gone_at=gone_at,
        accelerated=accelerated(raw),
    )


def evidence(raw: Raw, overflowed: str | None = None) -> Evidence:
    """An evidence ConfigMap; `overflowed` is the text that was fetched from where its overflow says."""
    data: Raw = raw.get("data") or {}
    text = overflowed if overflowed is not None else data.get("evidence.json", "")
    written = [one.get("time", "") for one in _meta(raw).get("managedFields") or ()]
    return Evidence(
        pod=_meta(raw)["name"],
        text=text,
        claimed=data.get("digest", ""),
        digest=digests.sha256(text) if text else "",
        complete=data.get("complete") == "true",
        created_at=_meta(raw).get("creationTimestamp", ""),
        written_at=max(written, default="") or _meta(raw).get("creationTimestamp", ""),
        overflow=data.get("overflow", "") if overflowed is None else "",
    )


def server(raw: Raw) -> Server:
    """A Deployment or an InferenceService."""
    status = raw.get("status") or {}
    kind = raw.get("kind", "Deployment")
    generation = _meta(raw).get("generation", 0)
    if kind == "InferenceService":
        predictor = raw["spec"].get("predictor", {})
        # KServe need not say which generation its status is about; where it does, an older one says nothing.
        current = status.get("observedGeneration", generation) >= generation
        true = any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions") or ())
        stopped = _annotation(raw, STOP) == "true"
        wanted = 0 if stopped else int(predictor.get("minReplicas", 1))
        return Server(
            _meta(raw)["name"], kind, _label(raw, names.INPUTS), wanted, wanted if true and current else 0, _image(predictor)
        )
    current = status.get("observedGeneration", 0) >= generation
    ready_replicas = min(status.get("readyReplicas", 0), status.get("updatedReplicas", 0)) if current else 0
    image = _image(raw["spec"]["template"]["spec"])
    wanted = raw["spec"].get("replicas", 1)
    return Server(_meta(raw)["name"], kind, _label(raw, names.INPUTS), wanted, ready_replicas, image)


def is_server(raw: Raw) -> bool:
    """Whether it is ours to serve with: KServe copies our labels to the Deployment that it makes of an InferenceService."""
    owners = _meta(raw).get("ownerReferences") or ()
    return _label(raw, SERVES) == "true" and not any(one.get("controller") for one in owners)


def _image(spec: Raw) -> str:
    containers = spec.get("containers") or [{}]
    return str(containers[0].get("image", ""))


def node(raw: Raw) -> Node:
    """A node, as far as it matters for where a pod could run."""
    spec, status = raw.get("spec") or {}, raw.get("status") or {}
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions") or ())
    taints = tuple((one["key"], one.get("value", ""), one["effect"]) for one in spec.get("taints") or ())
    return Node(
        _meta(raw)["name"],
        dict(_meta(raw).get("labels") or {}),
        dict(status.get("allocatable") or {}),
        ready and not spec.get("unschedulable", False),
        taints,
    )
