"""Schedule: it fits the accelerators, and its high estimate fits the money left; else nothing starts."""

from delivery_api.stages import Stage
from delivery_operator import ledger, placement, resolution
from delivery_operator.decision import Decision, Facts
from delivery_operator.observed import Observed
from delivery_operator.settings import Settings
from delivery_oracle.stages import schedule as oracle


def decide(observed: Observed, facts: Facts, settings: Settings) -> Decision:
    """Whether it fits. Once the run has begun this is settled: the Job's deadline then keeps to the budget."""
    pinned, settled = resolution.pinned(observed, facts), resolution.stands(observed, Stage.SCHEDULE)
    if pinned and settled:
        return Decision(settled, facts)
    spent = ledger.settled(facts.ledger)
    rooms = placement.rooms(observed)
    return Decision(oracle.judge(observed.spec, facts.audit, observed.class_objects, spent, rooms), facts)
