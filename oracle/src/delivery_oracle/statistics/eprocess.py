"""Wealth of a bettor against "this run is learning" (flag) or "this run is not" (certify).

Per fresh sealed item D = score(candidate) - score(base) lies in [-1, 1]. Betting against the null at
fair odds, the wealth is a non-negative supermartingale under the null, so it ever reaches 1/alpha
with probability at most alpha (Ville), however often it is looked at. Validity needs bounded D, its
conditional mean and a bet fixed before the item is seen; nothing about independence of the steps.

The wealth is computed in log space: a long healthy run would otherwise underflow to a certain zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BET_COUNT = 20
LARGEST_BET = 0.99
FRACTIONS: Floats = np.arange(1, BET_COUNT + 1) / BET_COUNT * LARGEST_BET
BLOCK_ITEMS = 16
READ_EVERY_ITEM = 100_000
CHUNK_ITEMS = BLOCK_ITEMS * 1024


class Process(StrEnum):
    """Which null is bet against."""

    FLAG = "flag"
    CERTIFY = "certify"


class Bets(StrEnum):
    """How the stake is chosen from the past; only the mixture decides, the others are for comparison."""

    MIXTURE = "mixture"
    PLUGIN = "plugin"
    AGRAPA = "agrapa"


@dataclass(frozen=True)
class Wealth:
    """The path of log wealth, one value an item."""

    log_wealth: Floats

    @property
    def last(self) -> float:
        return float(self.log_wealth[-1]) if self.log_wealth.size else 0.0

    @property
    def highest(self) -> float:
        return max(0.0, float(self.log_wealth.max())) if self.log_wealth.size else 0.0

    def first_crossing(self, alpha: float) -> int | None:
        """Items seen when the wealth first reached 1/alpha, or None."""
        hits = np.flatnonzero(self.log_wealth >= -math.log(alpha))
        return int(hits[0]) + 1 if hits.size else None


def differences(values: Any) -> Floats:
    """Values as paired differences; what is not a finite number in [-1, 1] is refused with its position."""
    array = np.asarray(values, dtype=np.float64).ravel()
    bad = np.flatnonzero(~(np.abs(array) <= 1.0))
    if bad.size:
        at = int(bad[0])
        raise ValueError(f"item {at + 1}: difference {array[at]} is not in [-1, 1]; score both models in [0, 1]")
    return array


def per_item(delta: Any, count: int) -> Floats:
    """The minimum gain each item is held against, one value an item."""
    array = np.asarray(delta, dtype=np.float64)
    bad = array[~(np.abs(array) < 1.0)]
    if bad.size:
        raise ValueError(f"delta {bad.flat[0]} is not inside (-1, 1)")
    return np.broadcast_to(array, (count,))


def payoffs(process: Process, values: Any, delta: Any) -> Floats:
    """What one unit of stake wins, scaled so that the most it can lose is one."""
    items = differences(values)
    floor = per_item(delta, items.size)
    if process is Process.FLAG:
        return (floor - items) / (1.0 - floor)
    return (items - floor) / (1.0 + floor)


def wealth(process: Process, values: Any, delta: Any, bets: Bets = Bets.MIXTURE) -> Wealth:
    """Log wealth after each item; `delta` is one number or one per item (a predictable floor)."""
    items = differences(values)
    if bets is Bets.MIXTURE:
        return Wealth(_mixture(payoffs(process, items, delta)))
    floor = per_item(delta, items.size)
    sign = -1.0 if process is Process.FLAG else 1.0
    scores, null_mean = (1.0 + sign * items) / 2.0, (1.0 + sign * floor) / 2.0
    stake = _plugin_stake(scores) if bets is Bets.PLUGIN else _agrapa_stake(scores, null_mean)
    capped = np.clip(stake, 0.0, 0.5 / null_mean)
    return Wealth(np.cumsum(np.log1p(capped * (scores - null_mean))))


def _mixture(gains: Floats) -> Floats:
    """Log of the average wealth of the twenty constant bettors, chunk by chunk in bounded memory.

    Within a block of items the factors themselves are multiplied and only their product goes into a logarithm: ten times as
    fast. Sixteen factors, each of 0.01 to 2e9, cannot leave the range of a double.
    """
    path = np.empty(gains.size)
    carried = np.zeros(BET_COUNT)
    for start in range(0, gains.size, CHUNK_ITEMS):
        part = gains[start : start + CHUNK_ITEMS]
        before, products = _blocks(part, carried)
        top = before.max(axis=1, keepdims=True)
        shares = np.exp(before - top) / BET_COUNT
        mean = np.matmul(products, shares[:, :, None])[..., 0]
        path[start : start + CHUNK_ITEMS] = (np.log(mean) + top).ravel()[: part.size]
        carried = before[-1] + np.log(products[-1, -1])
    return path


def _blocks(gains: Floats, carried: Floats) -> tuple[Floats, Floats]:
    """Log wealth of each bettor before each block, and what each item of a block has made of it since; zeros fill the last."""
    rows = -(-gains.size // BLOCK_ITEMS)
    padded = np.zeros(rows * BLOCK_ITEMS)
    padded[: gains.size] = gains
    products = padded.reshape(rows, BLOCK_ITEMS, 1) * FRACTIONS
    products += 1.0
    for place in range(1, BLOCK_ITEMS):
        np.multiply(products[:, place], products[:, place - 1], out=products[:, place])
    steps = np.vstack((carried, np.log(products[:-1, -1])))
    return np.cumsum(steps, axis=0), products


def highest(process: Process, values: Any, delta: float) -> float:
    """Highest log wealth of the mixture, at least 0; of very many items it is read at every sixteenth, which is as valid."""
    items = differences(values)
    if items.size <= READ_EVERY_ITEM:
        return wealth(process, items, delta).highest
    gains = payoffs(process, items, delta)
    carried, top = np.zeros(BET_COUNT), 0.0
    for start in range(0, gains.size, CHUNK_ITEMS):
        before, products = _blocks(gains[start : start + CHUNK_ITEMS], carried)
        ends = before + np.log(products[:, -1])
        carried = ends[-1]
        top = max(top, float((np.logaddexp.reduce(ends, axis=1)).max()) - math.log(BET_COUNT))
    return top


def _past_moments(scores: Floats) -> tuple[Floats, Floats]:
    """Mean and variance known before each item: one fake observation of mean 1/2 and variance 1/4."""
    seen = np.arange(1, scores.size + 1)
    means = (0.5 + np.cumsum(scores)) / (seen + 1)
    spread = (0.25 + np.cumsum((scores - means) ** 2)) / (seen + 1)
    return np.concatenate(([0.5], means[:-1]))[: scores.size], np.concatenate(([0.25], spread[:-1]))[: scores.size]


def _plugin_stake(scores: Floats, alpha: float = 0.05) -> Floats:
    """Predictable plug-in empirical-Bernstein bets (Waudby-Smith and Ramdas)."""
    _, variance = _past_moments(scores)
    seen = np.arange(1, scores.size + 1)
    return np.sqrt(2.0 * math.log(1.0 / alpha) / (variance * seen * np.log1p(seen)))


def _agrapa_stake(scores: Floats, null_mean: Floats) -> Floats:
    """Approximate growth-rate-adaptive bets (Waudby-Smith and Ramdas)."""
    mean, variance = _past_moments(scores)
    edge = mean - null_mean
    return edge / (variance + edge**2)


def ramp(step: int, warmup_end: int, last_step: int, margin: float) -> float:
    """The floor the run is held against: half the margin at the end of warm-up, the margin at the last step.

    It is never above what the customer asked for, or a run that delivers the margin could be stopped.
    """
    if last_step <= warmup_end:
        return margin
    share = min(1.0, max(0.0, (step - warmup_end) / (last_step - warmup_end)))
    return margin * (0.5 + 0.5 * share)


def weighted_average(log_evalues: Any, weights: Any) -> float:
    """Log of sum(w_k E_k), valid under any dependence: what a pool too small for fresh items gets.

    Looks at the same items must never be multiplied: simulated false alarms were 27-30 % at 5 %.
    """
    logs, shares = np.asarray(log_evalues, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if logs.shape != shares.shape or logs.size == 0:
        raise ValueError(f"{logs.size} e-values need as many weights, found {shares.size}")
    if (shares < 0).any() or float(shares.sum()) > 1.0 + 1e-12:
        raise ValueError(f"weights must be non-negative and sum to at most 1, found a sum of {shares.sum():.6g}")
    top = float(logs.max())
    total = float((shares * np.exp(logs - top)).sum())
    return top + math.log(total) if total > 0 else -math.inf
