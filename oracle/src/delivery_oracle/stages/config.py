"""Config: every hyper-parameter is certified by arithmetic before anything runs."""

from __future__ import annotations

from collections.abc import Iterable

from delivery_api.accelerator import AcceleratorClass
from delivery_api.delivery import DeliverySpec
from delivery_api.evidence import AuditEvidence
from delivery_api.finding import Finding, passed, unknown
from delivery_api.reasons import Reason
from delivery_oracle.configurator.configure import Proposal, configure
from delivery_oracle.configurator.layout import Rooms
from delivery_oracle.configurator.options import Option
from delivery_oracle.configurator.speed import batch_rows
from delivery_oracle.configurator.workload import Workload, from_audit
from delivery_oracle.stages.common import all_wrong, first, invalid, not_usable


def propose(
    spec: DeliverySpec, audit: AuditEvidence, classes: Iterable[AcceleratorClass], rooms: Rooms | None = None
) -> Proposal:
    """The configurator's answer for audited data; ValueError when the audit does not say enough."""
    return configure(spec, from_audit(audit), classes, rooms)


def judge(
    spec: DeliverySpec, audit: AuditEvidence | None, classes: Iterable[AcceleratorClass], rooms: Rooms | None = None
) -> Finding:
    """Verdict of the config. What only the schedule gets wrong is the schedule's to say."""
    missing = first(not_usable(audit, "the data audit"))
    if missing or audit is None:
        return missing or unknown(Reason.EVIDENCE_MISSING, "There is no evidence of the base and the data")
    try:
        load = from_audit(audit)
    except ValueError as error:
        return invalid("the data audit", str(error))
    proposal = configure(spec, load, classes, rooms)
    if proposal.config_mistakes:
        return all_wrong(Reason.CONFIG_WRONG, tuple(map(str, proposal.config_mistakes)))
    if proposal.option is None:
        return unknown(Reason.WAITING, "No accelerator class is settled, so memory cannot be certified; see the schedule")
    return passed(Reason.CONFIG_CERTIFIED, sentence(load, proposal.option))


def sentence(load: Workload, best: Option) -> str:
    """The config in words."""
    config, rows = best.config, batch_rows(best.config, best.layout.count)
    seen = (config.steps or 0) * rows
    shared = f"{best.layout.count} accelerators by {config.parallelism} x " if best.layout.count > 1 else ""
    return (
        f"{config.steps} steps of {rows} rows ({shared}{config.accumulation_steps} x {config.micro_batch_size}), "
        f"{seen / load.rows:.2f} epochs, rate {config.learning_rate} after {config.warmup_steps} of warm-up, "
        f"{config.precision}, up to {config.sequence_length} tokens a row"
    )
