"""The audit of a scenario's data as its right reading gives it.

An order that was misread is sent back before its data is audited. Its plan, config and schedule are then judged on the data as
it is, or a mistake of the reader would fail the arithmetic as well.
"""

from __future__ import annotations

from functools import cache

from delivery_api.delivery import DeliverySpec
from delivery_api.evidence import AuditEvidence
from delivery_api.stages import STAGES
from delivery_api.tasks import AuditTask
from delivery_benchmark.recordings import named
from delivery_benchmark.recordings.evidence import Replay
from delivery_benchmark.recordings.shape import shape_of
from delivery_benchmark.scenarios import load


@cache
def audit(scenario_id: str) -> AuditEvidence:
    """What the auditor records of this scenario when nothing is misread."""
    scenario = load(scenario_id)
    spec = DeliverySpec.model_validate(scenario.corrected(STAGES))
    task = AuditTask(
        delivery_uid="reference",
        inputs="reference",
        base=spec.base,
        train=spec.terms.data.train,
        sealed=spec.terms.data.sealed,
        fields=spec.intake.fields,
        task=spec.intake.task,
        metric=spec.intake.metric,
        holdout_items=spec.terms.acceptance.holdout_items,
    )
    return Replay(named(f"{scenario.base}/correct"), shape_of(scenario)).audit(task, "reference")
