"""How far off the estimator is on runs it was not fitted to: whole sources, models and accelerators are left out in turn.

Whatever is left out, the numbers are fitted again without it, and the interval is set from what the others miss.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from delivery_oracle.configurator.coefficients import Coefficients, fitted
from delivery_oracle.configurator.estimates import fits
from delivery_oracle.configurator.footprint import footprint
from delivery_oracle.configurator.throughput import throughput
from experiments.estimate import fit
from experiments.estimate.fit import Pair
from experiments.estimate.published import Published

NEARLY = 0.85
WIDEST = {"memory": 1.58, "speed": 1.58}
"""The most that high over low may be, in the median; an interval wider than a factor of 1.6 says nothing."""
Ratio = tuple[Published, float, float]
"""A run, predicted over measured, and the doubt that its interval is as wide as: 1 for memory, where all are alike."""


@dataclass(frozen=True)
class Miss:
    """One run and by how much the estimate missed it: predicted over measured, and whether the interval held it."""

    row: Published
    ratio: float
    inside: bool

    @property
    def error(self) -> float:
        return abs(self.ratio - 1)


@dataclass(frozen=True)
class Summary:
    """Errors of a group of runs."""

    count: int
    mean: float
    p95: float
    median: float
    inside: float


def summary(misses: Sequence[Miss]) -> Summary:
    errors = np.array([miss.error for miss in misses])
    held = float(np.mean([miss.inside for miss in misses]))
    return Summary(len(misses), float(errors.mean()), float(np.quantile(errors, 0.95)), float(np.median(errors)), held)


def interval(found: Sequence[Ratio], what: str) -> tuple[float, float]:
    """Shares of the estimate between which most measurements lie, to the power of a run's doubt."""
    return window(found, WIDEST["memory"]) if what == "memory" else spread(found, WIDEST["speed"])


def spread(found: Sequence[Ratio], widest: float) -> tuple[float, float]:
    """Even around the estimate, and in the median as wide as it may be: whole sources that are left out need the room."""
    reach = math.log(widest) / 2 / float(np.median([doubt for *_, doubt in found]))
    return math.exp(-reach), math.exp(reach)


def window(found: Sequence[Ratio], widest: float) -> tuple[float, float]:
    """The window that holds most, as wide as it may be.

    Every source weighs by the root of its size. Of windows that hold nearly as much as the best, the most even one is taken.
    """
    sizes = Counter(row.source for row, *_ in found)
    weights = np.array([sizes[row.source] ** -0.5 for row, *_ in found])
    true = np.array([1 / ratio for _, ratio, _ in found])
    lows = np.linspace(1 / widest, 1, 200)
    held = np.array([weights[(true >= low) & (true <= low * widest)].sum() for low in lows])
    good = lows[held >= NEARLY * held.max()]
    low = float(good[np.argmin(np.abs(np.log(good) + math.log(widest) / 2))])
    return low, low * widest


def ratios(pairs: Sequence[Pair], c: Coefficients, what: str) -> list[Ratio]:
    """Predicted over measured of every run that was measured, with its doubt."""
    if what == "memory":
        return [(pair[1], math.exp(fit.memory_error(pair, c)), 1.0) for pair in fit.for_memory(pairs)]
    return [(pair[1], math.exp(fit.speed_error(pair, c)), throughput(pair[0], c).doubt) for pair in fit.for_speed(pairs)]


def misses(found: Sequence[Ratio], span: tuple[float, float]) -> list[Miss]:
    return [Miss(row, ratio, span[0] ** doubt <= 1 / ratio <= span[1] ** doubt) for row, ratio, doubt in found]


def span_of(c: Coefficients, what: str) -> tuple[float, float]:
    """The interval as shipped."""
    if what == "memory":
        return c.memory_low, c.memory_high
    return math.exp(-c.speed_spread), math.exp(c.speed_spread)


def width(pairs: Sequence[Pair], c: Coefficients) -> float:
    """High over low of the speed, in the median."""
    return math.exp(2 * c.speed_spread * float(np.median([doubt for *_, doubt in ratios(pairs, c, "speed")])))


Groups = dict[str, dict[str, list[Ratio]]]
"""By what was left out, memory and speed of its runs."""


def left_out(pairs: Sequence[Pair], group: Callable[[Pair], str]) -> Groups:
    """By group, memory and speed of its runs by numbers that were fitted to the other groups alone."""
    found: Groups = {}
    for name in sorted({group(pair) for pair in pairs}):
        c = fit.fit_all([pair for pair in pairs if group(pair) != name])
        own = [pair for pair in pairs if group(pair) == name]
        found[name] = {what: ratios(own, c, what) for what in WIDEST}
    return found


def judged(found: Groups, what: str) -> list[Miss]:
    """Every run against an interval that is set from what the other groups' runs missed when they were left out."""
    seen: list[Miss] = []
    for name, own in found.items():
        others = [one for other, rows in found.items() if other != name for one in rows[what]]
        seen += misses(own[what], interval(others, what))
    return seen


def shipped(c: Coefficients, by_source: Groups) -> Coefficients:
    """Coefficients with intervals from all runs, each estimated without its own source."""
    spans = {what: interval([one for rows in by_source.values() for one in rows[what]], what) for what in WIDEST}
    return replace(
        c,
        memory_low=spans["memory"][0],
        memory_high=spans["memory"][1],
        speed_spread=math.log(spans["speed"][1]),
    )


GROUPS: dict[str, Callable[[Pair], str]] = {
    "source": lambda pair: pair[1].trainer,
    "model": lambda pair: str(pair[0].base.parameters),
    "accelerator": lambda pair: pair[0].accelerator.name,
}


@dataclass(frozen=True)
class Verdicts:
    """What was said about runs that ran and runs that ran out of memory."""

    ran: int
    ran_true: int
    failed: int
    failed_true: int
    unknown: int


def verdicts(pairs: Sequence[Pair], c: Coefficients | None = None) -> Verdicts:
    """Counts of `fits` against what happened."""
    said = [(pair[1].out_of_memory, fits(pair[0], footprint(pair[0], c or fitted()))) for pair in pairs]
    return Verdicts(
        sum(not failed for failed, _ in said),
        sum(not failed and answer is True for failed, answer in said),
        sum(failed for failed, _ in said),
        sum(failed and answer is True for failed, answer in said),
        sum(answer == "unknown" for _, answer in said),
    )
