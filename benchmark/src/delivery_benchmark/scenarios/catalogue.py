"""Where scenarios are found: one YAML file each, in `tickets/`; adding a file adds a scenario."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

from delivery_benchmark.scenarios.model import Scenario

TICKETS = files("delivery_benchmark.scenarios") / "tickets"


@cache
def all_ids() -> tuple[str, ...]:
    """Ids of all scenarios, sorted."""
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in TICKETS.iterdir() if entry.name.endswith(".yaml")))


@cache
def load(scenario_id: str) -> Scenario:
    """The scenario of an id; KeyError says which there are."""
    if scenario_id not in all_ids():
        raise KeyError(f"There is no scenario {scenario_id}; there are {', '.join(all_ids())}")
    read = yaml.safe_load((TICKETS / f"{scenario_id}.yaml").read_text(encoding="utf-8"))
    return Scenario.model_validate({"id": scenario_id} | read)
