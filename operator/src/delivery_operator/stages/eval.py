"""Eval: base and candidate answer the sealed holdout in the serving engine; the oracle compares them."""

from dataclasses import replace

from delivery_api.driver import Config, Schedule
from delivery_api.evidence import ArtifactRecord, AuditEvidence, EvaluateEvidence
from delivery_api.finding import Finding, failed
from delivery_api.reasons import Reason
from delivery_api.sources import Source
from delivery_api.stages import Stage
from delivery_api.status import EvaluationStatus
from delivery_api.tasks import EvaluateTask
from delivery_operator import attempts, tasks
from delivery_operator.assignment import Assignment
from delivery_operator.attempts import Carried
from delivery_operator.decision import Decision, Facts
from delivery_operator.manifests.pod import PodPlan, claims_of, secrets_of
from delivery_operator.observed import Accelerated, Observed
from delivery_operator.settings import Settings
from delivery_operator.work import Work
from delivery_oracle.stages import evaluation as oracle


def decide(observed: Observed, facts: Facts, settings: Settings) -> Decision:
    """Whether the candidate learned."""
    audit, train, artifact, config, schedule = facts.audit, facts.train, facts.artifact, facts.config, facts.schedule
    if audit is None or train is None or artifact is None or config is None or schedule is None:
        return Decision(failed(Reason.ARTIFACT_MISMATCH, "The training run left no artifact to evaluate"), facts)

    def judge(seen: Work) -> Finding:
        result = result_of(seen)
        return oracle.judge(observed.spec, result, audit=audit, train=train, use=use_of_holdout(observed, seen))

    given = assignment(observed, facts, settings, audit, artifact, config, schedule)
    carried = attempts.carry(observed, settings, facts, given, judge)
    return Decision(carried.finding, _known(observed, facts, carried), carried.wants, carried.keeps)


def result_of(seen: Work) -> EvaluateEvidence | None:
    """The last evidence, if it is the evaluator's."""
    return seen.latest if isinstance(seen.latest, EvaluateEvidence) else None


def use_of_holdout(observed: Observed, seen: Work) -> int:
    """Which use of the sealed rows this is: models audited on them before this evidence count, later ones do not."""
    result = result_of(seen)
    mine = next((one.created_at for one in observed.evidence if one.digest == seen.digest), "")
    known = observed.uses.get(result.sealed_digest or "", ()) if result else ()
    return 1 + sum(1 for uid, made in known if uid != observed.uid and made < mine)


def candidate(observed: Observed, artifact: ArtifactRecord) -> Source:
    """The artifact as a source."""
    return Source(uri=artifact.uri, secret=observed.spec.output.secret)


def assignment(
    observed: Observed,
    facts: Facts,
    settings: Settings,
    audit: AuditEvidence,
    artifact: ArtifactRecord,
    config: Config,
    schedule: Schedule,
) -> Assignment:
    """The audit of the candidate as a task."""
    spec, accelerator, name = observed.spec, facts.accelerator, schedule.accelerator_class or ""
    sources = [spec.terms.data.sealed, spec.base, candidate(observed, artifact)]
    task = EvaluateTask(
        **tasks.common(observed),
        artifact=candidate(observed, artifact),
        artifact_kind=artifact.kind,
        labels=tasks.labels(observed, audit),
        precision=config.precision or "bf16",
        max_tokens=tasks.answer_tokens(audit),
        sequence_length=tasks.context_tokens(config),
        seconds=1,
    )
    pod = PodPlan(
        image=settings.image_for(accelerator.image if accelerator else "cuda"),
        command="evaluate",
        task="",
        service_account="evaluator",
        accelerator=accelerator,
        accelerators=1,
        region=spec.terms.handling.region,
        secrets=secrets_of(sources),
        claims=claims_of(sources),
    )
    held = Accelerated(name, 1, accelerator.price_per_hour) if accelerator else None
    gone = None if accelerator else failed(Reason.CLASS_MISSING, f"AcceleratorClass {name} does not exist any more; create it")
    return Assignment(Stage.EVAL, task, pod, held, schedule.queue, facts.eval_estimate_seconds, gone)


def _known(observed: Observed, facts: Facts, carried: Carried) -> Facts:
    facts = facts.look_again(carried.look_seconds)
    result = result_of(carried.work) if carried.judged else None
    if result is not None:
        facts = replace(facts, evaluated=result, evaluated_digest=carried.work.digest)
        facts = _in_numbers(observed, facts, result, use_of_holdout(observed, carried.work))
    record = attempts.record(carried, carried.finding)
    return facts.recorded(record) if record else facts


def _in_numbers(observed: Observed, facts: Facts, result: EvaluateEvidence, use: int) -> Facts:
    """The comparison for the status."""
    if not result.items or result.problem is not None:
        return facts
    seen = oracle.comparison(observed.spec, result, use=use)
    numbers = EvaluationStatus(
        items=seen.items,
        base=f"{seen.base:.4f}",
        candidate=f"{seen.candidate:.4f}",
        gain=f"{seen.gain:+.4f}",
        low=f"{seen.interval.low:+.4f}",
        high=f"{seen.interval.high:+.4f}",
        p_value=f"{seen.p:.3g}",
        use=use,
    )
    return replace(facts, evaluation=numbers, gain=f"{seen.gain:+.2f}")
