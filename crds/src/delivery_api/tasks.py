"""What a worker is told, whole, as canonical JSON in the environment variable DELIVERY_TASK.

A worker needs nothing else from the cluster. Secrets are mounted at /secrets/NAME, claims at
/claims/NAME; `inputs` is the digest that names the work and goes into its evidence.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from delivery_api.driver import Config, Fields, Plan
from delivery_api.model import Model, Name
from delivery_api.sources import Repository, Source


class TaskBase(Model):
    """What every task has that leaves evidence."""

    delivery_uid: str
    """Delivery this is for; also the key of the probe's order."""
    inputs: str
    """Inputs digest of the work."""
    attempt: int = 1
    """Attempt."""
    insecure_registries: tuple[str, ...] = ()
    """Registry hosts that speak plain HTTP."""


class TaskCommon(TaskBase):
    """What every task has that looks at rows."""

    base: Source
    """Base model."""
    sealed: Source
    """Sealed rows."""
    fields: Fields
    """Columns."""
    task: Literal["Classification", "ExactMatch", "Extraction"]
    """Kind of task."""
    metric: Literal["Accuracy", "ExactMatch", "F1"]
    """Score of one item."""
    instruction: str | None = None
    """Text before every input."""
    holdout_items: int | None = None
    """Size of the holdout; see `delivery_api.sealed`."""
    personal_data: Literal["Allow", "Redact", "Refuse"] = "Redact"
    """Redact: the worker replaces personal data the same way everywhere."""


class AuditTask(TaskCommon):
    """Read the data and measure it. CPU only."""

    kind: Literal["Audit"] = "Audit"
    train: Source
    """Training rows."""
    canary: bool = True
    """Whether to measure the intake canary."""


class TrainTask(TaskCommon):
    """Train, probe on the way, push the artifact."""

    kind: Literal["Train"] = "Train"
    train: Source
    """Training rows."""
    drop_rows: tuple[int, ...] = ()
    """Row numbers that intake excluded: empty, duplicate or like a sealed item."""
    plan: Plan
    """Complete plan."""
    config: Config
    """Complete config."""
    accelerators: int = 1
    """Accelerators of this run."""
    look_steps: tuple[int, ...]
    """Steps after which the probe looks."""
    look_items: int = 64
    """Fresh sealed items a look."""
    checkpoint_every_steps: int = 25
    """Steps between adapter checkpoints pushed to the output repository."""
    output: Repository
    """Where checkpoints and the artifact go."""
    seconds: int
    """Time that the money buys; the worker stops itself then."""


class EvaluateTask(TaskCommon):
    """Score base and candidate on the holdout, in the serving engine."""

    kind: Literal["Evaluate"] = "Evaluate"
    artifact: Source
    """Candidate, by digest."""
    artifact_kind: Literal["Merged", "Adapter"]
    """Merged weights, or an adapter over the base."""
    labels: tuple[str, ...] = ()
    """Label set of a Classification, as audited."""
    precision: Literal["fp32", "fp16", "bf16"]
    """Number format of the engine."""
    max_tokens: int
    """Most tokens of an answer."""
    sequence_length: int
    """Context of the engine, prompt and answer."""
    seconds: int
    """Time that the money buys."""


class ServeTask(Model):
    """Serve the artifact with the OpenAI API on port 8000."""

    kind: Literal["Serve"] = "Serve"
    base: Source
    """Base model."""
    artifact: Source
    """What was audited and approved, by digest."""
    artifact_kind: Literal["Merged", "Adapter"]
    """Merged weights, or an adapter over the base."""
    model_name: str
    """Name that customers ask for."""
    precision: Literal["fp32", "fp16", "bf16"]
    """As audited."""
    sequence_length: int
    """As audited."""
    insecure_registries: tuple[str, ...] = ()
    """Registry hosts that speak plain HTTP."""


class VerifyTask(TaskCommon):
    """Ask the served endpoint the discordant items. CPU only."""

    kind: Literal["Verify"] = "Verify"
    url: str
    """OpenAI-compatible endpoint, with /v1."""
    model_name: str
    """Name to ask for."""
    items: Annotated[tuple[str, ...], Field(max_length=2000)]
    """Ids of the items to ask: those on which base and candidate differ."""
    labels: tuple[str, ...] = ()
    """Label set of a Classification."""
    max_tokens: int
    """Most tokens of an answer."""


class SignTask(TaskBase):
    """Sign the artifact and store all that is known of it beside it. CPU only; sees neither rows nor weights."""

    kind: Literal["Sign"] = "Sign"
    artifact: str
    """oci:// reference by digest."""
    output: Repository
    """The repository it is in, and the Secret that may push there."""
    key: Name
    """Secret in the work namespace with `key.pem`, and `password` when that is encrypted."""
    certificate: str
    """certificate.json as issued."""
    bill: str
    """bill.json as issued."""
    card: str
    """README.md as issued."""


Task = Annotated[AuditTask | TrainTask | EvaluateTask | ServeTask | VerifyTask | SignTask, Field(discriminator="kind")]
read_task: TypeAdapter[Task] = TypeAdapter(Task)
