"""What a delivery will cost, with a low and a high estimate, in exact decimals of whole seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from delivery_api.accelerator import AcceleratorClassSpec
from delivery_oracle import money
from delivery_oracle.configurator.speed import LOW, Duration


@dataclass(frozen=True)
class Price:
    """Expected price with its interval."""

    expected: Decimal
    low: Decimal
    high: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{cents(self.expected)} {self.currency} ({cents(self.low)} to {cents(self.high)})"


def cents(amount: Decimal) -> str:
    """An amount as people read it; a real amount is never shown as nothing."""
    shown = amount.quantize(Decimal("0.01"))
    return f"{shown:f}" if shown or not amount else money.text(amount)


def estimate(duration: Duration, kind: AcceleratorClassSpec, count: int = 1) -> Price:
    """Price of the accelerator-seconds before serving."""
    per_hour, seconds = Decimal(kind.price_per_hour), duration.accelerator_seconds(count)
    low, expected, high = (
        money.price(Decimal(math.ceil(seconds * share)), per_hour).quantize(money.SMALLEST)
        for share in (LOW, 1, duration.spread)
    )
    return Price(expected, low, high, kind.currency)
