"""The ledger: one entry for every pod that ran on an accelerator, opened on first sight and closed once.

Times are the kubelet's. Where a pod has vanished before its end was seen, the last thing that is known of
it closes the entry: the end of its Job, or the last write of its evidence; never before its start.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from delivery_api.stages import Stage
from delivery_api.status import LedgerEntry
from delivery_operator import times
from delivery_operator.believed import typed
from delivery_operator.observed import Accelerated, Evidence, Job, Observed, Pod
from delivery_oracle import money

COUNTED = frozenset({Stage.TRAIN, Stage.EVAL})
"""Serving burns under a limit of its own."""
LONGEST_GRACE = 120
"""Seconds that a pod has after its deadline to write what it has."""
STAGE_OF = {"Train": Stage.TRAIN, "Evaluate": Stage.EVAL}


@dataclass(frozen=True, slots=True)
class Witnesses:
    """All that knows of pods that ran for one Delivery."""

    uid: str
    pods: tuple[Pod, ...]
    jobs: tuple[Job, ...]
    evidence: tuple[Evidence, ...]
    now: datetime


def of(observed: Observed) -> tuple[LedgerEntry, ...]:
    """The ledger as of an observation."""
    seen = Witnesses(observed.uid, observed.pods, observed.jobs, observed.evidence, observed.now)
    return advance(observed.ledger, seen)


def advance(before: tuple[LedgerEntry, ...], seen: Witnesses, counted: frozenset[Stage] = COUNTED) -> tuple[LedgerEntry, ...]:
    """The ledger after what is seen now, oldest first."""
    pods = {pod.name: pod for pod in seen.pods if pod.accelerated and pod.stage in counted}
    entries = {entry.pod: entry for entry in before}
    for pod in pods.values():
        if pod.name not in entries and pod.started_at and pod.accelerated:
            entries[pod.name] = _opened(pod, pod.accelerated)
    for lost in _unseen(seen, entries, pods):
        entries[lost.pod] = lost
    closed = [_closed(entry, seen, pods.get(entry.pod)) for entry in entries.values()]
    return tuple(sorted(closed, key=lambda entry: (entry.started_at, entry.pod)))


def _opened(pod: Pod, held: Accelerated) -> LedgerEntry:
    return LedgerEntry(
        pod=pod.name,
        stage=Stage(pod.stage),
        attempt=pod.attempt,
        accelerator_class=held.accelerator_class,
        accelerators=held.accelerators,
        price_per_hour=held.price_per_hour,
        started_at=pod.started_at,
    )


def _unseen(seen: Witnesses, known: dict[str, LedgerEntry], pods: dict[str, Pod]) -> list[LedgerEntry]:
    """Pods that came and went while nobody looked, and left evidence of having worked."""
    found = []
    for one in seen.evidence:
        read = typed(one.text) if one.text and one.pod not in known and one.pod not in pods else None
        stage = STAGE_OF.get(read.kind) if read and read.delivery_uid == seen.uid and read.pod == one.pod else None
        if read is None or stage is None:
            continue
        job = _job_of(seen, stage, read.attempt)
        if job is not None and job.accelerated is not None:
            started = times.render(times.shifted(one.written_at, -read.seconds))
            held = replace(job.accelerated, accelerators=_unseen_accelerators(job.name, job.accelerated.accelerators, known))
            found.append(_opened(Pod(one.pod, stage, "", read.attempt, "", started_at=started), held))
    return found


def _unseen_accelerators(job: str, held: int, known: dict[str, LedgerEntry]) -> int:
    """What a Job held beside the pods of it that were seen: only the first of several leaves evidence."""
    seen = sum(entry.accelerators for entry in known.values() if entry.pod.startswith(f"{job}-"))
    return max(1, held - seen)


def _job_of(seen: Witnesses, stage: str, attempt: int) -> Job | None:
    jobs = [job for job in seen.jobs if job.stage == stage and job.attempt == attempt]
    return jobs[-1] if jobs else None


def _closed(entry: LedgerEntry, seen: Witnesses, pod: Pod | None) -> LedgerEntry:
    """The entry, closed if its pod has ended."""
    if entry.finished_at is not None or (pod is not None and not pod.ended):
        return entry
    end = _end(entry, seen, pod)
    return entry.model_copy(update={"finished_at": max(end, entry.started_at, key=times.parse)})


def _end(entry: LedgerEntry, seen: Witnesses, pod: Pod | None) -> str:
    """When the pod stopped holding its accelerators, from the best witness there is."""
    job = _job_of(seen, entry.stage, entry.attempt)
    evidence: Evidence | None = next((one for one in seen.evidence if one.pod == entry.pod), None)
    witnesses = (
        pod.finished_at if pod else "",
        job.finished_at if job else "",
        job.suspended_at if job and job.suspended else "",
        pod.gone_at if pod else "",
        evidence.written_at if evidence else "",
    )
    return next((time for time in witnesses if time), _latest(entry, job, seen.now))


def _latest(entry: LedgerEntry, job: Job | None, now: datetime) -> str:
    """When nobody saw its end: now, but no later than Kubernetes let it live, whatever the operator's own clock says."""
    bound = job.deadline_seconds if job else None
    last = now if bound is None else min(now, times.shifted(entry.started_at, bound + LONGEST_GRACE))
    return times.render(last)


def settled(ledger: tuple[LedgerEntry, ...]) -> Decimal:
    """Money of closed entries: it moves only when a pod ends."""
    return money.account(ledger).amount


def closed_at(ledger: tuple[LedgerEntry, ...], now: datetime) -> tuple[LedgerEntry, ...]:
    """The ledger as if every pod ended now."""
    until = times.render(now)
    return tuple(
        entry if entry.finished_at else entry.model_copy(update={"finished_at": max(until, entry.started_at, key=times.parse)})
        for entry in ledger
    )


def spent(ledger: tuple[LedgerEntry, ...], now: datetime) -> Decimal:
    """Money spent so far, running pods included."""
    return money.account(closed_at(ledger, now)).amount
