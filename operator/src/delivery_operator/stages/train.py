"""Train: the trainer runs on an accelerator; the oracle reads its evidence as it grows, and may end the run early."""

from dataclasses import replace

from delivery_api.driver import Config, Plan, Schedule
from delivery_api.evidence import AuditEvidence, TrainEvidence
from delivery_api.finding import Finding, Verdict, failed
from delivery_api.prediction import Prediction
from delivery_api.reasons import Reason
from delivery_api.sealed import LOOK_ITEMS, look_steps
from delivery_api.stages import Stage
from delivery_api.status import Progress
from delivery_api.tasks import TrainTask
from delivery_operator import attempts, ledger, tasks
from delivery_operator.assignment import Assignment
from delivery_operator.attempts import Carried
from delivery_operator.decision import Decision, Facts
from delivery_operator.manifests.pod import PodPlan, claims_of, secrets_of
from delivery_operator.observed import Accelerated, Observed
from delivery_operator.settings import Settings
from delivery_operator.work import Work
from delivery_oracle.configurator import prediction
from delivery_oracle.stages import train as oracle

ENDS_A_RUN = frozenset({Reason.PREFLIGHT_FAILED, Reason.DIVERGED, Reason.NOT_LEARNING})
"""Objections that do not wait for the end of the run."""
CHECKPOINTS = 4
"""Checkpoints of a run; more would spend more time on pushing than a lost pod costs."""


def decide(observed: Observed, facts: Facts, settings: Settings) -> Decision:
    """Whether the run completed, and whether it may go on."""
    audit, plan, config, schedule = facts.audit, facts.plan, facts.config, facts.schedule
    if audit is None or plan is None or config is None or schedule is None:
        return Decision(failed(Reason.CLASS_MISSING, "Config and schedule name no accelerator class"), facts)

    def judge(seen: Work) -> Finding:
        return oracle.judge(observed.spec, plan, config, runs(seen), audit, _predicted(facts))

    given = assignment(observed, facts, settings, audit, plan, config, schedule)
    carried = attempts.carry(observed, settings, facts, given, judge)
    carried = _ended_early(observed, carried, judge)
    facts = _known(observed, facts, carried, config, audit)
    return Decision(carried.finding, facts, carried.wants, carried.keeps)


def _predicted(facts: Facts) -> Prediction | None:
    return facts.resolved.prediction if facts.resolved else None


def runs(seen: Work) -> tuple[TrainEvidence, ...]:
    """Evidence of all attempts, oldest first."""
    return tuple(one for one in seen.lineage if isinstance(one, TrainEvidence))


def _ended_early(observed: Observed, carried: Carried, judge: attempts.Judge) -> Carried:
    """A run whose evidence already excludes success is stopped; nobody pays for the rest."""
    if carried.judged or not runs(carried.work) or carried.finding.reason is Reason.EVIDENCE_MISSING:
        return carried
    finding = judge(carried.work)
    if finding.verdict is not Verdict.FAIL or finding.reason not in ENDS_A_RUN:
        return carried
    return replace(carried, finding=finding, wants=attempts.stop(observed, carried.work), keeps=frozenset())


def assignment(
    observed: Observed,
    facts: Facts,
    settings: Settings,
    audit: AuditEvidence,
    plan: Plan,
    config: Config,
    schedule: Schedule,
) -> Assignment:
    """The run as a task."""
    spec, count, steps = observed.spec, schedule.count or 1, config.steps or 1
    nodes = schedule.nodes or 1
    terms, accelerator, name = spec.terms, facts.accelerator, schedule.accelerator_class or ""
    sources = [terms.data.train, terms.data.sealed, spec.base]
    task = TrainTask(
        **tasks.common(observed),
        train=terms.data.train,
        drop_rows=audit.drop_rows,
        plan=plan,
        config=config,
        accelerators=count,
        look_steps=look_steps(steps, len(audit.probe), LOOK_ITEMS),
        look_items=LOOK_ITEMS,
        checkpoint_every_steps=max(1, -(-steps // CHECKPOINTS)),
        output=spec.output,
        seconds=1,
    )
    pod = PodPlan(
        image=settings.image_for(accelerator.image if accelerator else "cuda"),
        command="train",
        task="",
        service_account="trainer",
        accelerator=accelerator,
        accelerators=count // nodes,
        pods=nodes,
        region=terms.handling.region,
        secrets=secrets_of(sources, spec.output.secret),
        claims=claims_of(sources),
        grace_seconds=ledger.LONGEST_GRACE,
    )
    held = Accelerated(name, count, accelerator.price_per_hour) if accelerator else None
    gone = None if accelerator else failed(Reason.CLASS_MISSING, f"AcceleratorClass {name} does not exist any more; create it")
    return Assignment(Stage.TRAIN, task, pod, held, schedule.queue, facts.train_estimate_seconds, gone)


def _known(observed: Observed, facts: Facts, carried: Carried, config: Config, audit: AuditEvidence) -> Facts:
    seen = runs(carried.work)
    facts = replace(facts.look_again(carried.look_seconds), train_inputs=carried.work.inputs)
    if seen:
        words, gain = _probe(observed, config, seen, audit)
        facts = replace(facts, gain=gain, progress=_progress(carried, config, seen, words))
    if carried.judged:
        latest = seen[-1] if seen else None
        facts = replace(
            facts,
            train=latest,
            train_digest=carried.work.digest,
            prediction=prediction.compare(_predicted(facts), latest),
            artifact=latest.artifact if latest else None,
            progress=None,
        )
    record = attempts.record(carried, carried.finding)
    return facts.recorded(record) if record else facts


def _probe(
    observed: Observed, config: Config, seen: tuple[TrainEvidence, ...], audit: AuditEvidence
) -> tuple[str | None, str | None]:
    """The clean probe so far, in words and as a gain; nothing before its first look, or when it cannot be used."""
    try:
        probe = oracle.assessment(observed.spec, config, seen, audit)
    except ValueError:
        return None, None
    if not probe.looks:
        return None, None
    return f"{probe.gain:+.2f} on {probe.items} items, {probe.outcome}", f"{probe.gain:+.2f}"


def _progress(carried: Carried, config: Config, seen: tuple[TrainEvidence, ...], probe: str | None) -> Progress | None:
    """How far the run is; None once it has ended."""
    steps = oracle.steps_of(seen)
    if not steps or not carried.work.active:
        return None
    planned = config.steps or seen[-1].planned_steps
    losses = [step.loss for step in steps[-10:] if step.loss is not None]
    pace = [step.seconds for step in steps[-20:]]
    return Progress(
        step=steps[-1].step,
        steps=planned,
        loss=f"{sum(losses) / len(losses):.3f}" if losses else "not finite",
        probe=probe,
        eta_seconds=max(0, round((planned - steps[-1].step) * sum(pace) / len(pace))),
    )
