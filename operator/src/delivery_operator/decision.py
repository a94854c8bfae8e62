"""What a stage answers: a finding, the children it wants, and the facts it hands on.

Stages never import each other; what a later stage needs of an earlier one travels in `Facts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from delivery_api.accelerator import AcceleratorClassSpec
from delivery_api.approval import ApprovalStatus
from delivery_api.driver import Config, Plan, Schedule
from delivery_api.evidence import ArtifactRecord, AuditEvidence, EvaluateEvidence, TrainEvidence, VerifyEvidence
from delivery_api.finding import Finding
from delivery_api.modelversion import ModelVersionSpec
from delivery_api.prediction import PredictionStatus
from delivery_api.stages import Stage
from delivery_api.status import CostStatus, EvaluationStatus, LedgerEntry, Progress, Resolved, ServingStatus, StageRecord

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Want:
    """One write that the world lacks.

    create: make it, and leave it alone when it is there. apply: server-side apply. suspend, resume: of a Job.
    delete: remove it.
    """

    mode: Literal["create", "apply", "suspend", "resume", "delete"]
    manifest: Manifest

    @property
    def name(self) -> str:
        """Kind and name, for people and for order."""
        return f"{self.manifest['kind']}/{self.manifest['metadata']['name']}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known so far in this pass. Each stage adds its own."""

    ledger: tuple[LedgerEntry, ...] = ()
    """As of now; entries are opened on first sight and closed once."""
    audit: AuditEvidence | None = None
    plan: Plan | None = None
    config: Config | None = None
    schedule: Schedule | None = None
    accelerator: AcceleratorClassSpec | None = None
    estimate: str | None = None
    """High estimate of the money for the whole delivery."""
    expected: str | None = None
    """Expected money for the whole delivery."""
    train_estimate_seconds: int = 0
    eval_estimate_seconds: int = 0
    resolved: Resolved | None = None
    train: TrainEvidence | None = None
    train_inputs: str = ""
    train_digest: str = ""
    prediction: PredictionStatus | None = None
    artifact: ArtifactRecord | None = None
    evaluated: EvaluateEvidence | None = None
    evaluated_digest: str = ""
    evaluation: EvaluationStatus | None = None
    version: ModelVersionSpec | None = None
    approval: ApprovalStatus | None = None
    serving: ServingStatus | None = None
    serving_ended: str | None = None
    """Why nothing may serve any more: its own limit, or its time to live."""
    verified: VerifyEvidence | None = None
    cost: CostStatus | None = None
    progress: Progress | None = None
    gain: str | None = None
    certificate: str | None = None
    records: Mapping[Stage, StageRecord] = field(default_factory=dict)
    findings: Mapping[Stage, Finding] = field(default_factory=dict)
    """Of the stages before the one that looks."""
    held_seconds: float = 0.0
    """How long the status may wait, as it will say more in a moment and nobody misses anything until then."""
    over: bool = False
    """A stage has failed, or the audit was inconclusive: nothing more will start as things stand."""
    next_look_seconds: float | None = None
    """When time alone changes something: the earliest of what the stages ask for."""

    def recorded(self, record: StageRecord) -> "Facts":
        """With one more recorded fact."""
        return replace(self, records={**self.records, record.name: record})

    def look_again(self, seconds: float | None) -> "Facts":
        """With a look no later than this."""
        if seconds is None:
            return self
        earliest = seconds if self.next_look_seconds is None else min(self.next_look_seconds, seconds)
        return replace(self, next_look_seconds=earliest)


@dataclass(frozen=True, slots=True)
class Decision:
    """Answer of one stage."""

    finding: Finding
    facts: Facts
    wants: tuple[Want, ...] = ()
    keeps: frozenset[str] = frozenset()
    """Jobs that may go on running."""
