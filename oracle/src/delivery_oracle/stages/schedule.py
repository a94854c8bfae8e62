"""Schedule: it fits the accelerators, and its high estimate fits the budget; else nothing starts."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from delivery_api.accelerator import AcceleratorClass
from delivery_api.delivery import DeliverySpec
from delivery_api.evidence import AuditEvidence
from delivery_api.finding import Finding, failed, passed, unknown
from delivery_api.reasons import Reason
from delivery_oracle.configurator.configure import Option, Proposal, configure
from delivery_oracle.configurator.memory import gigabytes
from delivery_oracle.configurator.price import cents
from delivery_oracle.configurator.workload import from_audit
from delivery_oracle.stages.common import all_wrong, invalid, not_usable

NOTHING = Decimal(0)


def judge(
    spec: DeliverySpec,
    audit: AuditEvidence | None,
    classes: Iterable[AcceleratorClass],
    spent: Decimal = NOTHING,
) -> Finding:
    """Verdict of the schedule; `spent` is what earlier runs of this delivery have cost already."""
    missing = not_usable(audit, "the data audit")
    if missing or audit is None:
        return missing or unknown(Reason.EVIDENCE_MISSING, "There is no evidence of the base and the data")
    try:
        proposal = configure(spec, from_audit(audit), classes)
    except ValueError as error:
        return invalid("the data audit", str(error))
    return verdict(spec, proposal, spent)


def verdict(spec: DeliverySpec, proposal: Proposal, spent: Decimal) -> Finding:
    """The configurator's answer as a finding."""
    if proposal.schedule_mistakes:
        return all_wrong(Reason.SCHEDULE_WRONG, tuple(map(str, proposal.schedule_mistakes)))
    if proposal.no_class is not None:
        return failed(Reason.CLASS_MISSING, proposal.no_class)
    if proposal.option is None:
        return unknown(Reason.WAITING, "The config does not fit any class; see the config")
    return affordable(spec, proposal.option, spent)


def affordable(spec: DeliverySpec, best: Option, spent: Decimal = NOTHING) -> Finding:
    """The high estimate against the money left."""
    budget = spec.terms.budget
    left = Decimal(budget.limit) - spent
    before = f" of which {cents(spent)} are spent" if spent else ""
    if best.price.high > left:
        return failed(
            Reason.BUDGET_EXCEEDED,
            f"needs up to {cents(best.price.high)} {best.price.currency} on 1 x {best.name}, "
            f"spec.terms.budget.limit={budget.limit}{before}; fund {cents(best.price.high + spent)}, or take fewer "
            "spec.config.steps or a smaller base",
        )
    return passed(
        Reason.SCHEDULE_CERTIFIED,
        f"1 x {best.name}, {gigabytes(best.memory.peak)} of {gigabytes(best.kind.spec.memory_bytes)}, "
        f"{best.duration.expected / 3600:.2f} hours, {best.price} of {budget.limit}{before}",
    )
