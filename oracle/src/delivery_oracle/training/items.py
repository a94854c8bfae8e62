"""Sealed rows as the probe asks them: each known by the digest of its two texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from delivery_api.digests import item_id


@dataclass(frozen=True, slots=True)
class Item:
    """One sealed row: what the model is given, and what it must answer."""

    id: str
    text: str
    target: str


def items_of(rows: Iterable[Mapping[str, Any]], text: str, target: str) -> dict[str, Item]:
    """Rows by their id, each once; `text` and `target` are the columns."""
    found: dict[str, Item] = {}
    for number, row in enumerate(rows):
        missing = [column for column in (text, target) if column not in row]
        if missing:
            there = ", ".join(map(str, row))
            raise ValueError(f"sealed row {number} has no column {missing[0]!r}; it has {there}: set text= and target=")
        given, wanted = str(row[text]), str(row[target])
        found.setdefault(item_id(given, wanted), Item(item_id(given, wanted), given, wanted))
    return found
