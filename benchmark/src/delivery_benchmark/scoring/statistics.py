"""Shares with intervals, success in all of k trials, and paired differences with an equivalence margin.

Two intervals stand side by side, because two questions are asked of a benchmark. *On these scenarios*: Clopper and Pearson's
exact interval of the trials. *On scenarios like these*: bounds of the mean over scenarios, each scenario one observation,
so that ten trials of one ticket do not count as ten tickets; by betting, exact at any number of scenarios and for any law
(Waudby-Smith and Ramdas, JRSS-B 2024), in the order of the scenarios' ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from scipy.stats import binomtest

from delivery_oracle.statistics import betting
from delivery_oracle.statistics.interval import Interval, paired_binary, paired_scores

ALPHA = 0.05
Scores = Mapping[str, Sequence[float]]
"""Scenario id to the scores, in [0, 1], of its trials."""


@dataclass(frozen=True)
class Share:
    """A mean with both intervals, each two-sided at 95 %; `successes` is None where scores are not 0 or 1."""

    mean: float
    trials: int
    scenarios: int
    successes: int | None
    exact: Interval | None
    clustered: Interval

    def __str__(self) -> str:
        bounds = self.exact or self.clustered
        return f"{self.mean:.3f} [{bounds.low:.3f}, {bounds.high:.3f}]"


def exact(successes: int, trials: int, alpha: float = ALPHA) -> Interval:
    """Clopper and Pearson's two-sided interval of a share; everything from 0 to 1 where there were no trials."""
    if trials == 0:
        return Interval(0.0, 1.0)
    found = binomtest(successes, trials).proportion_ci(1.0 - alpha, method="exact")
    return Interval(float(found.low), float(found.high))


def mean_bounds(values: Sequence[float], alpha: float = ALPHA) -> Interval:
    """Two-sided betting bounds of the mean of independent values in [0, 1]."""
    if not values:
        return Interval(0.0, 1.0)
    spread = 2.0 * np.asarray(values, dtype=float) - 1.0
    low, high = betting.lower_bound(spread, alpha / 2.0), betting.upper_bound(spread, alpha / 2.0)
    return Interval(max(0.0, (low + 1.0) / 2.0), min(1.0, (high + 1.0) / 2.0))


def share(scores: Scores) -> Share:
    """Mean over scenarios of the mean over trials."""
    kept = {name: list(values) for name, values in sorted(scores.items()) if values}
    every = [value for values in kept.values() for value in values]
    means = [sum(values) / len(values) for values in kept.values()]
    binary = all(value in (0.0, 1.0) for value in every)
    successes = int(sum(every)) if binary else None
    return Share(
        mean=sum(means) / len(means) if means else float("nan"),
        trials=len(every),
        scenarios=len(kept),
        successes=successes,
        exact=exact(successes, len(every)) if successes is not None else None,
        clustered=mean_bounds(means),
    )


def all_of(scores: Scores, k: int) -> Share | None:
    """pass^k: chance that k trials of one scenario all succeed, averaged over scenarios; None with fewer trials than k.

    C(successes, k) / C(trials, k) is unbiased for each scenario, whatever its own rate; scores are 0 or 1.
    """
    kept = {name: values for name, values in scores.items() if len(values) >= k}
    if not kept or len(kept) < len(scores):
        return None
    chances = {name: [comb(int(sum(values)), k) / comb(len(values), k)] for name, values in kept.items()}
    found = share(chances)
    return Share(found.mean, sum(map(len, kept.values())), found.scenarios, None, None, found.clustered)


@dataclass(frozen=True)
class Difference:
    """`after` minus `before` on the same scenarios; `bounds` are one-sided, each at 95 %, as an equivalence test needs them."""

    mean: float
    scenarios: int
    bounds: Interval
    margin: float

    @property
    def equivalent(self) -> bool:
        """Whether both one-sided tests exclude a difference as large as the margin."""
        return -self.margin < self.bounds.low and self.bounds.high < self.margin

    @property
    def verdict(self) -> str:
        """In words: what is shown at 5 %, if anything."""
        if self.bounds.low > 0:
            return "better"
        if self.bounds.high < 0:
            return "worse"
        return "equivalent" if self.equivalent else "not shown"


def paired(before: Scores, after: Scores, margin: float) -> Difference:
    """Scenario by scenario; Tango's bounds where every scenario has one 0/1 trial on both sides, else betting bounds."""
    both = sorted(set(before) & set(after))
    pairs = [(_mean(before[name]), _mean(after[name])) for name in both if before[name] and after[name]]
    gains = [later - earlier for earlier, later in pairs]
    if not gains:
        return Difference(float("nan"), 0, Interval(-1.0, 1.0), margin)
    single = all(len(one[name]) == 1 and one[name][0] in (0.0, 1.0) for one in (before, after) for name in both)
    if single:
        bounds = paired_binary(sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains), len(gains), ALPHA)
    else:
        bounds = paired_scores(gains, ALPHA)
    return Difference(sum(gains) / len(gains), len(gains), bounds, margin)


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
