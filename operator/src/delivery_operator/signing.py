"""Signing as a piece of work: a Job with the key and the right to push, told what the operator issued.

The operator holds neither key nor credentials. A Job of its own, so that what reads data or weights never sees the key.
"""

from collections.abc import Mapping
from dataclasses import replace

from delivery_api.certificate import SignedPaper
from delivery_api.evidence import ArtifactRecord, SignEvidence
from delivery_api.finding import Finding, Verdict
from delivery_api.reasons import Reason
from delivery_api.stages import Stage
from delivery_api.tasks import SignTask
from delivery_operator import attempts, times
from delivery_operator.assignment import Assignment
from delivery_operator.attempts import Carried
from delivery_operator.decision import Facts
from delivery_operator.manifests.pod import PodPlan, secrets_of
from delivery_operator.manifests.records import Signed
from delivery_operator.observed import Observed
from delivery_operator.settings import Settings
from delivery_operator.work import Work
from delivery_oracle.stages import card as oracle

UNDER_WAY = frozenset({Reason.JOB_PENDING, Reason.JOB_RUNNING, Reason.JOB_RETRYING})


def assignment(observed: Observed, settings: Settings, artifact: ArtifactRecord, papers: Mapping[str, str]) -> Assignment:
    """The papers as a task: other papers are other work."""
    output = observed.spec.output
    task = SignTask(
        delivery_uid=observed.uid,
        inputs="",
        artifact=artifact.uri,
        output=output,
        key=settings.signing_secret,
        certificate=papers["certificate.json"],
        bill=papers["bill.json"],
        card=papers["README.md"],
    )
    pod = PodPlan(
        image=settings.auditor_image,
        command="sign",
        task="",
        service_account="auditor",
        memory=settings.auditor_memory,
        region=observed.spec.terms.handling.region,
        secrets=secrets_of([], output.secret, settings.signing_secret),
    )
    return Assignment(Stage.CARD, task, pod)


def look(observed: Observed, settings: Settings, facts: Facts, given: Assignment, artifact: ArtifactRecord) -> Carried:
    """How the signing stands, and what is done about it."""

    def judge(seen: Work) -> Finding:
        latest = seen.latest if isinstance(seen.latest, SignEvidence) else None
        return oracle.signed(latest, artifact.digest)

    return attempts.carry(observed, settings, facts, given, judge)


def under_way(stood: Carried) -> bool:
    """Whether it goes on by itself and is done in a moment."""
    return not stood.judged and stood.finding.reason in UNDER_WAY


def signed(stood: Carried, artifact: ArtifactRecord) -> Signed | None:
    """What was signed, for the certificate that is issued; None where nothing was."""
    evidence = stood.work.latest
    if stood.finding.verdict is not Verdict.PASS or not isinstance(evidence, SignEvidence):
        return None
    papers = tuple(SignedPaper(artifact_type=kind, digest=digest) for kind, digest in sorted(evidence.referrers.items()))
    return Signed(artifact.uri, evidence.key_id or "", papers)


def known(observed: Observed, settings: Settings, facts: Facts, stood: Carried) -> Facts:
    """What is recorded; and for how long the status may wait, so that deployment and signature are told in one write."""
    facts = facts.look_again(stood.look_seconds)
    record = attempts.record(stood, stood.finding)
    if record:
        facts = facts.recorded(record)
    job = stood.work.job
    if stood.judged or job is None or job.finished:
        return facts
    age = (observed.now - times.parse(job.created_at)).total_seconds()
    return replace(facts, held_seconds=max(0.0, settings.progress_seconds - age))
