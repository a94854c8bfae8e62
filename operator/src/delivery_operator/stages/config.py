"""Config: the configurator fills what is left out and certifies what is given, before anything runs."""

from delivery_api.finding import Verdict
from delivery_api.stages import Stage
from delivery_operator import placement, resolution
from delivery_operator.decision import Decision, Facts
from delivery_operator.observed import Observed
from delivery_operator.settings import Settings
from delivery_oracle.stages import config as oracle


def decide(observed: Observed, facts: Facts, settings: Settings) -> Decision:
    """Whether every hyper-parameter is certified; hands on the whole resolution."""
    pinned, settled = resolution.pinned(observed, facts), resolution.stands(observed, Stage.CONFIG)
    if pinned and settled:
        return Decision(settled, resolution.with_resolved(observed, facts, pinned))
    rooms = placement.rooms(observed)
    finding = oracle.judge(observed.spec, facts.audit, observed.class_objects, rooms)
    if facts.audit is None or finding.verdict is not Verdict.PASS:
        return Decision(finding, facts)
    proposal = oracle.propose(observed.spec, facts.audit, observed.class_objects, rooms)
    return Decision(finding, resolution.with_proposal(facts, proposal))
