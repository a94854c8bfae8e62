"""Ten stages in order, over one observation.

A stage is decided once nothing before it blocks; until then it waits for the first that does. Cost and card
are always decided: a delivery that failed settles its bill and gets its certificate too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from delivery_api.finding import Finding, Verdict, unknown
from delivery_api.reasons import Reason
from delivery_api.stages import Stage
from delivery_operator import attempts, ledger, serving_cost, serving_plan
from delivery_operator.decision import Decision, Facts, Want
from delivery_operator.manifests import records
from delivery_operator.observed import Observed
from delivery_operator.settings import Settings
from delivery_operator.stages import card, config, cost, deploy, intake, plan, register, schedule, train
from delivery_operator.stages import eval as evaluate

Decide = Callable[[Observed, Facts, Settings], Decision]

STAGES: tuple[tuple[Stage, Decide], ...] = (
    (Stage.INTAKE, intake.decide),
    (Stage.PLAN, plan.decide),
    (Stage.CONFIG, config.decide),
    (Stage.SCHEDULE, schedule.decide),
    (Stage.TRAIN, train.decide),
    (Stage.EVAL, evaluate.decide),
    (Stage.REGISTER, register.decide),
    (Stage.DEPLOY, deploy.decide),
    (Stage.COST, cost.decide),
    (Stage.CARD, card.decide),
)
OVERRIDABLE = frozenset({Reason.NOT_LEARNED, Reason.INCONCLUSIVE, Reason.FORMAT_LOST})
"""Audits that spoke of an artifact and did not let it pass."""
UNREAD_SECONDS = 30.0
ALWAYS = frozenset({Stage.COST, Stage.CARD})
Faulted = Callable[[Stage, Exception], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that one pass decided."""

    findings: Mapping[Stage, Finding]
    facts: Facts
    wants: tuple[Want, ...]


def run(observed: Observed, settings: Settings, faulted: Faulted = lambda stage, error: None) -> Outcome:
    """Decide all stages. Pure, but for `faulted`, which is told of bugs."""
    serving = serving_cost.told(observed)
    facts = Facts(ledger=ledger.of(observed), gain=observed.status.gain, serving=serving)
    if serving is not None:
        ended = serving_cost.over(observed, serving)
        facts = replace(facts, serving_ended=ended).look_again(None if ended else serving_cost.seconds_left(observed, serving))
    if any(one.overflow for one in observed.evidence):
        # Its registry may be back: nothing in the cluster will say so.
        facts = facts.look_again(UNREAD_SECONDS)
    wants: list[Want] = []
    keeps: set[str] = set()
    for stage, decide in STAGES:
        blocker = blocking(facts.findings)
        if stage in ALWAYS or may_be_decided(stage, blocker, facts.findings):
            decision = guarded(stage, decide, observed, facts, settings, faulted)
        else:
            decision = Decision(unknown(Reason.WAITING, f"Waits for {blocker}"), facts)
        found = {**facts.findings, stage: decision.finding}
        facts = replace(decision.facts, findings=found, over=is_over(found))
        wants.extend(decision.wants)
        keeps |= decision.keeps
    broken = any(one.reason is Reason.INTERNAL_ERROR for one in facts.findings.values())
    if broken:
        # A bug of ours stops nobody's training.
        keeps |= {job.name for job in observed.jobs}
    if facts.serving_ended:
        # Whatever the stages say: an edit of the spec, or a bug of ours, does not have it serve on.
        wants += serving_plan.deletions(observed.servers, observed.work_namespace)
    return Outcome(facts.findings, facts, ordered(observed, facts.findings, wants, keeps))


def blocking(findings: Mapping[Stage, Finding]) -> Stage | None:
    """The first stage that keeps those after it from starting."""
    return next((stage for stage, finding in findings.items() if finding.blocks), None)


def may_be_decided(stage: Stage, blocker: Stage | None, findings: Mapping[Stage, Finding]) -> bool:
    """Config may refer to the schedule, which then has to speak."""
    if blocker is None:
        return True
    if stage is Stage.DEPLOY and blocker is Stage.EVAL and findings[blocker].reason in OVERRIDABLE:
        # It says that it waits, unless somebody with the verb override had it served all the same.
        return True
    refers = findings[blocker].verdict is Verdict.UNKNOWN and findings[blocker].reason is Reason.WAITING
    return stage is Stage.SCHEDULE and blocker is Stage.CONFIG and refers


def is_over(findings: Mapping[Stage, Finding]) -> bool:
    """Whether nothing more will start as things stand."""
    return any(one.verdict is Verdict.FAIL or one.reason is Reason.INCONCLUSIVE for one in findings.values())


def guarded(stage: Stage, decide: Decide, observed: Observed, facts: Facts, settings: Settings, faulted: Faulted) -> Decision:
    """A bug in one stage is that stage's, and says nothing about the delivery."""
    try:
        return decide(observed, facts, settings)
    except Exception as error:
        faulted(stage, error)
        message = f"The operator failed to decide {stage} ({type(error).__name__}); its log has the details"
        keeps = frozenset(job.name for job in observed.jobs if job.stage == stage)
        return Decision(unknown(Reason.INTERNAL_ERROR, message), facts.look_again(60.0), keeps=keeps)


def ordered(observed: Observed, findings: Mapping[Stage, Finding], wants: list[Want], keeps: set[str]) -> tuple[Want, ...]:
    """What to write: the anchor first, for it owns the rest; then ends, then beginnings."""
    if not observed.anchor_uid:
        # Somebody is told to create a Secret in the work namespace: it comes with the anchor.
        asks = any(one.reason is Reason.SECRET_MISSING for one in findings.values())
        return (Want("create", records.anchor(observed)),) if wants or asks else ()
    named = {want.name for want in wants}
    stale = [
        want
        for job in observed.jobs
        if not job.finished and job.name not in keeps and f"Job/{job.name}" not in named
        for want in attempts.ending(observed, job)
    ]
    ends = [want for want in wants if want.mode in ("suspend", "delete")]
    return (*stale, *ends, *(want for want in wants if want.mode not in ("suspend", "delete")))
