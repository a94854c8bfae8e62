"""What is so. Written once a pass, by the operator only, and skipped when nothing changed."""

from typing import Annotated

from pydantic import Field, StringConstraints

from delivery_api.approval import ApprovalStatus
from delivery_api.driver import Config, Plan, Schedule
from delivery_api.model import Digest, Model, Money
from delivery_api.prediction import Prediction, PredictionStatus
from delivery_api.stages import Stage

SignedText = Annotated[str, StringConstraints(pattern=r"^[+-][0-9]+\.[0-9]+$")]


class Condition(Model):
    """As metav1.Condition."""

    type: str
    """Ready, Reconciling, Stalled, or the condition of a stage."""
    status: Annotated[str, StringConstraints(pattern=r"^(True|False|Unknown)$")]
    """True, False or Unknown."""
    reason: Annotated[str, StringConstraints(max_length=64)]
    """A member of the documented enum."""
    message: Annotated[str, StringConstraints(max_length=4096)]
    """One sentence for people, and what to do."""
    observed_generation: int
    """Generation of the spec that this is about."""
    last_transition_time: str
    """When `status` last changed."""


class StageRecord(Model):
    """What is finished is a recorded fact and never runs again for the same inputs."""

    name: Stage
    """The stage."""
    verdict: str
    """Pass, Fail or Unknown."""
    reason: str
    """Reason of the verdict."""
    inputs: str | None = None
    """Inputs digest of the work."""
    evidence: Digest | None = None
    """Digest of the complete evidence."""
    attempt: int | None = None
    """Attempt that gave the evidence."""
    image: str | None = None
    """Image it ran."""
    started_at: str | None = None
    """First pod's start."""
    finished_at: str | None = None
    """Last pod's end."""


class LedgerEntry(Model):
    """One pod that ran on an accelerator. Append-only; closed once."""

    pod: str
    """Pod name."""
    stage: Stage
    """Stage it worked for."""
    attempt: int
    """Attempt."""
    accelerator_class: str
    """Class at the time."""
    accelerators: int
    """Accelerators it held."""
    price_per_hour: Money
    """Price of one at the time."""
    started_at: str
    """Start of its container, as the kubelet says."""
    finished_at: str | None = None
    """End of its container; absent while it runs."""


class CostStatus(Model):
    """What was spent, and who pays."""

    currency: str
    """ISO 4217 code."""
    estimate: Money | None = None
    """High estimate before the start."""
    accelerator_seconds: Money = "0"
    """Of every attempt of every stage, closed entries only."""
    amount: Money = "0"
    """Accelerator-seconds times price, closed entries only."""
    billed: Money | None = None
    """What the customer pays; absent until settled."""
    withheld: Money | None = None
    """What the operator bears; absent until settled."""
    saved: Money | None = None
    """What stopping early saved, against the estimate of the whole run."""
    ledger: Annotated[tuple[LedgerEntry, ...], Field(max_length=256)] = ()
    """Every pod that counts."""


class EvaluationStatus(Model):
    """The audit in numbers, as text with four digits."""

    items: int
    """Holdout items."""
    base: str
    """Mean score of the base."""
    candidate: str
    """Mean score of the candidate."""
    gain: SignedText
    """Difference."""
    low: SignedText
    """Lower bound of the gain, at the level of this use of the holdout."""
    high: SignedText
    """Upper bound of the gain, at the same level."""
    p_value: str
    """Exact one-sided paired test."""
    use: int | None = None
    """Which use of the holdout this was. The k-th has the level 0.05 / (k (k + 1)): bounds of the first are at 97.5 %."""


class Artifact(Model):
    """What was trained."""

    digest: Digest
    """Manifest digest."""
    uri: str
    """oci:// reference by digest."""
    kind: str
    """Merged or Adapter."""


class ServingStatus(Model):
    """What serves."""

    url: str
    """OpenAI-compatible endpoint inside the cluster."""
    model: str
    """Model name to ask for."""
    ready_replicas: int = 0
    """Servers that answer."""
    since: str | None = None
    """Start of the first server."""
    ends_at: str | None = None
    """When the servers are taken down, as things stand: their time to live is over, or their limit is spent."""
    amount: Money | None = None
    """What servers that have ended have cost; no part of `status.cost`, and under the limit of `spec.terms.serving` only."""
    burn: Money | None = None
    """What those that run cost an hour."""
    ledger: Annotated[tuple[LedgerEntry, ...], Field(max_length=64)] = ()
    """Their pods; old ones that have ended are in `amount` only."""


class Progress(Model):
    """Training as it goes; at most one write in 30 seconds."""

    step: int
    """Optimizer steps done."""
    steps: int
    """Optimizer steps planned."""
    loss: str
    """Mean loss of the last steps."""
    probe: str | None = None
    """Clean probe: gain so far and outcome, in words."""
    eta_seconds: int | None = None
    """Seconds to the last step at the speed so far."""


class Resolved(Model):
    """The complete plan, config and schedule, with the reason of each choice."""

    plan: Plan
    """Plan with nothing left out."""
    config: Config
    """Config with nothing left out."""
    schedule: Schedule
    """Schedule with nothing left out."""
    reasons: dict[str, str] = Field(default_factory=dict)
    """Field path to one sentence."""
    hours: str
    """Expected hours."""
    prediction: Prediction | None = None
    """Memory and speed that the run is held against afterwards."""


class DeliveryStatus(Model):
    """What is so."""

    observed_generation: int | None = None
    """Generation that all of this is about."""
    stage: str | None = None
    """The first stage that has not passed, or card."""
    state: str | None = None
    """One word: the reason of that stage, or Delivered."""
    message: Annotated[str, StringConstraints(max_length=4096)] | None = None
    """One sentence."""
    gain: str | None = None
    """Gain over the base: of the audit, or of the probe while training."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16)] = ()
    """Ready, the ten stages, and Reconciling or Stalled while true."""
    stages: Annotated[tuple[StageRecord, ...], Field(max_length=10)] = ()
    """Recorded facts of the stages that did work."""
    resolved: Resolved | None = None
    """What is being carried out."""
    progress: Progress | None = None
    """Training as it goes."""
    artifact: Artifact | None = None
    """What was trained."""
    prediction: PredictionStatus | None = None
    """How right the prediction of the training run was."""
    evaluation: EvaluationStatus | None = None
    """The audit."""
    approval: ApprovalStatus | None = None
    """The gate."""
    serving: ServingStatus | None = None
    """What serves."""
    cost: CostStatus | None = None
    """The money."""
    certificate: str | None = None
    """DeliveryCertificate with card, certificate and bill."""
