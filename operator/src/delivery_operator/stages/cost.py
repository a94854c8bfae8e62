"""Cost: the ledger in totals; billed once the audit has passed, withheld once it is out of reach."""

from dataclasses import replace
from decimal import Decimal

from delivery_api.finding import Finding, Verdict
from delivery_api.reasons import Reason
from delivery_api.stages import Stage
from delivery_api.status import CostStatus
from delivery_operator.decision import Decision, Facts
from delivery_operator.observed import Observed
from delivery_operator.settings import Settings
from delivery_oracle import money
from delivery_oracle.stages import cost as oracle


def decide(observed: Observed, facts: Facts, settings: Settings) -> Decision:
    """How the bill stands. Decided whatever came before: a delivery that failed settles its bill too."""
    totals = totals_of(observed, facts)
    evaluation = judged_by(facts)
    audited = evaluation is not None and evaluation.verdict is Verdict.PASS
    finding = oracle.judge(observed.spec, totals, evaluation=evaluation, finished=audited or facts.over)
    if finding.reason is Reason.BILLED:
        totals = totals.model_copy(update={"billed": totals.amount, "withheld": "0"})
    elif finding.reason is Reason.WITHHELD:
        totals = totals.model_copy(update={"billed": "0", "withheld": totals.amount, "saved": saved(facts, totals)})
    elif finding.reason is Reason.BUDGET_EXCEEDED:
        limit = Decimal(observed.spec.terms.budget.limit) if audited else Decimal(0)
        excess = money.text(Decimal(totals.amount) - limit)
        totals = totals.model_copy(update={"billed": money.text(limit), "withheld": excess})
    return Decision(finding, replace(facts, cost=totals))


def judged_by(facts: Facts) -> Finding | None:
    """The audit, unless what it audited turned out to be something else than what was trained."""
    evaluation, register = facts.findings.get(Stage.EVAL), facts.findings.get(Stage.REGISTER)
    return register if register is not None and register.verdict is Verdict.FAIL else evaluation


def totals_of(observed: Observed, facts: Facts) -> CostStatus:
    """The ledger and what its closed entries come to."""
    account = money.account(facts.ledger)
    earlier = observed.status.cost
    return CostStatus(
        currency=observed.spec.terms.budget.currency,
        estimate=facts.estimate or (earlier.estimate if earlier else None),
        accelerator_seconds=money.text(account.accelerator_seconds),
        amount=money.text(account.amount),
        ledger=facts.ledger,
    )


def saved(facts: Facts, totals: CostStatus) -> str | None:
    """What stopping early saved against the expected price of the whole run."""
    if facts.expected is None:
        return None
    return money.text(max(Decimal(0), Decimal(facts.expected) - Decimal(totals.amount)))
