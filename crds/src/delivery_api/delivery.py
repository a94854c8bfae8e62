"""`Delivery`: one ticket, carried through ten governed stages."""

from typing import Any, Literal

from pydantic import Field

from delivery_api.driver import Approval, Card, Config, Intake, Plan, Schedule, Serving
from delivery_api.model import API_VERSION, Model
from delivery_api.sources import Repository, Source
from delivery_api.status import DeliveryStatus
from delivery_api.terms import Terms


class DeliverySpec(Model):
    """What is wanted. `terms`, `base` and `output` are the customer's and never change; the rest is the driver's."""

    terms: Terms
    """The customer's terms."""
    base: Source
    """Base model, pinned: a causal language model in Hugging Face format."""
    output: Repository
    """Where the artifact goes."""
    intake: Intake
    """How the ticket was read."""
    plan: Plan = Plan()
    """The method."""
    config: Config = Config()
    """Hyper-parameters."""
    schedule: Schedule = Schedule()
    """Where it runs."""
    approval: Approval = Approval()
    """The gate."""
    serving: Serving = Serving()
    """How it is served."""
    card: Card = Card()
    """The driver's claims."""
    suspend: bool = False
    """Pause: running work is stopped, nothing new starts. Deleting the object cancels."""


class Delivery(Model):
    """Post-training as a service, with evidence: one delivery from ticket to certificate."""

    api_version: Literal["ptaas.dev/v1alpha1"] = API_VERSION
    kind: Literal["Delivery"] = "Delivery"
    metadata: dict[str, Any] = Field(default_factory=dict)
    spec: DeliverySpec
    """What is wanted."""
    status: DeliveryStatus | None = None
    """What is so."""
