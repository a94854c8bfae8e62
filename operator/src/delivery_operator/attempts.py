"""From how work stands to what is done about it: start, wait, pause, go on, or judge.

The rules that hold for every Job are here: nothing starts while the delivery is suspended, while a Secret is
missing, while work with other inputs still runs, or when the money left does not buy the time it needs.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from delivery_api.digests import canonical, digest, plain
from delivery_api.finding import Finding, failed, unknown
from delivery_api.reasons import Reason
from delivery_api.stages import Stage
from delivery_api.status import StageRecord
from delivery_api.tasks import TaskBase
from delivery_operator import ledger, placement, times, work
from delivery_operator.decision import Facts, Want
from delivery_operator.manifests.common import inputs_label
from delivery_operator.manifests.job import JobPlan, job, job_name
from delivery_operator.manifests.pod import PodPlan
from delivery_operator.observed import Accelerated, Job, Observed
from delivery_operator.settings import Settings
from delivery_operator.work import Work
from delivery_oracle import money

NOT_INPUTS = frozenset({"inputs", "attempt", "seconds", "insecureRegistries"})
"""What a task says that does not change its result."""
LARGEST_TASK = 120_000
"""Linux takes no longer environment variable than 128 KiB."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A task and where it is to run."""

    stage: Stage
    task: TaskBase
    pod: PodPlan
    held: Accelerated | None = None
    queue: str | None = None
    needs_seconds: int = 0
    """Time that it is expected to need; it does not start when the money left buys less."""
    obstacle: Finding | None = None
    """Why it cannot start now, whatever else is so; what has run already is judged all the same."""

    @property
    def inputs(self) -> str:
        """Digest of what would change the result."""
        return digest({key: value for key, value in plain(self.task).items() if key not in NOT_INPUTS})


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
        return _attended(observed, settings, facts, given, seen, seen.job)
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


def _attended(observed: Observed, settings: Settings, facts: Facts, given: Assignment, seen: Work, current: Job) -> Carried:
    """A Job that may be running."""
    keeps = frozenset({current.name})
    if current.suspended and not current.queue:
        short = _short_of_money(observed, facts, given, 1)
        if short:
            return Carried(seen, short, keeps=keeps)
        seconds = _seconds_left(observed, facts, given)
        spec: dict[str, Any] = {"suspend": False} | ({"activeDeadlineSeconds": seconds} if seconds else {})
        finding = unknown(Reason.JOB_PENDING, f"Job {current.name} waits for its pod")
        return Carried(seen, finding, wants=(Want("resume", _of(observed, current, **spec)),), keeps=keeps)
    finding = seen.finding or unknown(Reason.JOB_RUNNING, f"Job {current.name} runs")
    if finding.reason is Reason.NO_NODE_FITS:
        finding = _placed(observed, given, current, finding)
    if finding.reason is Reason.JOB_PENDING and observed.missing_secrets:
        finding = _secret_missing(observed) or finding
    return Carried(seen, finding, keeps=keeps)


def _placed(observed: Observed, given: Assignment, current: Job, finding: Finding) -> Finding:
    missing = placement.what_is_missing(given.pod, observed.nodes)
    if missing:
        message = f"Job {current.name} stays pending until a node fits: {missing}"
        return unknown(Reason.NO_NODE_FITS, message)
    return unknown(Reason.JOB_PENDING, f"Job {current.name} waits for room on a node that fits")


def _started(observed: Observed, settings: Settings, facts: Facts, given: Assignment, seen: Work, attempt: int) -> Carried:
    """The Job of the next attempt, or what has to come first."""
    obstacle = (
        given.obstacle
        or _key_named(settings, given)
        or _others_run(observed, given)
        or _secret_missing(observed)
        or _too_long(given)
    )
    if obstacle:
        look = 15.0 if obstacle.reason is Reason.SECRET_MISSING else None
        return Carried(seen, obstacle, look_seconds=look)
    wait = _wait(observed, seen)
    if wait > 0:
        return Carried(seen, seen.finding or unknown(Reason.JOB_RETRYING, "The next attempt follows"), look_seconds=wait)
    short = _short_of_money(observed, facts, given, _remaining(given, seen))
    if short:
        return Carried(seen, short)
    seconds = _seconds_left(observed, facts, given)
    manifest = job(observed, _plan(observed, settings, given, attempt, seconds))
    name = job_name(observed, given.stage, given.inputs, attempt)
    finding = unknown(Reason.JOB_PENDING, f"Job {name} waits for its pod")
    return Carried(seen, finding, wants=(Want("create", manifest),), keeps=frozenset({name}))


def _plan(observed: Observed, settings: Settings, given: Assignment, attempt: int, seconds: int | None) -> JobPlan:
    told: dict[str, Any] = {"attempt": attempt, "inputs": given.inputs, "insecure_registries": plain_http(observed, settings)}
    if seconds is not None and hasattr(given.task, "seconds"):
        told["seconds"] = seconds
    text = canonical(given.task.model_copy(update=told))
    pod = replace(
        given.pod,
        task=text,
        owner_uid=observed.anchor_uid,
        pull_policy=settings.image_pull_policy,
        extra={"restartPolicy": "Never"},
    )
    return JobPlan(given.stage, given.inputs, attempt, pod, seconds, given.held, given.queue)


def plain_http(observed: Observed, settings: Settings) -> tuple[str, ...]:
    """Registry hosts that speak plain HTTP, for workers."""
    output = observed.spec.output
    host = (output.repository.removeprefix("oci://").split("/")[0],) if output.insecure else ()
    return tuple(sorted({*settings.plain_http, *host}))


def _key_named(settings: Settings, given: Assignment) -> Finding | None:
    """The key that signs is for who signs: a Delivery that names its Secret as a credential would mount it elsewhere."""
    if given.stage is Stage.CARD or not settings.signing_secret or settings.signing_secret not in given.pod.secrets:
        return None
    message = f"Secret {settings.signing_secret} holds the key that signs deliveries and opens no source; name another"
    return failed(Reason.INPUT_INVALID, message)


def _others_run(observed: Observed, given: Assignment) -> Finding | None:
    """Work of the stage with other inputs ends before this starts; the pipeline stops it."""
    label = inputs_label(given.inputs)
    pods = [pod.name for pod in observed.pods if pod.stage == given.stage and pod.inputs != label and not _over(pod)]
    if not pods:
        return None
    return unknown(Reason.JOB_PENDING, f"The spec was changed; work of {given.stage} with the earlier inputs ends first")


def _over(pod: Any) -> bool:
    return bool(pod.ended) or pod.stage == "deploy"


def _secret_missing(observed: Observed) -> Finding | None:
    if not observed.missing_secrets:
        return None
    listed = ", ".join(sorted(observed.missing_secrets))
    return unknown(Reason.SECRET_MISSING, f"Secret {listed} is not in namespace {observed.work_namespace}; create it there")


def _too_long(given: Assignment) -> Finding | None:
    size = len(canonical(given.task))
    if size <= LARGEST_TASK:
        return None
    said = f"The task of {given.stage} needs {size} bytes, at most {LARGEST_TASK} fit"
    message = f"{said}; spec.terms.data.train: remove empty, duplicate and leaked rows"
    return failed(Reason.DATA_UNUSABLE, message)


def _wait(observed: Observed, seen: Work) -> float:
    if not seen.delay_seconds or seen.job is None or not seen.job.finished_at:
        return 0.0
    due = times.shifted(seen.job.finished_at, seen.delay_seconds)
    return (due - observed.now).total_seconds()


def _left(observed: Observed, facts: Facts) -> Decimal:
    return Decimal(observed.spec.terms.budget.limit) - ledger.spent(facts.ledger, observed.now)


def _seconds_left(observed: Observed, facts: Facts, given: Assignment) -> int | None:
    """Time that the money left buys."""
    if given.held is None:
        return None
    return money.seconds_bought(_left(observed, facts), Decimal(given.held.price_per_hour), given.held.accelerators)


def _remaining(given: Assignment, seen: Work) -> int:
    """Time that is still needed: a resumed training run has some steps behind it."""
    latest = seen.latest
    done = getattr(latest, "steps", ()) if given.stage is Stage.TRAIN else ()
    planned = getattr(latest, "planned_steps", 0)
    if not done or not planned:
        return given.needs_seconds
    return int(given.needs_seconds * max(0.1, 1 - done[-1].step / planned))


def _short_of_money(observed: Observed, facts: Facts, given: Assignment, needed: int) -> Finding | None:
    seconds = _seconds_left(observed, facts, given)
    if seconds is None or seconds >= max(1, needed):
        return None
    left = money.text(max(Decimal(0), _left(observed, facts)))
    message = (
        f"{given.stage} needs about {needed} seconds on {given.held.accelerators if given.held else 0} x "
        f"{given.held.accelerator_class if given.held else ''}, the {left} left of "
        f"spec.terms.budget.limit={observed.spec.terms.budget.limit} buy less; raise the limit"
    )
    return failed(Reason.BUDGET_EXCEEDED, message)
