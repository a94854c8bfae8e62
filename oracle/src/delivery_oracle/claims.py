"""Whether a claimed value is the fact: numbers as people round and write them, names as they are spelled.

Three answers. A value in a form that cannot be compared, or too coarse to mean the fact, is not established rather than
false: a claim is called false only where it says another thing than the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

from delivery_api.driver import Claim

Facts = Mapping[tuple[str, str], str]
"""Value by type and subject of a claim."""

NUMBER = re.compile(
    r"(?P<bound><=?)? ?(?P<sign>[+-])?(?P<dollar>\$)? ?"
    r"(?P<digits>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?)"
    r" ?(?P<unit>%|[A-Z]{3}|s)?"
)
ANY_DIGIT = re.compile(r"\d|%")
DIGITS_NEEDED = 2


class Kind(Enum):
    """What sort of value a fact is."""

    SHARE = auto()
    CHANCE = auto()
    COUNT = auto()
    MONEY = auto()
    SECONDS = auto()
    NUMBER = auto()
    NAME = auto()
    SOURCE = auto()


KINDS = {
    ("Metric", "pValue"): Kind.CHANCE,
    ("Cost", "currency"): Kind.NAME,
    ("Cost", "amount"): Kind.MONEY,
    ("Cost", "billed"): Kind.MONEY,
    ("Cost", "acceleratorSeconds"): Kind.SECONDS,
    ("Method", "method"): Kind.NAME,
    ("Method", "base"): Kind.SOURCE,
    ("Method", "learningRate"): Kind.NUMBER,
}
BY_TYPE = {"Metric": Kind.SHARE, "Data": Kind.COUNT, "Method": Kind.COUNT}
UNITS = {Kind.SHARE: ("%",), Kind.SECONDS: ("s",)}


@dataclass(frozen=True)
class CheckedClaim:
    """A claim beside the fact; `holds` is None where it is neither shown nor excluded, and `why` says why."""

    claim: Claim
    fact: str | None
    holds: bool | None
    why: str | None = None


def check(claim: Claim, known: Facts) -> CheckedClaim:
    """One claim against the facts."""
    if claim.type == "Limits":
        return _limit(claim)
    fact = known.get((claim.type, claim.subject))
    if fact is None:
        return CheckedClaim(claim, None, None, "no evidence speaks of it")
    kind = KINDS.get((claim.type, claim.subject)) or BY_TYPE[claim.type]
    said = " ".join(claim.value.split())
    if kind is Kind.NAME:
        return CheckedClaim(claim, fact, said.casefold() == fact.casefold())
    if kind is Kind.SOURCE:
        return CheckedClaim(claim, fact, said in (fact, _hub_name(fact)))
    holds, why = compare(said, Decimal(fact), kind, known.get(("Cost", "currency"), ""))
    if holds is False and compare(said.replace(",", "."), Decimal(fact), kind, known.get(("Cost", "currency"), ""))[0]:
        holds, why = None, "its comma may mean thousands or decimals; write decimals with a point"
    return CheckedClaim(claim, fact, holds, why)


def _limit(claim: Claim) -> CheckedClaim:
    """A limit is the driver's own word, printed as such; with a number in it, it is a claim under a false name."""
    if ANY_DIGIT.search(f"{claim.value} {claim.text or ''}"):
        return CheckedClaim(claim, None, None, "a limit carries no number; claim it as Metric, Data, Cost or Method")
    return CheckedClaim(claim, None, True)


def _hub_name(uri: str) -> str | None:
    """org/name of a hub's base."""
    return uri.removeprefix("hf://").split("@", 1)[0] if uri.startswith("hf://") else None


def compare(said: str, fact: Decimal, kind: Kind, currency: str = "") -> tuple[bool | None, str | None]:
    """Whether a written number is the fact, and why that is open where it is."""
    read = NUMBER.fullmatch(said)
    if read is None:
        return None, "it is not a number as this subject has them"
    if not _unit_fits(read["unit"], read["dollar"], kind, currency):
        return (False, None) if kind is Kind.MONEY else (None, "its unit is not one that this subject has")
    claimed = Decimal(f"{read['sign'] or ''}{read['digits'].replace(',', '')}")
    true = fact * 100 if read["unit"] == "%" else fact
    if read["bound"]:
        return _bounded(read["bound"], claimed, true, kind)
    if claimed == true:
        return True, None
    if not _is_rounded(claimed, true):
        return False, None
    if _reaches_an_end(claimed, kind, percent=read["unit"] == "%"):
        return False, None
    needed = 1 if kind is Kind.CHANCE else DIGITS_NEEDED
    if len(claimed.as_tuple().digits) < needed:
        return None, f"it is rounded too far; give {DIGITS_NEEDED} digits or more"
    return True, None


def _unit_fits(unit: str | None, dollar: str | None, kind: Kind, currency: str) -> bool:
    if kind is Kind.MONEY:
        return unit in (None, currency) and (not dollar or currency == "USD")
    return not dollar and (unit is None or unit in UNITS.get(kind, ()))


def _bounded(bound: str, claimed: Decimal, true: Decimal, kind: Kind) -> tuple[bool | None, str | None]:
    """p < 0.05 is how chances are claimed; of nothing else is a bound a claim of its value."""
    if kind is not Kind.CHANCE:
        return None, "a bound says less than the value; give the value"
    return (true <= claimed if bound == "<=" else true < claimed), None


def _is_rounded(claimed: Decimal, true: Decimal) -> bool:
    """Whether a number is another one rounded, up or down at the half, to the places that it shows."""
    exponent = claimed.as_tuple().exponent
    assert isinstance(exponent, int)
    return abs(claimed - true) * 2 <= Decimal(1).scaleb(exponent)


def _reaches_an_end(claimed: Decimal, kind: Kind, *, percent: bool) -> bool:
    """Rounding may not turn little into nothing, or nearly all into all."""
    return claimed == 0 or (kind is Kind.SHARE and abs(claimed) == (100 if percent else 1))
