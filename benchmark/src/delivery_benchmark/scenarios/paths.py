"""Reading and writing a field of a plain object by its path, as people type it: `spec.intake.fields.target`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def at(whole: Mapping[str, Any], path: str) -> Any:
    """The value there, or None where the path leads nowhere; an empty object counts as left out."""
    place: Any = whole
    for key in path.split("."):
        if not isinstance(place, Mapping) or key not in place:
            return None
        place = place[key]
    return None if place in ({}, []) else place


def fits(whole: Mapping[str, Any], wanted: Mapping[str, tuple[Any, ...]]) -> bool:
    """Whether every path has one of the values named for it."""
    return all(at(whole, path) in allowed for path, allowed in wanted.items())


def put(whole: dict[str, Any], path: str, value: Any, *, drop_null: bool = False) -> None:
    """Set the value there; with `drop_null` a null removes the field, else it stands as a merge patch needs it."""
    *parents, last = path.split(".")
    place = whole
    for key in parents:
        place = place.setdefault(key, {})
    if value is None and drop_null:
        place.pop(last, None)
    else:
        place[last] = value
