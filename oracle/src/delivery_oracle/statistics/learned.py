"""Did the candidate learn? The audit's question, with three answers.

Learned: the paired test rejects "no better than the base" and the gain reaches the margin fixed before the run.
Not learned: the upper 95 % bound of the gain is below the margin. Anything else is Unknown: not rejecting is no
proof of not learning, and payment waits for a Pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from delivery_api.finding import Verdict
from delivery_oracle.statistics import betting, interval, mcnemar
from delivery_oracle.statistics.eprocess import Floats
from delivery_oracle.statistics.interval import Interval

ALPHA = 0.05
ROUNDING = 1e-9
NEAR_ZERO = 0.02
MANY_DISCORDANT = 0.05
LOST_IN_SERVING = 0.05
MCNEMAR = "exact one-sided McNemar"
BETTING = "one-sided paired betting"
POPULATION = "in the population that the sealed rows were drawn from"


class Signature(StrEnum):
    """What kind of failure the outcomes look like."""

    NONE = "none"
    INERT = "inert"
    NOISE = "noise"
    RELABELLED = "relabelled"
    SERVING = "serving"


SIGNATURE_TEXT = {
    Signature.NONE: "",
    Signature.INERT: "no item differs from the base: the adapter is inert or was not served",
    Signature.NOISE: "many items differ and none is gained on balance: the objective is noise",
    Signature.RELABELLED: "far below the base: the labels were renamed or the format is wrong",
    Signature.SERVING: "the probe saw the gain in the trainer and the serving engine does not: template, merge or save",
}


@dataclass(frozen=True)
class Comparison:
    """Candidate against base on the same items."""

    verdict: Verdict
    items: int
    base: float
    candidate: float
    gain: float
    wins: int
    losses: int
    p: float
    alpha: float
    interval: Interval
    test: str
    signature: Signature

    @property
    def null(self) -> str:
        """What the test rejects, in words."""
        if self.test == MCNEMAR:
            return f"an item on which the two differ is as likely lost as won, or likelier, {POPULATION}"
        return f"the expected gain is at most 0 {POPULATION}"

    def __str__(self) -> str:
        return (
            f"{self.candidate:.3f} against {self.base:.3f}, gain {self.gain:+.3f} in {self.interval}, "
            f"p={format_p(self.p)} by {self.test}, n={self.items}"
        )


def format_p(p: float) -> str:
    """A p-value as people write it."""
    return "<1e-300" if p == 0.0 else f"{p:.2g}"


def spent_alpha(use: int | None, alpha: float = ALPHA) -> float:
    """Level of the k-th use of one sealed holdout, alpha / (k (k + 1)): together never above alpha.

    None: this is the only use there will ever be.
    """
    if use is None:
        return alpha
    if use < 1:
        raise ValueError(f"use {use} of the holdout: the first is 1")
    return alpha / (use * (use + 1))


def scores(values: Any, name: str) -> Floats:
    """Values as scores; what is not a number in [0, 1] is refused with its position."""
    array = np.asarray(values, dtype=np.float64).ravel()
    bad = np.flatnonzero(~((array >= 0.0) & (array <= 1.0)))
    if bad.size:
        raise ValueError(f"{name} score {array[int(bad[0])]} of item {int(bad[0]) + 1} is not in [0, 1]")
    return array


def compare(
    base: Any, candidate: Any, margin: float, *, use: int | None = None, alpha: float = ALPHA, probed: float | None = None
) -> Comparison:
    """The audit of one candidate; items in the fixed order of the holdout. `probed`: the gain seen in the trainer."""
    before, after = scores(base, "base"), scores(candidate, "candidate")
    if before.size != after.size:
        raise ValueError(f"{before.size} base scores and {after.size} candidate scores; every item needs both")
    if before.size == 0:
        raise ValueError("no items: nothing can be compared")
    if not 0.0 <= margin < 1.0:
        raise ValueError(f"margin {margin} is not in [0, 1)")
    level = spent_alpha(use, alpha)
    gained = after - before
    wins, losses = int((gained > 0).sum()), int((gained < 0).sum())
    gain = float(gained.mean())
    p, bounds, test = _test(before, after, wins, losses, level)
    return Comparison(
        verdict(gain, p, bounds, margin, level), before.size, float(before.mean()), float(after.mean()), gain,
        wins, losses, p, level, bounds, test, signature(gain, wins + losses, before.size, margin, probed),
    )  # fmt: skip


def _test(before: Floats, after: Floats, wins: int, losses: int, level: float) -> tuple[float, Interval, str]:
    """McNemar for 0/1 scores, the betting test for the rest."""
    if np.isin(before, (0.0, 1.0)).all() and np.isin(after, (0.0, 1.0)).all():
        bounds = interval.paired_binary(wins, losses, before.size, level)
        return mcnemar.p_value(wins, losses), bounds, MCNEMAR
    gained = after - before
    return betting.p_value(gained), interval.paired_scores(gained, level), BETTING


def verdict(gain: float, p: float, bounds: Interval, margin: float, level: float) -> Verdict:
    """Pass, Fail or Unknown, as defined at the head of this file."""
    if p <= level and gain >= margin - ROUNDING:
        return Verdict.PASS
    return Verdict.FAIL if bounds.high < margin else Verdict.UNKNOWN


def signature(gain: float, discordant: int, items: int, margin: float, probed: float | None = None) -> Signature:
    """Names the failure; NONE when the run did not fail or the outcomes say nothing."""
    if discordant == 0:
        return Signature.INERT
    if gain >= margin - ROUNDING:
        return Signature.NONE
    if probed is not None and probed >= margin and probed - gain >= max(margin / 2, LOST_IN_SERVING):
        return Signature.SERVING
    if gain <= -max(margin / 2, NEAR_ZERO):
        return Signature.RELABELLED
    if abs(gain) <= max(margin / 4, NEAR_ZERO) and discordant >= MANY_DISCORDANT * items:
        return Signature.NOISE
    return Signature.NONE
