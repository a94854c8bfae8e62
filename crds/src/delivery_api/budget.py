"""`DeliveryBudget`: what all Deliveries of a namespace together may cost. Who pays sets it, with the verb `fund`.

A reservation is kept here, in one object and by the uid of its Delivery, so that the API server's own optimistic
concurrency is what keeps two replicas from promising the same money twice.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from delivery_api.model import API_VERSION, Fraction, Model, Money
from delivery_api.status import Condition


class DeliveryBudgetSpec(Model):
    """The limit. It holds for every Delivery of the namespace whose budget is in this currency."""

    limit: Money
    """Most that all Deliveries of the namespace may cost together, deleted ones included; changing it needs the verb `fund`."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    """ISO 4217 code. A Delivery whose currency no DeliveryBudget of its namespace has does not start."""
    warn_at: Annotated[tuple[Fraction, ...], Field(max_length=8)] = ("0.8",)
    """Spent shares of the limit that are warned of, such as "0.5" and "0.8"."""


class Reservation(Model):
    """What is set aside for one Delivery, until its bill is final."""

    uid: str
    """Uid of the Delivery."""
    name: str
    """Its name."""
    amount: Money
    """Set aside, at most its `spec.terms.budget.limit`."""
    spent: Money = "0"
    """Part of it that is spent."""


class Refusal(Model):
    """A Delivery for which the money left is too little."""

    name: str
    """Name of the Delivery."""
    wants: Money
    """What would have to be set aside for it."""


class DeliveryBudgetStatus(Model):
    """How the money stands. Computed anew from the Deliveries and the bills of deleted ones; nothing here is counted up."""

    observed_generation: int | None = None
    """Generation that this is about."""
    spent: Money = "0"
    """What all Deliveries have cost so far, whoever pays: pods that have ended, and bills of what was deleted."""
    reserved: Money = "0"
    """Set aside and not spent."""
    available: Money = "0"
    """Neither spent nor set aside."""
    burn: Money = "0"
    """What the accelerators that are held now cost an hour; servers are not counted here."""
    reservations: Annotated[tuple[Reservation, ...], Field(max_length=4096)] = ()
    """By Delivery, oldest first; those with a final bill are in `spent` only."""
    refused: Annotated[tuple[Refusal, ...], Field(max_length=64)] = ()
    """Deliveries that wait for money, oldest first."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=8)] = ()
    """Available: False while a Delivery waits for money. Warned: True once a share of `spec.warnAt` is spent."""


class DeliveryBudget(Model):
    """What all Deliveries of a namespace may cost together. Of several, a Delivery needs room in each of its currency."""

    api_version: Literal["ptaas.dev/v1alpha1"] = API_VERSION
    kind: Literal["DeliveryBudget"] = "DeliveryBudget"
    metadata: dict[str, Any] = Field(default_factory=dict)
    spec: DeliveryBudgetSpec
    """The limit."""
    status: DeliveryBudgetStatus | None = None
    """How the money stands."""
