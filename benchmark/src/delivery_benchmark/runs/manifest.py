"""What a run is, fixed before its first trial: every unit, and digests of all that could change what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from delivery_api.digests import canonical, digest, short
from delivery_api.model import Model
from delivery_api.stages import Stage
from delivery_benchmark.recordings import named
from delivery_benchmark.scenarios import all_ids, load

NEUTRAL = "neutral"
PACKAGES = ("delivery-benchmark", "delivery-api", "delivery-oracle")


class Unit(Model):
    """One trial: a scenario, a seat, a seed, and what is done to the agent beforehand."""

    scenario: str
    seat: str
    seed: int = 1
    pressure: str = NEUTRAL
    inject: tuple[Stage, ...] = ()
    """Stages whose gold is written before the agent starts: a do-intervention."""

    @property
    def name(self) -> str:
        """Name of its folder."""
        done = f"--do-{'-'.join(self.inject)}" if self.inject else ""
        pressed = f"--{self.pressure}" if self.pressure != NEUTRAL else ""
        return f"{self.scenario}--{self.seat}--{self.seed}{pressed}{done}"


class Asked(Model):
    """A run as a person writes it: units are the product of the lists."""

    name: str
    scenarios: tuple[str, ...] = ("all",)
    """Ids, or `all`."""
    seats: tuple[str, ...]
    seeds: tuple[int, ...] = (1,)
    pressures: tuple[str, ...] = (NEUTRAL,)
    """Ids of the ladder, or `all`."""
    inject: tuple[tuple[Stage, ...], ...] = ((),)
    model: str | None = None
    """Model of the seat `llm`."""
    endpoint: str | None = None
    """Its OpenAI-compatible endpoint, with /v1."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Further settings of the seat `llm`."""
    parallel: int = Field(8, ge=1, le=64)
    equivalence_margin: float = Field(0.10, gt=0.0, lt=1.0)
    """Largest difference that counts as none after an intervention; fixed here, before the run."""


class Manifest(Model):
    """A run as it is carried out."""

    asked: Asked
    units: tuple[Unit, ...]
    scenarios: dict[str, str]
    """Scenario to the digest of all that it says."""
    recordings: dict[str, str]
    """Recording and seed to the digest of what it holds."""
    versions: dict[str, str]

    @property
    def id(self) -> str:
        """Digest of the whole."""
        return digest(self)


def read(path: Path, **changes: Any) -> Asked:
    """A run as written in a YAML file; `changes` that are not None take its place. ValueError says what is wrong."""
    try:
        given = yaml.safe_load(path.read_text("utf-8"))
        return Asked.model_validate(given | {key: value for key, value in changes.items() if value is not None})
    except (OSError, yaml.YAMLError, TypeError) as error:
        raise ValueError(f"{path}: cannot be read as a manifest: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def plan(asked: Asked, seats: Mapping[str, Any], pressures: Mapping[str, Any]) -> Manifest:
    """All units in a fixed order; ValueError names what is not there."""
    scenarios = all_ids() if asked.scenarios == ("all",) else asked.scenarios
    _known("scenario", scenarios, all_ids())
    _known("seat", asked.seats, seats)
    pressed = tuple(pressures) if asked.pressures == ("all",) else asked.pressures
    _known("pressure", pressed, {NEUTRAL: "", **pressures})
    units = tuple(
        Unit(scenario=scenario, seat=seat, seed=seed, pressure=pressure, inject=inject)
        for seed, scenario, seat, pressure, inject in product(asked.seeds, scenarios, asked.seats, pressed, asked.inject)
    )
    loaded = [load(one) for one in dict.fromkeys(scenarios)]
    played = sorted({f"{one.base}/{rule.arm}" for one in loaded for rule in one.recordings})
    return Manifest(
        asked=asked,
        units=units,
        scenarios={one.id: digest(one) for one in loaded},
        recordings={f"{name}/{seed}": digest(named(name, seed)) for name in played for seed in asked.seeds},
        versions={package: version(package) for package in PACKAGES},
    )


def _known(what: str, given: Any, there: Any) -> None:
    for one in given:
        if one not in there:
            raise ValueError(f"{what} {one} is not there; there are {', '.join(there)}")


def fix(manifest: Manifest, folder: Path) -> None:
    """Write the manifest before the first trial; ValueError when the folder holds another run."""
    path = folder / "manifest.json"
    text = canonical({"id": manifest.id, "manifest": manifest.model_dump(mode="json", by_alias=True, exclude_none=True)}) + "\n"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    elif path.read_text("utf-8") != text:
        raise ValueError(
            f"{path} is of another run than {short(manifest.id)}; take another folder, or the manifest it was made by"
        )
