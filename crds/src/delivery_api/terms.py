"""The customer's part of a Delivery. Fixed when the object is created; no gate reads the ticket."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from delivery_api.model import Duration, Fraction, Model, Money
from delivery_api.sources import Source

Metric = Literal["Accuracy", "ExactMatch", "F1"]


class Data(Model):
    """The customer's rows: what may be learned from, and what is only ever used to judge."""

    train: Source
    """Training rows: CSV, JSONL or JSON with the columns that `intake.fields` names."""
    sealed: Source
    """Sealed rows, same columns: the pool of the clean probe and the holdout of the audit. Never trained on."""


class Acceptance(Model):
    """What the customer must get for the delivery to count, fixed before the run."""

    metric: Metric = "Accuracy"
    """Score of one item: Accuracy (label equal), ExactMatch (text equal) or F1 (token overlap in [0,1])."""
    minimum_gain: Fraction
    """Margin over the base that the holdout must show, such as "0.20"."""
    holdout_items: Annotated[int, Field(ge=16, le=100_000)] | None = None
    """Sealed items kept for the audit. Left out: half of the sealed rows, at most 1,000."""


class Budget(Model):
    """The hard limit on what the delivery may cost before it serves."""

    limit: Money
    """Most that all attempts of all stages together may cost; raising it needs the verb `fund`."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    """ISO 4217 code; must be the currency of the accelerator class."""


class ServingTerms(Model):
    """What serving may cost and how long it may last: a limit of its own, apart from the budget."""

    limit: Money | None = None
    """Most that the servers may cost in all, in the budget's currency; raising it needs the verb `fund`. Left out: no limit."""
    time_to_live: Duration | None = None
    """The servers are taken down so long after the first of them started. Left out: they stay."""


class Handling(Model):
    """How the customer's data must be treated."""

    personal_data: Literal["Allow", "Redact", "Refuse"] = "Redact"
    """Personal data in the rows: leave it, replace it before training, or refuse the data."""
    region: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$", max_length=63)] | None = None
    """Pods run only on nodes labelled topology.kubernetes.io/region with this value."""
    retention_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """Days that evidence with per-item outcomes is kept after the delivery has ended."""
    intake_canary: Literal["Required", "Skip"] = "Required"
    """Skip: the customer waives the canary; the certificate then says so."""


class Terms(Model):
    """What the customer asks for and pays for. Never changes, but for a budget that is raised."""

    ticket: Annotated[str, StringConstraints(min_length=1, max_length=8192)]
    """The request in the customer's own words; read by people and agents, by no gate."""
    data: Data
    """The customer's data."""
    acceptance: Acceptance
    """The goal."""
    budget: Budget
    """The limit."""
    handling: Handling = Handling()
    """Treatment of the data."""
    serving: ServingTerms | None = None
    """Limits of what serves."""
