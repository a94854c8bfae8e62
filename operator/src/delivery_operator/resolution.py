"""What is being carried out, pinned once training has begun.

Prices and classes may change while a delivery runs. The configurator would then answer otherwise, and a run
would start anew for it. So from the first training Job on, the recorded resolution stands, for as long as the
driver's spec and the audited data agree with it.
"""

from dataclasses import replace

from delivery_api.driver import Schedule
from delivery_api.finding import Finding, passed
from delivery_api.model import Model
from delivery_api.reasons import Reason
from delivery_api.stages import CONDITION, Stage
from delivery_api.status import Resolved
from delivery_operator.decision import Facts
from delivery_operator.observed import Observed
from delivery_oracle import money
from delivery_oracle.configurator.configure import Proposal
from delivery_oracle.stages import config as oracle


def pinned(observed: Observed, facts: Facts) -> Resolved | None:
    """The recorded resolution, if it is being carried out and still answers the spec."""
    resolved = observed.status.resolved
    begun = any(job.stage == Stage.TRAIN for job in observed.jobs) or observed.record(Stage.TRAIN) is not None
    if resolved is None or not begun or not _same_audit(observed, facts):
        return None
    spec = observed.spec
    pairs: tuple[tuple[Model, Model], ...] = (
        (spec.plan, resolved.plan),
        (spec.config, resolved.config),
        (spec.schedule, resolved.schedule),
    )
    return resolved if all(_answers(given, chosen) for given, chosen in pairs) else None


def _same_audit(observed: Observed, facts: Facts) -> bool:
    before, now = observed.record(Stage.INTAKE), facts.records.get(Stage.INTAKE)
    return before is not None and now is not None and before.inputs == now.inputs


def _answers(given: Model, chosen: Model) -> bool:
    """Whether everything given is what was chosen."""
    for name in type(given).model_fields:
        value = getattr(given, name)
        if value not in (None, "Auto") and value != getattr(chosen, name):
            return False
    return not isinstance(given, Schedule) or not isinstance(chosen, Schedule) or given.queue == chosen.queue


def stands(observed: Observed, stage: Stage) -> Finding | None:
    """The finding of a stage as it was recorded when it passed."""
    condition = observed.condition(CONDITION[stage])
    if condition is None or condition.status != "True":
        return None
    return passed(reason_of(condition.reason), condition.message)


def reason_of(text: str) -> Reason:
    """The member of a reason's name."""
    return next(reason for reason in Reason if reason == text)


def with_resolved(observed: Observed, facts: Facts, resolved: Resolved) -> Facts:
    """Facts of a pinned resolution; estimates are of the class as it is now, where it still exists."""
    spec = observed.spec.model_copy(update={"plan": resolved.plan, "config": resolved.config, "schedule": resolved.schedule})
    name = resolved.schedule.accelerator_class or ""
    facts = replace(
        facts,
        resolved=resolved,
        plan=resolved.plan,
        config=resolved.config,
        schedule=resolved.schedule,
        accelerator=observed.classes.get(name),
        estimate=observed.status.cost.estimate if observed.status.cost else None,
    )
    if facts.audit is None or facts.accelerator is None:
        return facts
    proposal = oracle.propose(spec, facts.audit, observed.class_objects)
    return with_estimates(facts, proposal)


def with_estimates(facts: Facts, proposal: Proposal) -> Facts:
    """Seconds and money that the configurator expects."""
    best = proposal.option
    if best is None:
        return facts
    return replace(
        facts,
        estimate=facts.estimate or money.text(best.price.high),
        expected=money.text(best.price.expected),
        train_estimate_seconds=best.duration.start + best.duration.training + best.duration.probe,
        eval_estimate_seconds=best.duration.start + best.duration.evaluation,
    )


def with_proposal(facts: Facts, proposal: Proposal) -> Facts:
    """What the configurator answered, for the stages after config."""
    resolved, best = proposal.resolved(), proposal.option
    if resolved is None or best is None:
        return facts
    facts = replace(
        facts,
        resolved=resolved,
        plan=resolved.plan,
        config=resolved.config,
        schedule=resolved.schedule,
        accelerator=best.kind.spec,
    )
    return with_estimates(facts, proposal)
