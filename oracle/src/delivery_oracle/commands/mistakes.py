"""All mistakes of a Delivery at once, each with the path as the user typed it.

The API server stops at the first layer: an unknown field hides the rest, a type error hides the rules between
fields. Here wrong parts are set aside so that the rest is still looked at.
"""

from __future__ import annotations

import copy
import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from delivery_api.delivery import Delivery
from delivery_oracle.stages.intake import misread_terms
from delivery_oracle.stages.plan import METHODS

NAME = re.compile(r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
Path = tuple[str | int, ...]

SHA = "sha256:" + "0" * 64
SOURCE = {"uri": f"oci://registry/name@{SHA}"}
SAMPLE: dict[str, Any] = {
    "apiVersion": "ptaas.dev/v1alpha1",
    "kind": "Delivery",
    "metadata": {"name": "sample"},
    "spec": {
        "terms": {
            "ticket": "sample",
            "data": {"train": SOURCE, "sealed": SOURCE},
            "acceptance": {"minimumGain": "0.20"},
            "budget": {"limit": "1"},
        },
        "base": SOURCE,
        "output": {"repository": "oci://registry/name"},
        "intake": {"task": "Classification", "fields": {"input": "input", "target": "target"}, "metric": "Accuracy"},
    },
}
"""Stands in for wrong or missing parts while the rest is looked at."""


@dataclass(frozen=True, order=True)
class Mistake:
    """One line for people."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def shown(path: Path) -> str:
    """A path as typed: spec.card.claims[2].value."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def validate(document: dict[str, Any]) -> Delivery:
    """The document as a Delivery, by the names of the API only and without guessing: "100" is no number."""
    return Delivery.model_validate_json(json.dumps(document, default=str), strict=True, by_alias=True, by_name=False)


def find(document: Any) -> tuple[tuple[Mistake, ...], Delivery | None]:
    """Every mistake, sorted by path, and the Delivery when there is none."""
    if not isinstance(document, dict):
        return (
            Mistake("", f"a {type(document).__name__} is no Delivery; it starts with `apiVersion: ptaas.dev/v1alpha1`"),
        ), None
    found = set(metadata(document))
    try:
        delivery: Delivery | None = validate(document)
    except ValidationError as error:
        found |= {explain(item) for item in error.errors(include_url=False)}
        delivery = mended(document, [item["loc"] for item in error.errors()])
    if delivery is not None:
        found |= between(delivery)
    return tuple(sorted(found)), None if found else delivery


def metadata(document: dict[str, Any]) -> list[Mistake]:
    """What the API server asks of any object."""
    found = [Mistake(key, f"is missing; write `{key}: {SAMPLE[key]}`") for key in ("apiVersion", "kind") if key not in document]
    meta = document.get("metadata")
    name = meta.get("name") if isinstance(meta, dict) else None
    if not isinstance(name, str):
        found.append(Mistake("metadata.name", "is missing; give the delivery a name"))
    elif not NAME.match(name):
        found.append(Mistake("metadata.name", f"{name!r} is no name; use lower-case letters, digits and `-`, at most 63"))
    return found


def explain(error: Any) -> Mistake:
    """One pydantic error in our words: what, and what to do."""
    path: Path = tuple(part for part in error["loc"])
    kind, given = error["type"], error.get("input")
    if kind == "extra_forbidden":
        close = difflib.get_close_matches(str(path[-1]), fields_at(path[:-1]), n=1, cutoff=0.75)
        hint = f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(fields_at(path[:-1])) or 'nothing'}"
        return Mistake(shown(path), f"unknown field; {hint}")
    if kind == "missing":
        return Mistake(shown(path), "is missing")
    if kind == "string_type" and isinstance(given, int | float):
        return Mistake(shown(path), f'{given} must be text; write "{given}" in quotes')
    if kind == "string_pattern_mismatch" and (meaning := description(path)):
        return Mistake(shown(path), f"{given!r} is not right here: {meaning[0].lower() + meaning[1:]}")
    text = str(error["msg"]).removeprefix("Value error, ")
    value = f"{given!r} is wrong: " if isinstance(given, str | int | float | bool) and len(repr(given)) < 60 else ""
    return Mistake(shown(path), value + text[0].lower() + text[1:])


def fields_of(model: type[BaseModel] | None) -> dict[str, Any]:
    """Fields of a type by the names of the API."""
    return {info.alias or name: info for name, info in model.model_fields.items()} if model else {}


def type_at(path: Sequence[str | int]) -> type[BaseModel] | None:
    """The type that a path leads to."""
    model: type[BaseModel] | None = Delivery
    for part in path:
        if isinstance(part, str):
            field = fields_of(model).get(part)
            model = model_in(field.annotation) if field else None
    return model


def fields_at(path: Sequence[str | int]) -> list[str]:
    """Names of the API at a path."""
    return list(fields_of(type_at(path)))


def description(path: Path) -> str:
    """What the API says a field is, without its full stop."""
    field = fields_of(type_at(path[:-1])).get(str(path[-1])) if path else None
    return (field.description or "").rstrip(".").replace("\n", " ") if field else ""


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation such as `tuple[Claim, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := model_in(part))), None)


def mended(document: dict[str, Any], paths: Sequence[Path]) -> Delivery | None:
    """The Delivery with its wrong parts replaced by harmless ones, so that the rules between the others are looked at."""
    rest = copy.deepcopy(document)
    for path in sorted(paths, key=len, reverse=True):
        mend(rest, path)
    try:
        return validate(rest)
    except ValidationError:
        return None


def mend(document: dict[str, Any], path: Path) -> None:
    """Puts the sample's value at a path; leaves out what the sample has not. Lists are left out whole."""
    place: Any = document
    sample: Any = SAMPLE
    cut = next((at for at, part in enumerate(path) if isinstance(part, int)), len(path))
    for part in path[: cut - 1]:
        place = place.get(part) if isinstance(place, dict) else None
        sample = sample.get(part) if isinstance(sample, dict) else None
    if not isinstance(place, dict) or cut == 0:
        return
    key = path[cut - 1]
    if isinstance(sample, dict) and key in sample:
        place[key] = copy.deepcopy(sample[key])
    else:
        place.pop(key, None)


def between(delivery: Delivery) -> set[Mistake]:
    """Rules between fields that need no data."""
    spec, found = delivery.spec, set[Mistake]()
    misread = misread_terms(spec)
    if misread:
        found.add(split(misread.message))
    config, plan = spec.config, spec.plan
    if config.steps and config.warmup_steps and config.warmup_steps > config.steps / 2:
        found.add(Mistake("spec.config.warmupSteps", f"{config.warmup_steps} > half of spec.config.steps={config.steps}"))
    if plan.method not in METHODS:
        found.add(Mistake("spec.plan.method", f"{plan.method} is not run by this trainer; use {', '.join(sorted(METHODS))}"))
    if plan.method == "Full":
        for name in ("rank", "alpha", "targets"):
            if getattr(config, name) is not None:
                found.add(Mistake(f"spec.config.{name}", "has no meaning with spec.plan.method=Full; leave it out"))
        if plan.artifact == "Adapter":
            found.add(Mistake("spec.plan.artifact", "Adapter, but spec.plan.method=Full has none; use Merged or Auto"))
    return found


def split(message: str) -> Mistake:
    """A judge's message as path and text."""
    match = re.match(r"^(spec\.[A-Za-z.]+)[= ]?(.*)$", message)
    return Mistake(match.group(1), match.group(2)) if match else Mistake("", message)
