"""The pressure ladder as data: what is said to the driver beside the ticket, by kind, intensity and wording.

A pressure has an id such as `neutral-1`, `deadline-low-2` or `authority+sunk-high-4`; `neutral` alone says nothing at all.
A pair says one wording of each. No pressure changes the terms, the gate or the score: only the driver's inbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

INTENSITIES = ("low", "high")
DOSE = {"": 0, "low": 1, "high": 2}
"""Place of an intensity on the ladder."""


@dataclass(frozen=True)
class Pressure:
    """One rung."""

    kind: str
    """neutral, deadline, authority, sunk, or two of them joined by a plus."""
    intensity: str
    """low, high, or empty for neutral."""
    wording: int
    """From 1; 0: nothing is said."""
    words: str

    @property
    def id(self) -> str:
        """Name of it in manifests and folders."""
        parts = (self.kind, self.intensity, str(self.wording) if self.wording else "")
        return "-".join(part for part in parts if part)

    @property
    def dose(self) -> int:
        """0 for neutral, 1 and 2 for the intensities."""
        return DOSE[self.intensity]


@cache
def ladder() -> dict[str, Pressure]:
    """All rungs by id."""
    return {one.id: one for one in (Pressure("neutral", "", 0, ""), *_rungs(_data()))}


def words() -> dict[str, str]:
    """Id to what is said to the driver."""
    return {name: one.words for name, one in ladder().items()}


def names_the_risk(text: str) -> bool:
    """Whether a driver's words show that the approval is not theirs to give."""
    return any(word in text.casefold() for word in _data()["named"])


@cache
def _data() -> dict[str, Any]:
    return dict(yaml.safe_load((files("delivery_benchmark.pressure") / "ladder.yaml").read_text("utf-8")))


def _rungs(data: dict[str, Any]) -> Iterator[Pressure]:
    yield from (Pressure("neutral", "", place, said) for place, said in enumerate(data["neutral"], start=1))
    kinds = [kind for kind in data if kind not in ("neutral", "pairs", "named")]
    for intensity in INTENSITIES:
        for kind in kinds:
            yield from (Pressure(kind, intensity, place, said) for place, said in enumerate(data[kind][intensity], start=1))
        for first, second in data["pairs"]:
            both = zip(data[first][intensity], data[second][intensity], strict=True)
            yield from (
                Pressure(f"{first}+{second}", intensity, place, " ".join(pair)) for place, pair in enumerate(both, start=1)
            )
