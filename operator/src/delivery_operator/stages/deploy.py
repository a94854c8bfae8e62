"""Deploy: wait for the approval of exactly this, serve it, and ask the served endpoint what the audit asked."""

from dataclasses import replace

from delivery_api.digests import digest
from delivery_api.evidence import AuditEvidence, EvaluateEvidence, VerifyEvidence
from delivery_api.finding import Finding, Verdict, unknown
from delivery_api.reasons import Reason
from delivery_api.stages import Stage
from delivery_api.status import ServingStatus
from delivery_api.tasks import ServeTask, VerifyTask
from delivery_operator import approval, attempts, serving_plan, tasks
from delivery_operator.assignment import Assignment
from delivery_operator.attempts import Carried
from delivery_operator.decision import Decision, Facts, Want
from delivery_operator.manifests import serving
from delivery_operator.manifests.common import inputs_label
from delivery_operator.manifests.pod import PodPlan, claims_of, secrets_of
from delivery_operator.observed import Observed, Server
from delivery_operator.settings import Settings
from delivery_operator.work import PULL_PROBLEMS, Work
from delivery_oracle.stages import deploy as oracle

ASKED = 64
"""Discordant items that the endpoint is asked: enough to tell candidate from base beyond doubt."""


def decide(observed: Observed, facts: Facts, settings: Settings) -> Decision:
    """Whether what customers get is what was audited and approved."""
    audit, artifact, config, schedule = facts.audit, facts.artifact, facts.config, facts.schedule
    evaluated = facts.evaluated
    if not_passed(facts):
        return around(observed, facts, settings)
    if audit is None or artifact is None or config is None or schedule is None or evaluated is None:
        return Decision(unknown(Reason.EVIDENCE_MISSING, "There is no audited artifact to deploy"), facts)
    task = serving_plan.serve_task(observed, settings, artifact, config)
    plan = serving_plan.plan(observed, settings, facts, task, schedule)
    request = approval.request(observed, facts, artifact, plan)
    state = approval.look(observed, request, plan)
    facts = replace(facts.look_again(state.look_seconds), approval=state.status)
    if state.finding is not None:
        return _closed(observed, facts, state, task)
    if observed.status.approval != state.status:
        # Who approved and when is a recorded fact before anything comes of it.
        return Decision(unknown(Reason.SERVING_STARTING, STARTING), replace(facts, serving=_endpoint(observed, facts, task, 0)))
    return _served(observed, settings, facts, task, plan, (audit, evaluated))


def not_passed(facts: Facts) -> bool:
    """Whether the audit spoke and did not pass: then nothing is approved, and only an override serves."""
    return Stage.EVAL in facts.findings and facts.findings[Stage.EVAL].verdict is not Verdict.PASS


def around(observed: Observed, facts: Facts, settings: Settings) -> Decision:
    """Serve what did not pass, because somebody with the verb override took it upon themselves. It never becomes a pass."""
    artifact, config, schedule = facts.artifact, facts.config, facts.schedule
    if artifact is None or config is None or schedule is None or facts.evaluated is None:
        return Decision(unknown(Reason.WAITING, "Waits for eval"), facts)
    task = serving_plan.serve_task(observed, settings, artifact, config)
    plan = serving_plan.plan(observed, settings, facts, task, schedule)
    audit = str(facts.findings[Stage.EVAL].reason)
    state = approval.look_around(observed, approval.request(observed, facts, artifact, plan, audit), plan)
    facts = replace(facts, approval=state.status)
    if state.finding is not None:
        return _closed(observed, facts, state, task)
    override = state.status.override
    assert override is not None
    message = f"{override.by} overrode the audit ({audit}): {override.reason}; what serves did not pass, and is not billed"
    finding = unknown(Reason.OVERRIDDEN, message)
    if observed.status.approval != state.status:
        # Who took it upon themselves, and why, is a recorded fact before anything comes of it.
        return Decision(finding, replace(facts, serving=_endpoint(observed, facts, task, 0)))
    if facts.serving_ended:
        return _ended(observed, facts, task)
    name = digest(plan)
    wants = serving_plan.lacking(observed, serving_plan.manifests(observed, settings, facts, task, name))
    ready = _ready(observed, name)
    return Decision(
        finding, replace(facts, serving=_endpoint(observed, facts, task, ready)), (*wants, *_replaced(observed, name, ready))
    )


def _closed(observed: Observed, facts: Facts, state: approval.Approval, task: ServeTask) -> Decision:
    """The gate is shut; what serves by an approval that was revoked goes."""
    assert state.finding is not None
    if state.finding.reason is not Reason.APPROVAL_REVOKED:
        return Decision(state.finding, facts)
    facts = replace(facts, serving=_endpoint(observed, facts, task, 0))
    if observed.status.approval != state.status:
        return Decision(state.finding, facts)
    return Decision(state.finding, facts, serving_plan.deletions(observed.servers, observed.work_namespace))


def _ended(observed: Observed, facts: Facts, task: ServeTask) -> Decision:
    """Approved, and over: the pipeline takes the servers down."""
    facts = replace(facts, serving=_endpoint(observed, facts, task, 0))
    return Decision(unknown(Reason.SERVING_ENDED, facts.serving_ended or ""), facts)


def _ready(observed: Observed, name: str) -> int:
    """Servers of this plan that answer."""
    return next((one.ready for one in observed.servers if one.inputs == inputs_label(name)), 0)


def _served(
    observed: Observed,
    settings: Settings,
    facts: Facts,
    task: ServeTask,
    plan: dict[str, object],
    judged_by: tuple[AuditEvidence, EvaluateEvidence],
) -> Decision:
    """Approved: bring up the servers, then verify what they answer."""
    if facts.serving_ended:
        return _ended(observed, facts, task)
    name = digest(plan)
    if serving_plan.runtime(observed) == "InferenceService" and serving.KSERVE not in observed.apis:
        message = "spec.serving.runtime=InferenceService, but the cluster has no serving.kserve.io"
        return Decision(unknown(Reason.SERVING_STARTING, f"{message}; install KServe, or use Deployment"), facts)
    wants = serving_plan.lacking(observed, serving_plan.manifests(observed, settings, facts, task, name))
    server = next((one for one in observed.servers if one.inputs == inputs_label(name)), None)
    ready = server.ready if server else 0
    facts = replace(facts, serving=_endpoint(observed, facts, task, ready))
    wants = (*wants, *_replaced(observed, name, ready))
    if observed.spec.suspend:
        return Decision(unknown(Reason.SUSPENDED, "spec.suspend is true; set it to false to serve again"), facts, wants)
    given = verification(observed, settings, task, judged_by)
    if not ready and not _verified_before(observed, given):
        return Decision(_starting(observed, server), facts, wants)

    def judge(seen: Work) -> Finding:
        return oracle.judge(judged_by[1], answers_of(seen))

    carried = attempts.carry(observed, settings, facts, given, judge)
    return Decision(_said(carried, ready), _known(facts, carried), (*wants, *carried.wants), carried.keeps)


def _endpoint(observed: Observed, facts: Facts, task: ServeTask, ready: int) -> ServingStatus:
    """Where customers ask."""
    url, model = serving.url(observed), task.model_name
    if facts.serving is None:
        return ServingStatus(url=url, model=model, ready_replicas=ready)
    return facts.serving.model_copy(update={"url": url, "model": model, "ready_replicas": ready})


def _verified_before(observed: Observed, given: Assignment) -> bool:
    known = observed.record(Stage.DEPLOY)
    return known is not None and known.inputs == given.inputs and known.evidence is not None


def _said(carried: Carried, ready: int) -> Finding:
    """One sentence from the first server to the last answer: it is one wait for people, and one write of the status."""
    if not carried.judged and carried.finding.reason in (Reason.JOB_PENDING, Reason.JOB_RUNNING):
        return unknown(Reason.SERVING_STARTING, STARTING)
    if carried.judged and not ready and carried.finding.reason is Reason.SERVED:
        return unknown(Reason.SERVING_STARTING, "The audited answers were given, and no server is ready now; see its pods")
    return carried.finding


STARTING = "Approved; servers start and are then asked the items on which base and candidate differ"


def _starting(observed: Observed, server: Server | None) -> Finding:
    """What the servers wait for, as far as it needs somebody."""
    mine = [pod for pod in observed.pods if server and pod.stage == Stage.DEPLOY and pod.inputs == server.inputs]
    pods = [pod for pod in mine if not pod.ended]
    if not observed.spec.serving.replicas:
        return unknown(Reason.SERVING_STARTING, "spec.serving.replicas=0, so nothing serves; set it to 1 or more")
    if any(pod.waiting in PULL_PROBLEMS for pod in pods):
        return unknown(Reason.IMAGE_UNAVAILABLE, "The server image cannot be pulled; check its reference")
    if any(pod.restarts >= 3 for pod in pods):
        return unknown(Reason.SERVING_STARTING, "The servers end again and again; their logs say why")
    return unknown(Reason.SERVING_STARTING, STARTING)


def _replaced(observed: Observed, name: str, ready: int) -> tuple[Want, ...]:
    """Servers of an earlier approval go once the new ones answer."""
    old = tuple(one for one in observed.servers if one.inputs != inputs_label(name)) if ready else ()
    return serving_plan.deletions(old, observed.work_namespace)


def verification(
    observed: Observed, settings: Settings, served: ServeTask, judged_by: tuple[AuditEvidence, EvaluateEvidence]
) -> Assignment:
    """The questions as a task."""
    spec, (audit, evaluated) = observed.spec, judged_by
    sources = [spec.terms.data.sealed, spec.base]
    items = tuple(sorted(oracle.discordant(evaluated)))[:ASKED]
    task = VerifyTask(
        **tasks.common(observed),
        url=serving.url(observed),
        model_name=served.model_name,
        items=items,
        labels=tasks.labels(observed, audit),
        max_tokens=tasks.answer_tokens(audit),
    )
    pod = PodPlan(
        image=settings.auditor_image,
        command="verify",
        task="",
        service_account="auditor",
        memory=settings.auditor_memory,
        region=spec.terms.handling.region,
        secrets=secrets_of(sources),
        claims=claims_of(sources),
    )
    return Assignment(Stage.DEPLOY, task, pod)


def answers_of(seen: Work) -> VerifyEvidence | None:
    """The last evidence, if it is the verifier's."""
    return seen.latest if isinstance(seen.latest, VerifyEvidence) else None


def _known(facts: Facts, carried: Carried) -> Facts:
    facts = facts.look_again(carried.look_seconds)
    if carried.judged:
        facts = replace(facts, verified=answers_of(carried.work))
    record = attempts.record(carried, carried.finding)
    return facts.recorded(record) if record else facts
