"""From how work stands to what is done about it: start, wait, pause, go on, or judge.

The rules that hold for every Job are here: nothing starts while the delivery is suspended, while a Secret is
missing, while work with other inputs still runs, or when the money left does not buy the time it needs.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from delivery_api.digests import canonical
from delivery_api.finding import Finding, unknown
from delivery_api.reasons import Reason
from delivery_api.status import StageRecord
from delivery_operator import allowance, obstacles, placement, times, work
from delivery_operator.assignment import Assignment
from delivery_operator.decision import Facts, Want
from delivery_operator.manifests import parallel
from delivery_operator.manifests.job import JobPlan, job, job_name
from delivery_operator.observed import Job, Observed
from delivery_operator.settings import Settings
from delivery_operator.work import Work
from delivery_oracle import money


@dataclass(frozen=True, slots=True)
class Carried:
    """How an assignment stands after this look."""

    work: Work
    finding: Finding
    judged: bool = False
    """The finding is the judge's, over complete and trusted evidence."""
    wants: tuple[Want, ...] = ()
    keeps: frozenset[str] = frozenset()
    look_seconds: float | None = None


Judge = Callable[[Work], Finding]


def carry(observed: Observed, settings: Settings, facts: Facts, given: Assignment, judge: Judge) -> Carried:
    """Look at the work, judge it if it is done, else see to it that it gets done."""
    seen = work.look(observed, given.stage, given.inputs, attempts=settings.attempts, retry_delay=settings.retry_delay_seconds)
    if seen.finding is None and seen.next_attempt is None:
        finding = judge(seen)
        if finding.settled or not seen.may_retry:
            return Carried(seen, finding, judged=True)
        seen = replace(seen, next_attempt=1)
    elif seen.finding is not None and seen.may_retry and not seen.active:
        seen = replace(seen, next_attempt=1)
    if observed.spec.suspend:
        return _paused(observed, seen)
    if seen.job is not None and seen.active:
        return _attended(observed, facts, given, seen, seen.job)
    if seen.next_attempt is None:
        return Carried(seen, seen.finding or unknown(Reason.JOB_PENDING, f"Work of {given.stage} is looked at again"))
    return _started(observed, settings, facts, given, seen, seen.next_attempt)


def record(carried: Carried, finding: Finding) -> StageRecord | None:
    """The recorded fact, once there is one."""
    seen = carried.work
    if not seen.digest and not (finding.settled and seen.lineage):
        return None
    return StageRecord(
        name=seen.stage,
        verdict=str(finding.verdict),
        reason=str(finding.reason),
        inputs=seen.inputs,
        evidence=seen.digest or None,
        attempt=seen.latest.attempt if seen.latest else (seen.job.attempt if seen.job else None),
        image=seen.image or None,
        started_at=seen.started_at or None,
        finished_at=seen.finished_at or None,
    )


def _of(observed: Observed, seen: Job, **spec: Any) -> dict[str, Any]:
    """A Job by name, with fields of its spec."""
    named = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": seen.name, "namespace": observed.work_namespace}}
    return named | ({"spec": spec} if spec else {})


def ending(observed: Observed, seen: Job) -> tuple[Want, ...]:
    """What ends a Job: suspended, its pod ends, and what it wrote is kept.

    A Job of a queue goes altogether, since the queue starts what is suspended; its evidence hangs on the anchor.
    """
    if seen.queue:
        return (Want("delete", _of(observed, seen)),)
    return () if seen.suspended else (Want("suspend", _of(observed, seen, suspend=True)),)


def stop(observed: Observed, seen: Work) -> tuple[Want, ...]:
    """End a run that may be running."""
    return ending(observed, seen.job) if seen.job is not None and seen.active else ()


def _paused(observed: Observed, seen: Work) -> Carried:
    message = "spec.suspend is true; set it to false to go on"
    return Carried(seen, unknown(Reason.SUSPENDED, message), wants=stop(observed, seen))


def _attended(observed: Observed, facts: Facts, given: Assignment, seen: Work, current: Job) -> Carried:
    """A Job that may be running."""
    keeps = frozenset({current.name})
    if current.suspended and (stood := _resumed(observed, facts, given, seen, current)):
        return stood
    finding = seen.finding or unknown(Reason.JOB_RUNNING, f"Job {current.name} runs")
    if finding.reason is Reason.NO_NODE_FITS:
        finding = _placed(observed, given, current)
    if finding.reason is Reason.JOB_PENDING and observed.missing_secrets:
        finding = obstacles.secret_missing(observed) or finding
    return Carried(seen, finding, keeps=keeps)


def _resumed(observed: Observed, facts: Facts, given: Assignment, seen: Work, current: Job) -> Carried | None:
    """A Job that is to go on; None for one that waits in its queue, which starts it.

    Pod deadline and the worker's own stop stand in the template, which never changes, and the Job's clock starts anew:
    once the money left buys another time than when the Job was made, it is made anew with that.
    """
    keeps, seconds = frozenset({current.name}), obstacles.seconds_left(observed, facts, given)
    if short := obstacles.unreserved(observed, given) or obstacles.short_of_money(observed, facts, given, 1):
        # A queue would start it all the same.
        return Carried(seen, short, keeps=frozenset() if current.queue else keeps)
    told = current.deadline_seconds
    if seconds is not None and told is not None and (seconds < told if current.queue else seconds != told):
        finding = unknown(Reason.JOB_PENDING, f"Job {current.name} is made anew with the time that the money left buys")
        return Carried(seen, finding, wants=(Want("delete", _of(observed, current)),), keeps=keeps)
    if current.queue:
        return None
    finding = unknown(Reason.JOB_PENDING, f"Job {current.name} waits for its pod")
    return Carried(seen, finding, wants=(Want("resume", _of(observed, current, suspend=False)),), keeps=keeps)


def _placed(observed: Observed, given: Assignment, current: Job) -> Finding:
    missing = placement.what_is_missing(given.pod, observed.nodes)
    if missing:
        message = f"Job {current.name} stays pending until a node fits: {missing}"
        return unknown(Reason.NO_NODE_FITS, message)
    return unknown(Reason.JOB_PENDING, f"Job {current.name} waits for room on a node that fits")


def _started(observed: Observed, settings: Settings, facts: Facts, given: Assignment, seen: Work, attempt: int) -> Carried:
    """The Job of the next attempt, or what has to come first."""
    obstacle = (
        given.obstacle
        or obstacles.key_named(settings, given)
        or obstacles.unreserved(observed, given)
        or obstacles.others_run(observed, given)
        or obstacles.secret_missing(observed)
        or obstacles.too_long(given)
    )
    if obstacle:
        look = 15.0 if obstacle.reason is Reason.SECRET_MISSING else None
        return Carried(seen, obstacle, look_seconds=look)
    wait = _wait(observed, seen)
    if wait > 0:
        return Carried(seen, seen.finding or unknown(Reason.JOB_RETRYING, "The next attempt follows"), look_seconds=wait)
    short = obstacles.short_of_money(observed, facts, given, obstacles.remaining(given, seen))
    if short:
        return Carried(seen, short)
    seconds = obstacles.seconds_left(observed, facts, given)
    manifest = job(observed, _plan(observed, settings, given, attempt, seconds))
    name = job_name(observed, given.stage, given.inputs, attempt)
    finding = unknown(Reason.JOB_PENDING, f"Job {name} waits for its pod")
    meet = (Want("create", parallel.service(observed, given.stage)),) if given.pod.pods > 1 else ()
    return Carried(seen, finding, wants=(*meet, Want("create", manifest)), keeps=frozenset({name}))


def _plan(observed: Observed, settings: Settings, given: Assignment, attempt: int, seconds: int | None) -> JobPlan:
    told: dict[str, Any] = {"attempt": attempt, "inputs": given.inputs, "insecure_registries": plain_http(observed, settings)}
    if seconds is not None and hasattr(given.task, "seconds"):
        told["seconds"] = seconds
    text = canonical(given.task.model_copy(update=told))
    name = job_name(observed, given.stage, given.inputs, attempt)
    pod = replace(
        given.pod,
        task=text,
        meets=parallel.meeting_point(observed, name) if given.pod.pods > 1 else "",
        owner_uid=observed.anchor_uid,
        pull_policy=settings.image_pull_policy,
        extra={"restartPolicy": "Never"},
    )
    limit = money.text(allowance.limit(observed))
    return JobPlan(given.stage, given.inputs, attempt, pod, seconds, given.held, given.queue, limit)


def plain_http(observed: Observed, settings: Settings) -> tuple[str, ...]:
    """Registry hosts that speak plain HTTP, for workers."""
    output = observed.spec.output
    host = (output.repository.removeprefix("oci://").split("/")[0],) if output.insecure else ()
    return tuple(sorted({*settings.plain_http, *host}))


def _wait(observed: Observed, seen: Work) -> float:
    if not seen.delay_seconds or seen.job is None or not seen.job.finished_at:
        return 0.0
    due = times.shifted(seen.job.finished_at, seen.delay_seconds)
    return (due - observed.now).total_seconds()
