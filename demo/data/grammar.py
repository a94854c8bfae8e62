"""Patterns to phrases: `(a|b)` is a choice that may nest, `{slot}` is a filling.

The content lives in two TOML files beside this one, so that a desk can be added or a phrase
improved without touching code.
"""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .draw import Draw

Split = Literal["train", "sealed"]

_HERE = Path(__file__).parent
_INNERMOST = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")
_MONTHS = ("Jan", "Feb", "March", "April", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec")
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_DIGITS = "0123456789"


@dataclass(frozen=True)
class Phrases:
    """Everything a message of one split may be made of.

    `own` patterns belong to this split alone; `shared` ones serve both, but each of their
    wordings belongs to one split only (see `belongs_to`).
    """

    own: dict[str, tuple[str, ...]]
    shared: dict[str, tuple[str, ...]]
    greetings: tuple[str, ...]
    closings: tuple[str, ...]
    contexts: tuple[str, ...]
    slots: dict[str, tuple[str, ...]]


def load(split: Split) -> Phrases:
    """The phrases of one split; the two splits share no wording and no context sentence."""
    intents = tomllib.loads((_HERE / "intents.toml").read_text("utf-8"))
    phrases = tomllib.loads((_HERE / "phrases.toml").read_text("utf-8"))

    def half(table: dict[str, list[str]]) -> tuple[str, ...]:
        return tuple(table["both"] if "both" in table else table[split])

    return Phrases(
        own={name: tuple(table["sealed"] if split == "sealed" else ()) for name, table in intents.items()},
        shared={name: tuple(table["train"]) for name, table in intents.items()},
        greetings=half(phrases["greetings"]),
        closings=half(phrases["closings"]),
        contexts=half(phrases["contexts"]),
        slots={name: half(table) for name, table in phrases["slots"].items()},
    )


def belongs_to(wording: str) -> Split:
    """The split that owns one wording of a shared pattern: every fifth is sealed."""
    return "sealed" if hashlib.sha256(wording.encode()).digest()[0] % 5 == 0 else "train"


def choose(pattern: str, draw: Draw) -> str:
    """Resolve every `(a|b)`, innermost first."""
    while (found := _INNERMOST.search(pattern)) is not None:
        chosen = draw.pick(found.group(1).split("|"))
        pattern = pattern[: found.start()] + chosen + pattern[found.end() :]
    return re.sub(r"\s+", " ", pattern).strip()


def fill(text: str, slots: dict[str, tuple[str, ...]], draw: Draw) -> str:
    """Replace every `{slot}`; the same slot twice gives two different fillings."""
    used: set[str] = set()

    def filling(found: re.Match[str]) -> str:
        name = found.group(1)
        value = _value(name, slots, draw)
        while value in used:
            value = _value(name, slots, draw)
        used.add(value)
        return value

    return _SLOT.sub(filling, text)


def _value(name: str, slots: dict[str, tuple[str, ...]], draw: Draw) -> str:
    if name in slots:
        return draw.pick(slots[name])
    match name:
        case "date":
            return _date(draw)
        case "time":
            return f"{draw.between(5, 23)}:{draw.pick(('00', '15', '20', '40', '55'))}"
        case "ref":
            return draw.letters(_LETTERS, 2) + draw.letters(_DIGITS, 4)
        case "amount":
            return f"{draw.between(9, 389)} euros" if draw.chance(0.5) else f"€{draw.between(9, 389)}.{draw.between(10, 99)}"
        case "seat":
            return f"{draw.between(1, 96)}{draw.pick('ABCD')}"
        case "email":
            initial, name = draw.pick("abcdefghjkmnprst"), draw.letters("aeioulmnrst", 6)
            return f"{initial}.{name}@example.{draw.pick(('org', 'com', 'net'))}"
        case "phone":
            return f"+1 202 555 01{draw.letters(_DIGITS, 2)}"
    raise KeyError(f"Slot {{{name}}} has no filling; add [slots.{name}] to phrases.toml")


def _date(draw: Draw) -> str:
    day, month = draw.between(1, 28), draw.between(1, 12)
    forms = (f"{day} {_MONTHS[month - 1]}", f"{_MONTHS[month - 1]} {day}", f"{day}.{month}.", f"the {day}{_ordinal(day)}")
    return draw.pick(forms)


def _ordinal(day: int) -> str:
    return "th" if 4 <= day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
