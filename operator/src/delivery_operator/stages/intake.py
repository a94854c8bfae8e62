"""Intake: the auditor measures data and base on a CPU; the oracle says whether they can be learned from and judged with."""

from dataclasses import replace

from delivery_api.digests import digest
from delivery_api.evidence import AuditEvidence
from delivery_api.finding import Finding, Verdict
from delivery_api.stages import Stage
from delivery_api.tasks import AuditTask
from delivery_operator import attempts, tasks
from delivery_operator.assignment import Assignment
from delivery_operator.attempts import Carried
from delivery_operator.decision import Decision, Facts
from delivery_operator.manifests.pod import PodPlan, claims_of, secrets_of
from delivery_operator.memory import remembered
from delivery_operator.observed import Observed
from delivery_operator.settings import Settings
from delivery_operator.work import Work
from delivery_oracle.stages import intake as oracle


def decide(observed: Observed, facts: Facts, settings: Settings) -> Decision:
    """Whether the ticket can be taken on."""
    misread = oracle.judge(observed.spec, None)
    if misread.verdict is Verdict.FAIL:
        return Decision(misread, facts)

    def judge(seen: Work) -> Finding:
        key = ("intake", seen.digest, digest(observed.spec))
        return remembered(key, lambda: oracle.judge(observed.spec, audit_of(seen)))

    carried = attempts.carry(observed, settings, facts, assignment(observed, settings), judge)
    return Decision(carried.finding, _known(facts, carried), carried.wants, carried.keeps)


def audit_of(seen: Work) -> AuditEvidence | None:
    """The last evidence, if it is the auditor's."""
    return seen.latest if isinstance(seen.latest, AuditEvidence) else None


def assignment(observed: Observed, settings: Settings) -> Assignment:
    """The audit as a task."""
    spec = observed.spec
    terms = spec.terms
    sources = [terms.data.train, terms.data.sealed, spec.base]
    task = AuditTask(
        **tasks.common(observed),
        train=terms.data.train,
        canary=terms.handling.intake_canary == "Required",
    )
    pod = PodPlan(
        image=settings.auditor_image,
        command="audit",
        task="",
        service_account="auditor",
        memory=settings.auditor_memory,
        region=terms.handling.region,
        secrets=secrets_of(sources),
        claims=claims_of(sources),
    )
    return Assignment(Stage.INTAKE, task, pod)


def _known(facts: Facts, carried: Carried) -> Facts:
    facts = facts.look_again(carried.look_seconds)
    if carried.judged:
        facts = replace(facts, audit=audit_of(carried.work))
    record = attempts.record(carried, carried.finding)
    return facts.recorded(record) if record else facts
