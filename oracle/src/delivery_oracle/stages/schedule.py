"""Schedule: it fits the accelerators, and its high estimate fits the budget; else nothing starts."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from delivery_api.accelerator import AcceleratorClass
from delivery_api.delivery import DeliverySpec
from delivery_api.evidence import AuditEvidence
from delivery_api.finding import Finding, failed, passed, unknown
from delivery_api.reasons import Reason
from delivery_oracle.configurator.configure import Proposal, configure, has_room
from delivery_oracle.configurator.layout import Rooms
from delivery_oracle.configurator.memory import gigabytes
from delivery_oracle.configurator.options import Option
from delivery_oracle.configurator.price import cents
from delivery_oracle.configurator.workload import from_audit
from delivery_oracle.stages.common import all_wrong, invalid, not_usable

NOTHING = Decimal(0)


def judge(
    spec: DeliverySpec,
    audit: AuditEvidence | None,
    classes: Iterable[AcceleratorClass],
    spent: Decimal = NOTHING,
    rooms: Rooms | None = None,
) -> Finding:
    """Verdict of the schedule; `spent` is what earlier runs of this delivery have cost already, `rooms` what the nodes have."""
    missing = not_usable(audit, "the data audit")
    if missing or audit is None:
        return missing or unknown(Reason.EVIDENCE_MISSING, "There is no evidence of the base and the data")
    try:
        proposal = configure(spec, from_audit(audit), classes, rooms)
    except ValueError as error:
        return invalid("the data audit", str(error))
    return verdict(spec, proposal, spent, rooms)


def verdict(spec: DeliverySpec, proposal: Proposal, spent: Decimal, rooms: Rooms | None = None) -> Finding:
    """The configurator's answer as a finding."""
    if proposal.schedule_mistakes:
        return all_wrong(Reason.SCHEDULE_WRONG, tuple(map(str, proposal.schedule_mistakes)))
    if proposal.no_class is not None:
        return failed(Reason.CLASS_MISSING, proposal.no_class)
    if proposal.option is None:
        return unknown(Reason.WAITING, "The config does not fit any class; see the config")
    return late(spec, proposal.option) or affordable(spec, proposal.option, spent, waits(proposal.option, rooms))


def late(spec: DeliverySpec, best: Option) -> Finding | None:
    """The high estimate against the deadline."""
    if not best.is_late(spec.schedule):
        return None
    hours = f"{best.duration.high / 3600:.2f}"
    why = f"={spec.schedule.deadline}, the high estimate on {best.layout.count} x {best.name} is {hours} hours"
    return failed(Reason.SCHEDULE_WRONG, f"spec.schedule.deadline{why}; allow more, or take fewer spec.config.steps")


def waits(best: Option, rooms: Rooms | None) -> str:
    """Why the Job will wait, where no node there is now could take it."""
    if has_room(best, rooms):
        return ""
    each = f"{best.layout.nodes} x {best.layout.each}" if best.layout.nodes > 1 else f"{best.layout.each}"
    return f"; no node of the cluster has {each} of {best.name}, so its Job will wait for one"


def affordable(spec: DeliverySpec, best: Option, spent: Decimal = NOTHING, waiting: str = "") -> Finding:
    """The high estimate against the money left."""
    budget = spec.terms.budget
    left = Decimal(budget.limit) - spent
    nodes = f" on {best.layout.nodes} nodes" if best.layout.nodes > 1 else ""
    before = f" of which {cents(spent)} are spent" if spent else ""
    if best.price.high > left:
        return failed(
            Reason.BUDGET_EXCEEDED,
            f"needs up to {cents(best.price.high)} {best.price.currency} on {best.layout.count} x {best.name}, "
            f"spec.terms.budget.limit={budget.limit}{before}; fund {cents(best.price.high + spent)}, or take fewer "
            "spec.config.steps or a smaller base",
        )
    return passed(
        Reason.SCHEDULE_CERTIFIED,
        f"{best.layout.count} x {best.name}{nodes}, {gigabytes(best.memory.peak)} of {gigabytes(best.kind.spec.memory_bytes)}, "
        f"{best.duration.expected / 3600:.2f} hours, {best.price} of {budget.limit}{before}{waiting}",
    )
