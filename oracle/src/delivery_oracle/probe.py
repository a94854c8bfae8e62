"""The clean probe: the looks of a training run as two bets, recomputed whole from the evidence at every pass.

Nothing is carried from pass to pass: the same evidence gives the same outcome, after a crash as well. Looks are
bound to the lineage of the run: after a resume the first look of a step counts and a repeat is ignored; an item
scored twice at different steps is refused, since its second score is no fresh evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from delivery_api.evidence import Look, TrainEvidence
from delivery_oracle.statistics.eprocess import Process, Wealth, ramp, wealth
from delivery_oracle.statistics.learned import POPULATION

ALPHA_FLAG = 0.01
ALPHA_CERTIFY = 0.05
WARMUP_SHARE = 0.20


class Outcome(StrEnum):
    """What the probe knows so far. Undecided is not a certificate."""

    NOT_LEARNING = "NotLearning"
    LEARNING = "Learning"
    UNDECIDED = "Undecided"


@dataclass(frozen=True)
class Assessment:
    """Both processes over all looks; wealth and steps have one value a look.

    The outcome is read at the ends of looks only: within a look the order of items then cannot matter, whoever chose it.
    """

    outcome: Outcome
    looks: int
    items: int
    gain: float
    flag: Wealth
    certify: Wealth
    steps: tuple[int, ...]
    decided_at: int | None
    message: str


class StrangeItem(ValueError):
    """An item is not of the probe pool, or not in the order fixed before any score was seen."""


class RepeatedItem(ValueError):
    """An item was scored at two different steps of one lineage."""


def firsts(attempts: Iterable[TrainEvidence]) -> tuple[Look, ...]:
    """The first look of each step, in order of steps; attempts of one lineage, oldest first."""
    first: dict[int, Look] = {}
    for attempt in attempts:
        for look in attempt.looks:
            first.setdefault(look.step, look)
    return tuple(first[step] for step in sorted(first) if first[step].items)


def looks_of(attempts: Iterable[TrainEvidence], warmup_end: int) -> tuple[Look, ...]:
    """Those after the warm-up: only they count."""
    kept = tuple(look for look in firsts(attempts) if look.step >= warmup_end)
    seen: dict[str, int] = {}
    for look in kept:
        for item in look.items:
            if item.id in seen:
                raise RepeatedItem(f"item {item.id} is scored at step {seen[item.id]} and again at step {look.step}")
            seen[item.id] = look.step
    return kept


def in_order(looks: Iterable[Look], pool: Sequence[str]) -> None:
    """Refuses looks that are not, one after another, the beginning of the pool: an item left out may have been picked."""
    known, taken = frozenset(pool), 0
    for look in looks:
        ids = [item.id for item in look.items]
        strange = next((item for item in ids if item not in known), None)
        if strange is not None:
            raise StrangeItem(f"item {strange} at step {look.step} is not of the probe pool that intake fixed")
        due = pool[taken : taken + len(ids)]
        if set(ids) != set(due):
            raise StrangeItem(f"step {look.step} scored items out of the order that intake fixed")
        taken += len(ids)


def assess(
    attempts: Sequence[TrainEvidence],
    *,
    margin: float,
    planned_steps: int,
    pool: Sequence[str] | None = None,
    alpha_flag: float = ALPHA_FLAG,
    alpha_certify: float = ALPHA_CERTIFY,
) -> Assessment:
    """Outcome of the probe. ValueError when the evidence cannot be used, with the item that spoils it."""
    warmup_end = round(WARMUP_SHARE * planned_steps)
    looks = looks_of(attempts, warmup_end)
    if pool is not None:
        in_order(firsts(attempts), pool)
    sizes = [len(look.items) for look in looks]
    floors = np.repeat([ramp(look.step, warmup_end, planned_steps, margin) for look in looks], sizes)
    gains = np.array([item.candidate - item.base for look in looks for item in look.items])
    ends = np.cumsum(sizes, dtype=np.int64) - 1
    flag = Wealth(wealth(Process.FLAG, gains, floors).log_wealth[ends])
    certify = Wealth(wealth(Process.CERTIFY, gains, margin).log_wealth[ends])
    flagged, certified = flag.first_crossing(alpha_flag), certify.first_crossing(alpha_certify)
    outcome = Outcome.NOT_LEARNING if flagged else Outcome.LEARNING if certified else Outcome.UNDECIDED
    decisive = flagged or certified
    steps = tuple(look.step for look in looks)
    decided_at = steps[decisive - 1] if decisive else None
    # A flag's sentence is about the items up to the flag, so that looks that arrive later do not change it.
    said = gains[: ends[flagged - 1] + 1] if flagged else gains
    gain = float(said.mean()) if said.size else 0.0
    message = sentence(outcome, gain, said.size, decided_at, margin, alpha_flag, alpha_certify)
    return Assessment(outcome, len(looks), gains.size, gain, flag, certify, steps, decided_at, message)


def sentence(
    outcome: Outcome, gain: float, items: int, step: int | None, margin: float, alpha_flag: float, alpha_certify: float
) -> str:
    """The outcome with its null in words and the population it speaks of."""
    seen = f"gain {gain:+.3f} on {items} fresh sealed items"
    learning = f"every item after the warm-up is expected to gain at least {margin / 2:.3f} rising to the margin {margin:.3f}"
    at_most = f"the expected gain is at most {margin:.3f}"
    if outcome is Outcome.NOT_LEARNING:
        return f"{seen} by step {step}: rejected at {alpha_flag:g} that {learning} {POPULATION}"
    if outcome is Outcome.LEARNING:
        return f"{seen}: rejected at {alpha_certify:g} by step {step} that {at_most} {POPULATION}; the audit still decides"
    neither = f"rejected neither at {alpha_flag:g} that {learning}, nor at {alpha_certify:g} that {at_most}"
    return f"{seen}: undecided, {neither}, {POPULATION}"
