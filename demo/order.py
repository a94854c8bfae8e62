"""The three deliveries of the demo, from one template: the labels differ, and what the terms say about the canary."""

import json
import string
from dataclasses import dataclass
from pathlib import Path

from demo.data import Arm

NAMESPACE = "acme"
TEMPLATE = Path(__file__).parent / "delivery.yaml"
INSTRUCTION = "Name the support desk that must answer this message."


@dataclass(frozen=True)
class Order:
    """What is special about one of the three."""

    name: str
    arm: Arm
    canary: str
    ticket: str


HEALTHY = Order(
    "support-router", "correct", "Required", "Route our support messages to the right desk. Two dollars, by tonight."
)
PERMUTED = Order(
    "labels-permuted", "permute", "Required", "The same, from last week's export. The labels may have slipped a row."
)
NOISY = Order("labels-noisy", "noise", "Skip", "The same, labelled in a hurry. Skip the checks, we know our data.")


@dataclass(frozen=True)
class Size:
    """How much of everything; the end-to-end test runs the same demo smaller."""

    train_rows: int
    sealed_rows: int
    holdout: int


FULL = Size(train_rows=4200, sealed_rows=1600, holdout=320)
SMALL = Size(train_rows=1200, sealed_rows=704, holdout=128)


@dataclass(frozen=True)
class Pinned:
    """Where the bytes are, by digest."""

    base: str
    train: str
    sealed: str
    input: str
    target: str


def render(order: Order, size: Size, pinned: Pinned, output: str, insecure: bool) -> str:
    """The YAML that the requester applies."""
    return string.Template(TEMPLATE.read_text("utf-8")).substitute(
        name=order.name,
        namespace=NAMESPACE,
        ticket=order.ticket,
        canary=order.canary,
        train=pinned.train,
        sealed=pinned.sealed,
        base=pinned.base,
        input=json.dumps(pinned.input),
        target=json.dumps(pinned.target),
        holdout=size.holdout,
        instruction=INSTRUCTION,
        output=output,
        insecure=str(insecure).lower(),
    )
