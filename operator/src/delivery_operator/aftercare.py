"""A delivery whose evidence is gone by its terms: verdicts stay as recorded, and what serves is still looked after.

There is nothing left to judge from. But servers burn money, have a time to live, may be revoked, paused or changed by
somebody: so the stages' recorded words are taken as they are, but for deploy's.
"""

from dataclasses import replace

from delivery_api import names
from delivery_api.approval import Closing
from delivery_api.digests import digest
from delivery_api.finding import CONDITION_STATUS, Finding, Verdict, failed, unknown
from delivery_api.reasons import Reason
from delivery_api.stages import CONDITION, STAGES, Stage
from delivery_operator import decisions, resolution, retention, serving_cost, serving_plan
from delivery_operator.decision import Facts, Want
from delivery_operator.manifests.common import inputs_label
from delivery_operator.observed import Observed
from delivery_operator.pipeline import Outcome
from delivery_operator.settings import Settings

VERDICTS = {status: verdict for verdict, status in CONDITION_STATUS.items()}


def run(observed: Observed, settings: Settings) -> Outcome:
    """What is wanted now, and how it stands: as recorded, but for what serves."""
    facts = recorded(observed)
    said = {stage: _said(observed, stage) for stage in STAGES}
    finding, facts, serving = _served(observed, settings, facts, said[Stage.DEPLOY])
    wants = (*retention.wants(observed), *serving)
    return Outcome(said | {Stage.DEPLOY: finding}, facts, wants)


def recorded(observed: Observed) -> Facts:
    """What the status knows."""
    status = observed.status
    resolved = status.resolved
    name = resolved.schedule.accelerator_class if resolved else None
    return Facts(
        ledger=observed.ledger,
        config=resolved.config if resolved else None,
        schedule=resolved.schedule if resolved else None,
        accelerator=observed.classes.get(name or ""),
        serving=serving_cost.told(observed),
        approval=status.approval,
        cost=status.cost,
        gain=status.gain,
        certificate=status.certificate,
    )


def _said(observed: Observed, stage: Stage) -> Finding:
    condition = observed.condition(CONDITION[stage])
    assert condition is not None
    return Finding(VERDICTS[condition.status], resolution.reason_of(condition.reason), condition.message)


def _served(observed: Observed, settings: Settings, facts: Facts, before: Finding) -> tuple[Finding, Facts, tuple[Want, ...]]:
    """What serves, as it was approved; nothing, once it is over, revoked or paused."""
    asked, serving = observed.status.approval, facts.serving
    stands = serving_plan.approved(observed)
    down = serving_plan.deletions(observed.servers, observed.work_namespace)
    if serving is None or asked is None or stands is None:
        return before, facts, down
    none = replace(facts, serving=serving.model_copy(update={"ready_replicas": 0}))
    if revoked := decisions.against(observed, asked.digest, names.REVOKE):
        closed = Closing(**revoked.ruling(observed).model_dump(), retry=observed.retry)
        message = f"{closed.by} revoked it: {closed.reason}; nothing serves"
        over = replace(none, approval=asked.model_copy(update={"closed": closed}))
        return failed(Reason.APPROVAL_REVOKED, message), over, down
    if ended := serving_cost.over(observed, serving):
        return unknown(Reason.SERVING_ENDED, ended), none, down
    facts = facts.look_again(serving_cost.seconds_left(observed, serving))
    name, wanted = _plan(observed, settings, facts)
    if name != asked.request.serving:
        return before, facts, ()
    if observed.spec.suspend:
        return unknown(Reason.SUSPENDED, "spec.suspend is true; set it to false to serve again"), none, wanted
    ready = next((one.ready for one in observed.servers if one.inputs == inputs_label(name)), 0)
    facts = replace(facts, serving=serving.model_copy(update={"ready_replicas": ready}))
    if ready and before.verdict is Verdict.UNKNOWN and before.reason in retention.AFTERWARDS:
        return Finding(Verdict.PASS, Reason.SERVED, "What was audited and approved serves again"), facts, wanted
    if not ready and before.reason is Reason.SERVED:
        return unknown(Reason.SERVING_STARTING, "No server is ready now; see its pods"), facts, wanted
    return before, facts, wanted


def _plan(observed: Observed, settings: Settings, facts: Facts) -> tuple[str, tuple[Want, ...]]:
    """Digest of the serving plan as it would be now, and what it lacks."""
    artifact, config, schedule = observed.status.artifact, facts.config, facts.schedule
    if artifact is None or config is None or schedule is None:
        return "", ()
    task = serving_plan.serve_task(observed, settings, artifact, config)
    name = digest(serving_plan.plan(observed, settings, facts, task, schedule))
    return name, serving_plan.lacking(observed, serving_plan.manifests(observed, settings, facts, task, name))
