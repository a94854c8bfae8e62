"""Fits the coefficients to the table of published runs, within their documented ranges.

Robust least squares on the logarithm of predicted over measured, every source weighing the same, so that neither one
odd row nor one long table decides. Memory first, then speed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import yaml
from scipy.optimize import least_squares

from delivery_oracle.configurator import run as runs
from delivery_oracle.configurator.coefficients import Coefficients
from delivery_oracle.configurator.footprint import footprint
from delivery_oracle.configurator.run import Run
from delivery_oracle.configurator.throughput import throughput
from experiments.estimate.published import ROOT, Published

FILE = ROOT / "oracle/src/delivery_oracle/data/coefficients.yaml"
MEMORY = ("saved", "working", "slack_static", "slack_dynamic", "slack_sharded", "gathered_layers")
INTERVALS = ("memory_low", "memory_high", "speed_spread")
SPEED = tuple(item.name for item in fields(Coefficients) if item.name not in (*MEMORY, *INTERVALS))
OUTLYING = 0.15
STARTS = (0.25, 0.75)
Pair = tuple[Run, Published]


def ranges() -> dict[str, Any]:
    """The data file, with the range of every number."""
    entries: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return entries


def paired(rows: Iterable[Published]) -> list[Pair]:
    return [(runs.read(one.row), one) for one in rows]


def memory_error(pair: Pair, c: Coefficients) -> float:
    """Logarithm of predicted over measured peak."""
    return math.log(footprint(pair[0], c).peak / (pair[1].peak or math.nan))


def speed_error(pair: Pair, c: Coefficients) -> float:
    return math.log(throughput(pair[0], c).tokens_per_second / (pair[1].speed or math.nan))


def for_memory(pairs: Sequence[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair[1].peak and pair[1].stated]


def for_speed(pairs: Sequence[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair[1].speed]


def fit(
    pairs: Sequence[Pair], names: Sequence[str], error: Callable[[Pair, Coefficients], float], start: Coefficients
) -> Coefficients:
    """The best values of these numbers; those that no row depends on keep their start."""
    entries = ranges()
    low = [float(entries[name]["range"][0]) for name in names]
    high = [float(entries[name]["range"][1]) for name in names]
    sizes = Counter(pair[1].source for pair in pairs)
    weights = np.array([sizes[pair[1].source] ** -0.5 for pair in pairs])

    def residuals(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        c = replace(start, **dict(zip(names, map(float, values), strict=True)))
        missed = np.array([error(pair, c) for pair in pairs])
        held = [0.02 * (value - mid) / (top - bottom) for value, mid, bottom, top in zip(values, begin, low, high, strict=True)]
        return np.concatenate([weights * missed, held])

    begin = [min(max(getattr(start, name), bottom), top) for name, bottom, top in zip(names, low, high, strict=True)]
    nudged = [min(max(value, bottom + 1e-9), top - 1e-9) for value, bottom, top in zip(begin, low, high, strict=True)]
    span = np.subtract(high, low)
    tries = [nudged, *(list(np.add(low, span * share)) for share in STARTS)]
    found = min(
        (
            least_squares(residuals, x, bounds=(low, high), loss="soft_l1", f_scale=OUTLYING, x_scale=span, diff_step=1e-3)
            for x in tries
        ),
        key=lambda result: float(result.cost),
    )
    return replace(start, **dict(zip(names, map(float, found.x), strict=True)))


def neutral() -> Coefficients:
    """The middle of every range: what is assumed of a number that no row tells anything about."""
    return Coefficients(**{name: sum(map(float, entry["range"])) / 2 for name, entry in ranges().items()})


def fit_all(pairs: Sequence[Pair]) -> Coefficients:
    """All numbers from these rows alone."""
    c = fit(for_memory(pairs), MEMORY, memory_error, neutral())
    return fit(for_speed(pairs), SPEED, speed_error, c)


def write(c: Coefficients) -> None:
    """New values into the data file; words and ranges stay as they are."""
    lines, name = [], ""
    for line in FILE.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            name = line.removesuffix(":")
        lines.append(f"  value: {getattr(c, name):.4g}" if line.startswith("  value:") else line)
    FILE.write_text("\n".join(lines) + "\n")


def read() -> Coefficients:
    """The numbers as they stand in the data file, rounded as they are shipped."""
    return Coefficients(**{name: float(entry["value"]) for name, entry in ranges().items()})
