"""Worst-case laws on the boundary of the null: each item's conditional mean is exactly the floor, and the rest is chosen badly.

A law for the flag becomes one for the certificate by turning every difference and the floor around: the two bettors are mirror
images (tests/oracle), so both are simulated with the bettor of the flag.
"""

from __future__ import annotations

import numpy as np

from delivery_oracle.statistics.eprocess import FRACTIONS, Floats
from experiments.guarantees.simulate import Law, Past, two_points


def static(past: Past, generator: np.random.Generator) -> Floats:
    """One item in ten changes for the worse, and as many for the better as the floor needs."""
    losses = 0.10 + max(0.0, -past.floor)
    uniform = generator.random(past.last.size)
    return np.where(uniform < losses, -1.0, np.where(uniform < 2 * losses + past.floor, 1.0, 0.0))


def extreme(past: Past, generator: np.random.Generator) -> Floats:
    """Every item is won or lost: the largest variance there is."""
    return two_points(-1.0, 1.0, past.floor, generator.random(past.last.size))


def rare(past: Past, generator: np.random.Generator) -> Floats:
    """Nearly every item gains a little more than the floor, and a rare one is lost outright."""
    return two_points(-1.0, past.floor + 0.03, past.floor, generator.random(past.last.size))


def drifting(past: Past, generator: np.random.Generator) -> Floats:
    """From all or nothing at the start to rare losses at the end."""
    high = 1.0 - past.progress * (1.0 - past.floor - 0.03)
    return two_points(-1.0, high, past.floor, generator.random(past.last.size))


def dependent(past: Past, generator: np.random.Generator) -> Floats:
    """After a loss all or nothing, after a win hardly anything moves: losses come in bursts."""
    after_loss = past.last < past.floor
    high = np.where(after_loss, 1.0, past.floor + 0.05)
    low = np.where(after_loss, -1.0, past.floor - 0.05)
    return two_points(low, high, past.floor, generator.random(past.last.size))


def adversary(alpha: float) -> Law:
    """Sees every bettor's wealth and plays for the flag: all or nothing, and never further over 1/alpha than it needs.

    It chooses each item's law, not the order of the items. By Ville's inequality no law does better than alpha.
    """

    def draw(past: Past, generator: np.random.Generator) -> Floats:
        now, pull = past.bettors.mean(axis=0), (past.bettors * FRACTIONS[:, None]).mean(axis=0)
        with np.errstate(divide="ignore"):
            payoff = np.where(pull > 0.0, (1.0 / alpha - now) * (1.0 + 1e-9) / pull, np.inf)
        largest = (1.0 + past.floor) / (1.0 - past.floor)
        low = past.floor - (1.0 - past.floor) * np.where(payoff > 0.0, np.minimum(payoff, largest), largest)
        return two_points(low, 1.0, past.floor, generator.random(past.last.size))

    return draw


LAWS: tuple[tuple[str, Law, str], ...] = (
    ("static", static, "one item in ten lost, the rest as the floor needs"),
    ("all or nothing", extreme, "every item won or lost"),
    ("rare losses", rare, "small gains, and a rare item lost outright"),
    ("drifting", drifting, "from all or nothing to rare losses"),
    ("dependent", dependent, "losses come in bursts"),
)
"""Laws that know nothing of alpha; the adversary comes beside them."""
