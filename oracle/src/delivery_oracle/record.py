"""Everything recorded about one delivery, and the ten verdicts over it. The operator, the CLI and the benchmark judge alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from delivery_api.accelerator import AcceleratorClass
from delivery_api.delivery import DeliverySpec
from delivery_api.driver import Config, Plan
from delivery_api.evidence import AuditEvidence, EvaluateEvidence, TrainEvidence, VerifyEvidence
from delivery_api.finding import Finding, Verdict
from delivery_api.modelversion import ModelVersionSpec
from delivery_api.stages import Stage
from delivery_api.status import CostStatus, Resolved
from delivery_oracle.stages import card, config, cost, deploy, evaluation, intake, plan, register, schedule, train

BEFORE_EVAL = (Stage.INTAKE, Stage.PLAN, Stage.CONFIG, Stage.SCHEDULE, Stage.TRAIN)


@dataclass(frozen=True)
class Record:
    """One delivery's spec and evidence; what is absent has not been recorded."""

    spec: DeliverySpec
    classes: tuple[AcceleratorClass, ...] = ()
    audit: AuditEvidence | None = None
    attempts: tuple[TrainEvidence, ...] = ()
    evaluated: EvaluateEvidence | None = None
    verified: VerifyEvidence | None = None
    version: ModelVersionSpec | None = None
    resolved: Resolved | None = None
    cost: CostStatus | None = None
    use: int = 1
    """Which use of this holdout the audit was: the first spends half of alpha, as others may follow."""


def carried_out(record: Record) -> tuple[Plan, Config]:
    """Plan and config as carried out: as resolved, or as the configurator would have it."""
    resolved = record.resolved
    if resolved is None and record.audit is not None and record.audit.complete and record.classes:
        try:
            resolved = config.propose(record.spec, record.audit, record.classes).resolved()
        except ValueError:
            resolved = None
    return (resolved.plan, resolved.config) if resolved else (record.spec.plan, record.spec.config)


def verdicts(record: Record) -> Mapping[Stage, Finding]:
    """The ten findings in order, each from its own evidence."""
    spec, audit = record.spec, record.audit
    done_plan, done_config = carried_out(record)
    last = record.attempts[-1] if record.attempts else None
    predicted = record.resolved.prediction if record.resolved else None
    found = {
        Stage.INTAKE: intake.judge(spec, audit),
        Stage.PLAN: plan.judge(spec, audit),
        Stage.CONFIG: config.judge(spec, audit, record.classes),
        Stage.SCHEDULE: schedule.judge(spec, audit, record.classes, Decimal(0)),
        Stage.TRAIN: train.judge(spec, done_plan, done_config, record.attempts, audit, predicted),
        Stage.EVAL: evaluation.judge(spec, record.evaluated, audit=audit, train=last, use=record.use),
        Stage.REGISTER: register.judge(last, record.evaluated, record.version),
        Stage.DEPLOY: deploy.judge(record.evaluated, record.verified),
    }
    ended = found[Stage.EVAL].settled or any(found[stage].verdict is Verdict.FAIL for stage in BEFORE_EVAL)
    found[Stage.COST] = cost.judge(spec, record.cost, evaluation=found[Stage.EVAL], finished=ended)
    found[Stage.CARD] = card.judge(spec, known(record), settled=found[Stage.COST].settled)
    return found


def known(record: Record) -> dict[tuple[str, str], str]:
    """The facts that claims are checked against."""
    comparison = None
    if record.evaluated is not None and record.evaluated.items:
        try:
            comparison = evaluation.comparison(record.spec, record.evaluated, use=record.use)
        except ValueError:
            comparison = None
    return card.facts(record.spec, audit=record.audit, resolved=record.resolved, comparison=comparison, cost=record.cost)
