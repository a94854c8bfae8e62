"""Plan: a pure decision; the oracle says whether the method can do what the terms ask for."""

from delivery_operator.decision import Decision, Facts
from delivery_operator.observed import Observed
from delivery_operator.settings import Settings
from delivery_oracle.stages import plan as oracle


def decide(observed: Observed, facts: Facts, settings: Settings) -> Decision:
    """Whether the method is sound for this base."""
    return Decision(oracle.judge(observed.spec, facts.audit), facts)
