"""The driver's part of a Delivery: how the ticket was read, and how it is to be carried out.

A driver (a person, a controller or an agent) may change all of it; what the change affects is run
again under another inputs digest, and what it does not affect is not.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from delivery_api.model import Duration, Model, Name, Rate
from delivery_api.terms import Metric

Text = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class Fields(Model):
    """Columns of the data."""

    input: Text
    """Column with what the model is given."""
    target: Text
    """Column with what the model must answer."""


class Intake(Model):
    """How the ticket was read."""

    task: Literal["Classification", "ExactMatch", "Extraction"]
    """Classification: one of the labels that occur in the data. ExactMatch: a text. Extraction: a part of the input."""
    fields: Fields
    """Which columns are input and target."""
    metric: Metric
    """The metric the driver understood; must be the one the terms name."""
    instruction: Annotated[str, StringConstraints(max_length=2048)] | None = None
    """Text put before every input, in training, audit and serving alike."""


class Plan(Model):
    """The method."""

    method: Literal["LoRA", "QLoRA", "Full"] = "LoRA"
    """What is trained."""
    loss_on: Literal["Completion", "All"] = "Completion"
    """Tokens in the loss: the answer only, or the prompt too."""
    packing: bool = True
    """Several rows in one sequence, with attention kept apart row by row."""
    artifact: Literal["Auto", "Merged", "Adapter"] = "Auto"
    """What is registered and served. Auto: merged weights up to 2 billion parameters, an adapter above."""


class Config(Model):
    """Hyper-parameters. Left out: the configurator's; given: certified against it."""

    precision: Literal["fp32", "fp16", "bf16"] | None = None
    """Number format of weights and computation."""
    micro_batch_size: Annotated[int, Field(ge=1, le=4096)] | None = None
    """Rows in one forward pass of one accelerator."""
    accumulation_steps: Annotated[int, Field(ge=1, le=4096)] | None = None
    """Forward passes in one optimizer step."""
    sequence_length: Annotated[int, Field(ge=16, le=1_048_576)] | None = None
    """Longest row in tokens; longer rows are a mistake at intake, never cut silently."""
    steps: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    """Optimizer steps."""
    warmup_steps: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """Steps of linear warm-up; linear decay to zero follows."""
    learning_rate: Rate | None = None
    """Peak learning rate, such as "1e-3"."""
    parallelism: Literal["DataParallel", "FSDP"] | None = None
    """How several accelerators share the run: each holds a copy of the model, or each a part of it. Left out with one."""
    optimizer: Literal["AdamW"] | None = None
    """Optimizer."""
    rank: Annotated[int, Field(ge=1, le=1024)] | None = None
    """LoRA rank."""
    alpha: Annotated[int, Field(ge=1, le=4096)] | None = None
    """LoRA alpha."""
    targets: Annotated[tuple[Text, ...], Field(max_length=32)] | None = None
    """Module names that get an adapter; ["all-linear"] means every linear layer but the head."""
    gradient_checkpointing: bool | None = None
    """Recompute activations in the backward pass."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """Seed of order and initialisation."""


class Schedule(Model):
    """Where it runs. Left out: the cheapest accelerator class that fits."""

    accelerator_class: Name | None = None
    """Name of an AcceleratorClass."""
    count: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Accelerators of the training run, on all nodes together."""
    nodes: Annotated[int, Field(ge=1, le=128)] | None = None
    """Nodes that they are spread over evenly. Left out: as few as there is room on."""
    deadline: Duration | None = None
    """Longest that training and audit may take by the high estimate, such as 12h; more accelerators are used to keep to it."""
    queue: Name | None = None
    """Kueue LocalQueue in the work namespace; Jobs are then created suspended with its label."""


class Approval(Model):
    """The gate before deploy."""

    required: Annotated[int, Field(ge=1, le=5)] = 1
    """Approvers needed, each another person. It can be raised later, never lowered."""
    groups: Annotated[tuple[Text, ...], Field(min_length=1, max_length=8)] | None = None
    """Groups, as the API server knows them, of which an approver must belong to one. Left out: whoever has the verb.
    Fixed when the object is created."""
    expires_after: Duration = "72h"
    """An approval request older than this must be renewed with the annotation ptaas.dev/retry."""


class Serving(Model):
    """How the artifact is served."""

    runtime: Literal["Auto", "Deployment", "InferenceService"] = "Auto"
    """Auto: InferenceService where KServe is installed, else a Deployment."""
    replicas: Annotated[int, Field(ge=0, le=64)] = 1
    """Servers."""


class Claim(Model):
    """One statement about the delivery. It is checked against evidence, and struck through where it does not hold."""

    type: Literal["Metric", "Data", "Cost", "Method", "Limits"]
    """What it is about."""
    subject: Text
    """Which number or fact: Metric: base, candidate, gain, pValue. Data: trainRows, sealedRows, labels, personalData.
    Cost: amount, billed, acceleratorSeconds. Method: method, rank, steps, learningRate, base.
    Limits: languages, domain, other."""
    value: Text
    """The claimed value."""
    text: Annotated[str, StringConstraints(max_length=512)] | None = None
    """A limit in the driver's own words, without a number. Any other claim is printed as type, subject and value."""


class Card(Model):
    """What the driver says about the delivery."""

    claims: Annotated[tuple[Claim, ...], Field(max_length=64)] = ()
    """Each is checked."""
