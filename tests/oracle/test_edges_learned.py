"""As test_edges, of the paired tests: each case was written against a mutant that the other tests let live."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom, multinomial

from delivery_api.finding import Verdict
from delivery_oracle.statistics import mcnemar, power
from delivery_oracle.statistics.interval import Interval, paired_binary
from delivery_oracle.statistics.learned import BETTING, MCNEMAR, Signature, compare, signature
from delivery_oracle.statistics.learned import verdict as decide


def test_scores_of_which_only_one_side_is_nought_or_one_are_no_counts():
    """McNemar would take a gain of a hundredth for a win."""
    base, candidate = [0.0] * 40, [0.01] * 40
    for before, after in ((base, candidate), ([0.99] * 40, [1.0] * 40)):
        seen = compare(before, after, 0.2)
        assert seen.test == BETTING and seen.verdict is Verdict.FAIL
    assert compare([0, 1], [1, 1], 0.2).test == MCNEMAR


@pytest.mark.parametrize(
    ("gain", "p", "high", "verdict"),
    [
        pytest.param(0.2, 0.05, 0.4, Verdict.PASS, id="p at the level"),
        pytest.param(0.2 - 1e-9, 0.01, 0.4, Verdict.PASS, id="a gain that rounding put below the margin"),
        pytest.param(0.2 - 3e-9, 0.01, 0.4, Verdict.UNKNOWN, id="a gain below the margin"),
        pytest.param(0.3, 0.0501, 0.4, Verdict.UNKNOWN, id="p above the level"),
        pytest.param(0.1, 0.01, 0.2, Verdict.UNKNOWN, id="the bound at the margin excludes nothing"),
        pytest.param(0.1, 0.01, 0.1999, Verdict.FAIL, id="the bound below the margin"),
    ],
)
def test_a_verdict_at_its_limits(gain, p, high, verdict):
    assert decide(gain, p, Interval(-1.0, high), 0.2, 0.05) is verdict


@pytest.mark.parametrize(
    ("gain", "discordant", "probed", "expected"),
    [
        pytest.param(0.4, 90, None, Signature.NONE, id="reaches the margin"),
        pytest.param(0.4 - 1e-9, 90, 0.9, Signature.NONE, id="reaches the margin but for rounding"),
        pytest.param(0.4 - 3e-9, 90, 0.9, Signature.SERVING, id="does not reach it"),
        pytest.param(0.2, 90, 0.4, Signature.SERVING, id="half the margin lost, probed at the margin"),
        pytest.param(0.21, 90, 0.4, Signature.NONE, id="less than half the margin lost"),
        pytest.param(-0.2, 90, None, Signature.RELABELLED, id="half the margin below the base"),
        pytest.param(-0.19, 90, None, Signature.NONE, id="less than that"),
        pytest.param(0.1, 90, None, Signature.NOISE, id="a quarter of the margin is near nought"),
        pytest.param(0.11, 90, None, Signature.NONE, id="more is not"),
        pytest.param(0.0, 5, None, Signature.NOISE, id="one item in twenty is many"),
        pytest.param(0.0, 4, None, Signature.NONE, id="fewer are not"),
    ],
)
def test_a_signature_at_its_limits(gain, discordant, probed, expected):
    assert signature(gain, discordant, 100, 0.4, probed) is expected


def score_by_likelihood(wins: int, losses: int, items: int, gain: float) -> float:
    """The score statistic with the loss rate that maximises the likelihood under the claimed gain, found numerically."""
    low, high = max(0.0, -gain), (1.0 - gain) / 2.0

    def minus_log(loss: float) -> float:
        parts = ((wins, loss + gain), (losses, loss), (items - wins - losses, 1 - gain - 2 * loss))
        return -sum(count * math.log(max(chance, 1e-300)) for count, chance in parts if count)

    loss = minimize_scalar(minus_log, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    return (wins - losses - items * gain) / math.sqrt(items * (2 * loss + gain * (1 - gain)))


@pytest.mark.parametrize(
    ("wins", "losses", "items"),
    [(9, 4, 40), (4, 9, 40), (30, 2, 64), (2, 30, 64), (1, 1, 16), (70, 25, 320), (0, 19, 20), (19, 0, 20), (0, 10, 22)],
)
def test_bounds_of_counts_are_where_the_score_is_critical(wins, losses, items):
    bounds = paired_binary(wins, losses, items, 0.05)
    assert score_by_likelihood(wins, losses, items, bounds.low) == pytest.approx(1.6448536, abs=2e-3)
    assert score_by_likelihood(wins, losses, items, bounds.high) == pytest.approx(-1.6448536, abs=2e-3)


def test_bounds_of_all_won_and_of_all_lost_end_at_one():
    assert paired_binary(20, 0, 20, 0.05).high == 1.0 and paired_binary(0, 20, 20, 0.05).low == -1.0
    square = 1.6448536**2
    assert paired_binary(1, 0, 1, 0.05).low == pytest.approx((1 - square) / (1 + square), abs=1e-6)
    assert paired_binary(20, 0, 20, 0.05).low == pytest.approx((20 - square) / (20 + square), abs=1e-6)
    assert paired_binary(0, 20, 20, 0.05).high == pytest.approx((square - 20) / (20 + square), abs=1e-6)


@pytest.mark.parametrize(("wins", "losses", "items"), [(0, 0, 0), (-1, 3, 9), (3, -1, 9), (5, 5, 9), (0, 0, -1)])
def test_counts_that_cannot_be_are_refused(wins, losses, items):
    with pytest.raises(ValueError, match="do not fit"):
        paired_binary(wins, losses, items, 0.05)


def test_a_comparison_says_all_it_rests_on():
    seen = compare([0, 0, 0, 1, 1], [1, 1, 1, 0, 1], 0.2, use=2, alpha=0.12, probed=0.9)
    assert (seen.items, seen.base, seen.candidate, seen.gain) == (5, 0.4, 0.8, pytest.approx(0.4))
    assert (seen.wins, seen.losses, seen.alpha, seen.p) == (3, 1, pytest.approx(0.02), 0.3125)
    assert seen.interval == paired_binary(3, 1, 5, seen.alpha) and seen.verdict is Verdict.UNKNOWN
    low, high = seen.interval.low, seen.interval.high
    assert str(seen) == (
        f"0.800 against 0.400, gain +0.400 in [{low:+.3f}, {high:+.3f}], p=0.31 by exact one-sided McNemar, n=5"
    )
    assert compare([0], [1], 0.0).alpha == 0.05 and compare([0, 0], [0, 1], 0.9, probed=0.9).signature is Signature.NONE


@pytest.mark.parametrize("margin", [1.0, 1.5, -0.01])
def test_a_margin_outside_of_its_interval_is_refused(margin):
    with pytest.raises(ValueError, match=r"^margin .* is not in \[0, 1\)$"):
        compare([0], [1], margin)


@pytest.mark.parametrize(
    ("base", "candidate", "words"),
    [
        ([2], [1], "^base score 2.0 of item 1 is"),
        ([1], [-1], "^candidate score -1.0 of item 1 is"),
        ([], [], "^no items: nothing"),
    ],
)
def test_what_cannot_be_compared_is_named(base, candidate, words):
    with pytest.raises(ValueError, match=words):
        compare(base, candidate, 0.2)


@pytest.mark.parametrize(("trials", "chance"), [(1, 0.5), (7, 0.2), (40, 0.93), (5, 0.0), (5, 1.0)])
def test_binomial_probabilities_are_scipys(trials, chance):
    assert power.binomial_pmf(trials, chance) == pytest.approx(binom.pmf(np.arange(trials + 1), trials, chance), abs=1e-12)


def power_of_every_outcome(items: int, wins: float, losses: float, margin: float, alpha: float) -> float:
    """The sum over all counts of wins and losses that reach the margin and are significant."""
    chance = 0.0
    for won in range(items + 1):
        for lost in range(items + 1 - won):
            if mcnemar.p_value(won, lost) <= alpha and won - lost >= margin * items - 1e-9:
                chance += multinomial.pmf([won, lost, items - won - lost], items, [wins, losses, max(0.0, 1 - wins - losses)])
    return chance


@pytest.mark.parametrize(
    ("items", "gain", "margin", "alpha"),
    [
        (12, 0.6, 0.3, 0.05),
        (12, 0.6, 0.5, 0.3),
        (30, 0.2, 0.1, 0.05),
        (6, 0.95, 0.2, 0.05),
        (16, 0.0, 0.0, 0.2),
        (2, 0.5, 0.0, 0.6),
    ],
)
def test_power_is_the_chance_of_all_outcomes_that_pass(items, gain, margin, alpha):
    wins = min(gain + 0.1, 0.9)
    expected = power_of_every_outcome(items, wins, 0.1, margin, alpha)
    assert power.power(items, gain, margin, alpha=alpha) == pytest.approx(expected, abs=1e-9)


def test_who_never_wins_has_no_power():
    assert power.power(64, -0.15, 0.1) == power.power(64, -0.3, 0.1) == 0.0


@pytest.mark.parametrize(("wins", "losses", "p"), [(0, 0, 1.0), (0, 3, 1.0), (1, 0, 0.5), (1, 1, 0.75), (2, 0, 0.25)])
def test_mcnemar_of_hardly_any_items(wins, losses, p):
    assert mcnemar.p_value(wins, losses) == p


@pytest.mark.parametrize("tosses", [10_001, 21_027, 24_061])
def test_a_p_of_very_many_items_is_no_more_than_one(tosses):
    """Logarithms add up to a little more, or less."""
    assert 1.0 - 1e-9 < mcnemar.p_value(1, tosses - 1) <= 1.0


@pytest.mark.parametrize(("wins", "losses"), [(-1, 2), (2, -1)])
def test_one_negative_count_is_enough_to_refuse(wins, losses):
    with pytest.raises(ValueError, match="must not be negative"):
        mcnemar.p_value(wins, losses)


def test_fewest_wins_where_the_last_toss_decides():
    """Five of five are needed at 0.05 (p is 1/32), and all but none of one toss at a level of one."""
    assert mcnemar.critical_wins(5, 0.05) == 5 and mcnemar.critical_wins(4, 0.05) == 5 and mcnemar.critical_wins(1, 0.999) == 1
    assert mcnemar.critical_wins(2, 0.99) == 1 and mcnemar.log_factorials(3).size == 4
