"""A piece of work as Job and evidence: what intake, train, eval and deploy have in common.

Attempts are Jobs. An attempt lost to the infrastructure is followed by the next one, within a bound;
one that ended by itself is judged from its evidence, and only if the digest that the kubelet carries
(the pod's termination message) is the digest of what is read. What was recorded in the status counts
as that: the pod may be gone by then.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from delivery_api.evidence import Evidence as Typed
from delivery_api.evidence import Problem
from delivery_api.finding import Finding, failed, unknown
from delivery_api.reasons import Reason
from delivery_api.stages import Stage
from delivery_api.status import StageRecord
from delivery_operator import allowance, believed
from delivery_operator.manifests.common import inputs_label
from delivery_operator.observed import Evidence, Job, Observed, Pod

HEALS = frozenset({"Unreachable", "Push", "Terminated", "Internal"})
"""Problems that another attempt may not have."""
UNREACHED = frozenset({"Unreachable", "Push"})
"""Those of them that heal with time rather than by another node."""
PULL_PROBLEMS = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"})


@dataclass(frozen=True, slots=True)
class Work:
    """How the work for given inputs stands."""

    stage: Stage
    inputs: str
    lineage: tuple[Typed, ...] = ()
    """Evidence of all its pods, oldest first; the last one may still be written."""
    finding: Finding | None = None
    """How it stands when there is nothing to judge yet; None when the last evidence is complete and trusted."""
    digest: str = ""
    """Digest of the complete evidence."""
    job: Job | None = None
    """The latest attempt."""
    next_attempt: int | None = None
    """Attempt that should be started, once the stage allows it."""
    delay_seconds: float = 0.0
    """Pause before that."""
    image: str = ""
    """Image that the latest attempt ran."""
    started_at: str = ""
    finished_at: str = ""
    may_retry: bool = False
    """A person allowed another try since the last attempt was started, and that one has ended."""

    @property
    def latest(self) -> Typed | None:
        """The last evidence, whole or not."""
        return self.lineage[-1] if self.lineage else None

    @property
    def active(self) -> bool:
        """Whether a Job of it may be running."""
        return self.job is not None and not self.job.finished


def look(observed: Observed, stage: Stage, inputs: str, *, attempts: int, retry_delay: float) -> Work:
    """How the work with these inputs stands in the world."""
    jobs = [job for job in observed.jobs if job.stage == stage and job.inputs == inputs_label(inputs)]
    jobs.sort(key=lambda job: (job.created_at, job.attempt))
    pods = [pod for pod in observed.pods if pod.stage == stage and pod.inputs == inputs_label(inputs)]
    records = believed.lineage(observed, inputs)
    lineage = tuple(seen for _, seen in records)
    job = jobs[-1] if jobs else None
    again = job is not None and bool(job.finished) and job.retry != observed.retry
    base = Work(
        stage,
        inputs,
        lineage,
        job=job,
        image=job.image if job else "",
        started_at=_first_start(pods),
        finished_at=_last_end(pods),
        may_retry=again,
    )
    known = observed.record(stage)
    if known and known.inputs == inputs and _stands(observed, known, job, records):
        if known.evidence:
            return _recorded(base, known, records)
        if known.verdict == "Fail" and not lineage:
            return replace(base, finding=_gone(stage, known))
    if job is None:
        if any(not pod.ended for pod in pods):
            ends = f"The Job of an earlier pod of {stage} is gone; the next one follows once that pod has ended"
            return replace(base, finding=unknown(Reason.JOB_PENDING, ends))
        return replace(base, next_attempt=1)
    mine = [pod for pod in pods if pod.job == job.name]
    if not job.finished:
        return replace(base, finding=running(job, mine))
    return _ended(observed, base, job, mine, records, attempts, retry_delay)


def _stands(observed: Observed, known: StageRecord, job: Job | None, records: list[tuple[Evidence, Typed]]) -> bool:
    """A recorded fact stands, unless it concluded nothing, a person allowed another try, and that one is newer; or money
    had run out, and there is more."""
    ran_out = known.reason == Reason.DEADLINE_EXCEEDED
    if job is None or (known.verdict != "Unknown" and not ran_out):
        return True
    told_by_latest = any(one.digest == known.evidence and one.pod.startswith(f"{job.name}-") for one, _ in records)
    return told_by_latest and (not funded(observed, job) if ran_out else job.retry == observed.retry)


def funded(observed: Observed, job: Job) -> bool:
    """Whether more may be spent than when the Job was made: what ran out of money then goes on now."""
    return bool(job.limit) and allowance.limit(observed) > Decimal(job.limit)


def _recorded(base: Work, known: StageRecord, records: Iterable[tuple[Evidence, Typed]]) -> Work:
    """A finished fact: its evidence must still be there, byte for byte."""
    pairs = list(records)
    for place, (one, _) in enumerate(pairs):
        if one.digest == known.evidence:
            return replace(
                base,
                lineage=tuple(seen for _, seen in pairs[: place + 1]),
                digest=one.digest,
                image=known.image or base.image,
                started_at=known.started_at or base.started_at,
                finished_at=known.finished_at or base.finished_at,
            )
    return replace(base, finding=_gone(base.stage, known))


def _gone(stage: Stage, known: StageRecord) -> Finding:
    which = known.evidence or f"of attempt {known.attempt}"
    return unknown(
        Reason.EVIDENCE_MISSING,
        f"The recorded evidence {which} of {stage} is gone or was changed; nothing is concluded from what is left",
    )


def running(job: Job, pods: list[Pod]) -> Finding:
    """How an attempt that has not ended stands."""
    live = sorted((pod for pod in pods if not pod.ended), key=_held_up)
    if not live:
        if job.suspended and job.queue:
            return unknown(Reason.JOB_PENDING, f"Job {job.name} waits in the queue {job.queue}")
        return unknown(Reason.JOB_PENDING, f"Job {job.name} waits for its pod")
    pod = live[-1]
    if pod.waiting in PULL_PROBLEMS:
        message = f"Job {job.name}: the image cannot be pulled; check its reference and its registry"
        return unknown(Reason.IMAGE_UNAVAILABLE, message)
    if pod.waiting == "CreateContainerConfigError":
        return unknown(Reason.SECRET_MISSING, f"Job {job.name}: {pod.waiting_message or pod.waiting}")
    if pod.unschedulable:
        return unknown(Reason.NO_NODE_FITS, f"Job {job.name}: no node takes its pod now; it waits for one")
    if pod.phase == "Pending":
        return unknown(Reason.JOB_PENDING, f"Job {job.name} starts its pod")
    return unknown(Reason.JOB_RUNNING, f"Job {job.name} runs")


def _held_up(pod: Pod) -> int:
    """Of several pods the one that keeps the others waiting comes last."""
    return 2 if pod.waiting in PULL_PROBLEMS or pod.waiting_message else int(pod.unschedulable or pod.phase == "Pending")


def _ended(
    observed: Observed,
    base: Work,
    job: Job,
    pods: list[Pod],
    records: list[tuple[Evidence, Typed]],
    attempts: int,
    retry_delay: float,
) -> Work:
    """An attempt that has ended: believed evidence, a loss, or nothing to conclude from."""
    if any(not pod.ended for pod in pods):
        return replace(base, finding=unknown(Reason.JOB_RUNNING, f"Job {job.name} ends"))
    told = believed.trusted(pods, records)
    problem = told[1].problem if told else None
    late = problem is not None and problem.kind == "Deadline"
    alone = problem is not None and (problem.kind in UNREACHED or not any(pod.killed_by == "OOMKilled" for pod in pods))
    final = None if alone else _fatal(base.stage, job, pods, records)
    if funded(observed, job) and (late or (final and final.reason is Reason.DEADLINE_EXCEEDED)):
        message = f"Attempt {job.attempt} of {base.stage} ran out of money, and the limit was raised; the next one goes on"
        return replace(base, finding=unknown(Reason.JOB_RETRYING, message), next_attempt=job.attempt + 1)
    if told and (problem is None or problem.kind not in HEALS):
        return replace(base, lineage=believed.upto(base.lineage, told[1]), digest=told[0].digest)
    if final:
        return replace(base, finding=final)
    return _retry(base, job, loss(job, pods, problem), problem, attempts, retry_delay)


def _fatal(stage: Stage, job: Job, pods: list[Pod], records: list[tuple[Evidence, Typed]]) -> Finding | None:
    """Ends that another attempt would only repeat, or from which nothing may be concluded."""
    again = "annotate ptaas.dev/retry to run it again"
    if any(pod.killed_by == "OOMKilled" for pod in pods):
        cure = f"use a larger class or a smaller {_size(stage)}"
        return failed(Reason.OUT_OF_MEMORY, f"Job {job.name} was killed for memory; {cure}")
    late = job.why == "DeadlineExceeded" or any(pod.reason == "DeadlineExceeded" for pod in pods)
    if late and any(pod.started_at for pod in pods):
        cure = "raise spec.terms.budget.limit"
        return failed(Reason.DEADLINE_EXCEEDED, f"Job {job.name} used up the time that the money left buys; {cure}")
    spoke = [pod for pod in pods if pod.termination_message.startswith("sha256:")]
    if spoke:
        there = any(one.pod == spoke[-1].name for one, _ in records)
        why = "is not what the pod's termination message says" if there else "is missing or unreadable"
        message = f"Evidence of {stage}: the ConfigMap {spoke[-1].name} {why}; {again}"
        return unknown(Reason.EVIDENCE_INVALID, message)
    if job.finished == "Complete":
        return unknown(Reason.EVIDENCE_MISSING, f"Job {job.name} ended well and left no complete evidence; {again}")
    return None


def _size(stage: Stage) -> str:
    return "spec.config.microBatchSize" if stage is Stage.TRAIN else "base"


def loss(job: Job, pods: list[Pod], problem: Problem | None) -> str:
    """How an attempt was lost, in words."""
    if problem:
        return problem.message
    pod = pods[-1] if pods else None
    if job.why == "DeadlineExceeded":
        return "it waited for a node for as long as the money left buys"
    if pod is None:
        return "its pod was deleted"
    if pod.reason:
        return f"its pod was lost ({pod.reason})"
    if pod.gone:
        return "its pod was deleted"
    return f"its pod ended with exit code {pod.exit_code}" + (f" ({pod.killed_by})" if pod.killed_by else "")


def _retry(base: Work, job: Job, how: str, problem: Problem | None, attempts: int, retry_delay: float) -> Work:
    """The next attempt, or the end of patience."""
    if base.may_retry:
        return replace(base, next_attempt=1)
    if job.attempt < attempts:
        delay = retry_delay * 2.0 ** (job.attempt - 1) if problem and problem.kind in UNREACHED else 0.0
        message = f"Attempt {job.attempt} of {base.stage} was lost: {how}; attempt {job.attempt + 1} of {attempts} follows"
        return replace(base, finding=unknown(Reason.JOB_RETRYING, message), next_attempt=job.attempt + 1, delay_seconds=delay)
    if problem and problem.kind == "Unreachable":
        field = f"{problem.field}: " if problem.field and problem.field not in problem.message else ""
        message = f"{field}{problem.message}; tried {attempts} times, annotate ptaas.dev/retry to try again"
        return replace(base, finding=unknown(Reason.INPUT_UNREACHABLE, message))
    message = f"{attempts} attempts of {base.stage} were lost, the last because {how}; annotate ptaas.dev/retry to allow more"
    return replace(base, finding=unknown(Reason.ATTEMPTS_EXHAUSTED, message))


def _first_start(pods: list[Pod]) -> str:
    return min((pod.started_at for pod in pods if pod.started_at), default="")


def _last_end(pods: list[Pod]) -> str:
    return max((pod.finished_at for pod in pods if pod.finished_at), default="")
