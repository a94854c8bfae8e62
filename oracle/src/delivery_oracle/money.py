"""Money and time, exact: decimals from the ledger to the bill, never a float."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from delivery_api.status import LedgerEntry

SECONDS_AN_HOUR = Decimal(3600)
SMALLEST = Decimal("0.000001")


@dataclass(frozen=True)
class Account:
    """What all closed entries of a ledger come to."""

    accelerator_seconds: Decimal
    amount: Decimal
    open_pods: tuple[str, ...]


def text(value: Decimal) -> str:
    """A decimal as the API writes money: at most six places, no trailing zeros, no exponent."""
    rounded = value.quantize(SMALLEST, rounding=ROUND_HALF_EVEN)
    plain = f"{rounded:f}".rstrip("0").rstrip(".")
    return plain if plain not in ("", "-0") else "0"


def price(accelerator_seconds: Decimal, per_hour: Decimal) -> Decimal:
    """Accelerator-seconds at an hourly price."""
    return accelerator_seconds * per_hour / SECONDS_AN_HOUR


def seconds_between(start: str, end: str) -> Decimal:
    """Seconds between two RFC 3339 times; ValueError when the end is before the start."""
    delta = _time(end) - _time(start)
    micros = Decimal(delta.days * 86_400 + delta.seconds) + Decimal(delta.microseconds) / 1_000_000
    if micros < 0:
        raise ValueError(f"it ends at {end}, before it starts at {start}")
    return micros


def _time(value: str) -> datetime:
    return datetime.fromisoformat(value.replace("Z", "+00:00"))


def account(ledger: Iterable[LedgerEntry]) -> Account:
    """Sums every closed entry once; a pod listed twice is refused, or it would be charged twice."""
    seconds, weighted, still_open, seen = Decimal(0), Decimal(0), [], set[str]()
    for entry in ledger:
        if entry.pod in seen:
            raise ValueError(f"pod {entry.pod} is in the ledger twice")
        seen.add(entry.pod)
        if entry.finished_at is None:
            still_open.append(entry.pod)
            continue
        held = seconds_between(entry.started_at, entry.finished_at) * entry.accelerators
        seconds += held
        weighted += held * Decimal(entry.price_per_hour)
    # One division at the end: a rounded quotient an entry would make the bill depend on their order.
    amount = (weighted / SECONDS_AN_HOUR).quantize(SMALLEST, rounding=ROUND_HALF_EVEN)
    return Account(seconds, amount, tuple(still_open))


def seconds_bought(left: Decimal, per_hour: Decimal, accelerators: int) -> int:
    """Whole seconds that the money left buys; a free accelerator is bounded by a year."""
    if per_hour <= 0:
        return 31_536_000
    return max(0, int(left * SECONDS_AN_HOUR / (per_hour * accelerators)))
