"""What an accelerator can do: the catalogue in `data/hardware.yaml`, found by any of the names people use for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import yaml

from delivery_oracle import data

ABSENT = "h200"
"""The class assumed where a row names none."""


@dataclass(frozen=True)
class Hardware:
    """One accelerator: bytes, FLOP/s and bytes/s."""

    name: str
    memory: float
    peak: float
    fp8: float
    fp32: float
    bandwidth: float
    link: float
    per_node: int
    generation: str

    @property
    def is_processor(self) -> bool:
        return self.generation == "processor"


def key(name: str) -> str:
    """Letters and digits of a name, without the maker's."""
    return re.sub(r"[^a-z0-9]", "", name.lower()).removeprefix("nvidia")


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Hardware]:
    """Every known accelerator by every spelling of its name."""
    entries = yaml.safe_load(resources.files(data).joinpath("hardware.yaml").read_text())
    found: dict[str, Hardware] = {}
    for name, entry in entries.items():
        numbers = {field: float(entry[field]) for field in ("memory", "peak", "fp8", "fp32", "bandwidth", "link")}
        one = Hardware(name=name, per_node=entry["per_node"], generation=entry["generation"], **numbers)
        found |= {key(spelling): one for spelling in (name, *entry["aliases"])}
    return found


@lru_cache(maxsize=1024)
def find(name: str) -> Hardware:
    """The accelerator of that name; ValueError names what there is."""
    known = catalogue()
    wanted = key(name)
    if wanted in known:
        return known[wanted]
    begins = sorted((spelling for spelling in known if wanted.startswith(spelling) and len(spelling) > 2), key=len)
    if begins:
        return known[begins[-1]]
    there = ", ".join(dict.fromkeys(one.name for one in known.values()))
    raise ValueError(f"accelerator={name[:60]!r} is not known; use one of {there}, or add it to data/hardware.yaml")
