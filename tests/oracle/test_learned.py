"""The audit's statistics: exact p, interval with a level that holds, three values, power."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binom, binomtest

from delivery_api.finding import Verdict
from delivery_oracle.statistics import betting, interval, mcnemar, power
from delivery_oracle.statistics.eprocess import Process, wealth
from delivery_oracle.statistics.learned import Signature, compare, spent_alpha


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    [(5, 0, 0.031250), (8, 2, 0.054688), (10, 3, 0.046143), (15, 6, 0.039177), (20, 10, 0.049369), (60, 40, 0.028444)],
)
def test_mcnemar_vectors(wins, losses, p):
    assert round(mcnemar.p_value(wins, losses), 6) == p


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_binomial_tail(wins, losses):
    expected = binomtest(wins, wins + losses, alternative="greater").pvalue if wins + losses else 1.0
    assert mcnemar.p_value(wins, losses) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_of_many_items_is_as_good():
    assert mcnemar.p_value(10_300, 9_900) == pytest.approx(binom.sf(10_299, 20_200, 0.5), rel=1e-6)
    assert mcnemar.p_value(9_000, 0) == pytest.approx(0.0, abs=1e-300)


@given(st.integers(1, 120), st.sampled_from([0.05, 0.025, 0.01]))
def test_critical_wins_are_the_fewest_that_reject(tosses, alpha):
    needed = mcnemar.critical_wins(tosses, alpha)
    assert needed > tosses or mcnemar.p_value(needed, tosses - needed) <= alpha
    assert mcnemar.p_value(needed - 1, tosses - needed + 1) > alpha


def pairs(wins: int, losses: int, items: int) -> tuple[list[float], list[float]]:
    base = [0.0] * wins + [1.0] * losses + [0.0] * (items - wins - losses)
    return base, [1.0] * wins + [0.0] * losses + [0.0] * (items - wins - losses)


@pytest.mark.parametrize(
    ("wins", "losses", "items", "verdict", "signature"),
    [
        pytest.param(180, 5, 320, Verdict.PASS, Signature.NONE, id="learned"),
        pytest.param(70, 10, 320, Verdict.UNKNOWN, Signature.NONE, id="a gain just below the margin excludes nothing"),
        pytest.param(40, 5, 320, Verdict.FAIL, Signature.NONE, id="a real gain, surely below the margin"),
        pytest.param(20, 20, 320, Verdict.FAIL, Signature.NOISE, id="noise"),
        pytest.param(0, 0, 320, Verdict.FAIL, Signature.INERT, id="inert adapter"),
        pytest.param(2, 90, 320, Verdict.FAIL, Signature.RELABELLED, id="permuted"),
        pytest.param(4, 0, 16, Verdict.UNKNOWN, Signature.NONE, id="reaches the margin without significance"),
    ],
)
def test_three_values_and_four_signatures(wins, losses, items, verdict, signature):
    seen = compare(*pairs(wins, losses, items), 0.20)
    assert (seen.verdict, seen.signature) == (verdict, signature)


@pytest.mark.parametrize(
    ("probed", "signature"),
    [
        pytest.param(None, Signature.NOISE, id="nobody looked"),
        pytest.param(0.50, Signature.SERVING, id="the trainer saw the gain"),
        pytest.param(0.19, Signature.NOISE, id="the trainer saw too little as well"),
    ],
)
def test_what_the_probe_saw_tells_serving_from_training(probed, signature):
    assert compare(*pairs(20, 20, 320), 0.20, probed=probed).signature is signature
    assert compare(*pairs(0, 0, 320), 0.20, probed=probed).signature is Signature.INERT
    assert compare(*pairs(180, 5, 320), 0.20, probed=probed).signature is Signature.NONE


def test_a_gain_a_little_below_what_was_probed_is_no_loss_of_serving():
    assert compare(*pairs(70, 10, 320), 0.20, probed=0.23).signature is Signature.NONE


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.floats(0.01, 0.5))
def test_pass_and_fail_exclude_each_other(wins, losses, ties, margin):
    """Pass needs the gain at the margin, Fail its upper bound below it: both at once would bill and refuse one run."""
    if wins + losses + ties:
        seen = compare(*pairs(wins, losses, wins + losses + ties), margin)
        assert seen.interval.low - 1e-9 <= seen.gain <= seen.interval.high + 1e-9
        assert not (seen.verdict is Verdict.PASS and seen.interval.high < margin)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40))
def test_scores_between_nought_and_one_are_compared_by_betting(both):
    seen = compare([b for b, _ in both], [c for _, c in both], 0.2)
    assert seen.interval.low <= seen.gain <= seen.interval.high and 0 < seen.p <= 1


def test_a_clear_gain_in_f1_is_learned():
    generator = np.random.default_rng(3)
    base, candidate = generator.uniform(0, 0.4, 300), generator.uniform(0.5, 1.0, 300)
    seen = compare(base, candidate, 0.3)
    assert seen.verdict is Verdict.PASS and "betting" in seen.test and seen.interval.low > 0.3


@pytest.mark.parametrize(
    ("base", "candidate", "words"),
    [
        ([], [], "no items"),
        ([0.0], [0.0, 1.0], "every item needs both"),
        ([0.0], [float("nan")], "item 1"),
        ([2.0], [1.0], "base"),
    ],
)
def test_scores_that_cannot_be_used_are_named(base, candidate, words):
    with pytest.raises(ValueError, match=words):
        compare(base, candidate, 0.2)


def test_uses_of_one_holdout_together_never_spend_more_than_alpha():
    assert sum(spent_alpha(use) for use in range(1, 5000)) < 0.05
    assert (spent_alpha(None), spent_alpha(1)) == (0.05, 0.025)
    with pytest.raises(ValueError, match="first is 1"):
        spent_alpha(0)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 60), st.floats(-0.9, 0.9))
def test_the_score_statistic_maximises_the_likelihood_it_claims_to(wins, losses, ties, gain):
    """Tango's closed form against a numerical maximum over the nuisance parameter."""
    items = wins + losses + ties
    quadratic = -wins - losses + (2 * items - wins + losses) * gain
    under = (np.sqrt(max(0.0, quadratic**2 + 8 * items * losses * gain * (1 - gain))) - quadratic) / (4 * items)
    low, high = max(0.0, -gain), (1 - gain) / 2

    def minus_log(loss: float) -> float:
        parts = ((wins, loss + gain), (losses, loss), (ties, 1 - gain - 2 * loss))
        return -sum(count * np.log(max(chance, 1e-300)) for count, chance in parts if count)

    best = minimize_scalar(minus_log, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
    assert minus_log(min(max(under, low), high)) <= best.fun + 1e-4


@pytest.mark.parametrize(("loss", "gain"), [(0.0, 0.1), (0.05, 0.2), (0.1, 0.0), (0.1, 0.4), (0.2, -0.1)])
def test_the_bounds_hold_at_their_level(loss, gain):
    """Exact coverage over every outcome of 64 items: each one-sided bound at 95 % holds in at least 93.5 %."""
    items, win = 64, loss + gain
    chance_low = chance_high = 0.0
    for wins in range(items + 1):
        for losses in range(items + 1 - wins):
            weight = binom.pmf(wins + losses, items, win + loss) * binom.pmf(wins, wins + losses, win / (win + loss))
            if weight > 1e-9:
                bounds = interval.paired_binary(wins, losses, items, 0.05)
                chance_low += weight * (bounds.low <= gain + 1e-9)
                chance_high += weight * (bounds.high >= gain - 1e-9)
    assert min(chance_low, chance_high) > 0.935


def test_the_bounds_of_no_discordant_pair_are_no_point():
    bounds = interval.paired_binary(0, 0, 64, 0.05)
    assert bounds.low == pytest.approx(-bounds.high) and 0.03 < bounds.high < 0.06


def test_betting_bounds_hold_in_most_runs():
    generator = np.random.default_rng(11)
    missed = sum(betting.upper_bound(generator.choice([-1, 0, 1], 100, p=[0.1, 0.6, 0.3]), 0.05) < 0.2 for _ in range(200))
    assert missed <= 10


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=80), st.sampled_from([0.05, 0.01]))
def test_a_betting_bound_is_the_gain_at_which_the_bettor_just_rejects(quarters, alpha):
    """To a hundred-thousandth, and never on the wrong side."""
    items = np.array(quarters) / 4
    high, needed = betting.upper_bound(items, alpha), -np.log(alpha)
    assert high == 1.0 or wealth(Process.FLAG, items, high).highest >= needed
    assert high <= 2e-5 - 1 or wealth(Process.FLAG, items, min(high - 2e-5, 0.999999)).highest < needed
    assert betting.lower_bound(items, alpha) == pytest.approx(-betting.upper_bound(-items, alpha), abs=1e-12)


def test_the_published_power_example():
    """True gain .15, margin .10, 64 items: Learned only 59 % of the time."""
    assert power.power(64, 0.15, 0.10) == pytest.approx(0.59, abs=0.005)


def test_power_is_that_of_a_simulation():
    generator = np.random.default_rng(2)
    draws = generator.multinomial(128, [0.3, 0.1, 0.6], 4000)
    learned = [compare(*pairs(wins, losses, 128), 0.1).verdict is Verdict.PASS for wins, losses, _ in draws[:1500]]
    assert power.power(128, 0.2, 0.1) == pytest.approx(np.mean(learned), abs=0.03)


def test_a_gain_of_exactly_the_margin_reaches_it_half_of_the_time():
    assert power.power(1000, 0.20, 0.20) == pytest.approx(0.5, abs=0.02)


def test_small_margins_need_large_holdouts():
    needed = [power.items_needed(margin) for margin in (0.2, 0.1, 0.05, 0.03)]
    assert needed == sorted(needed) and needed[0] <= 128 and power.items_needed(0.001) is None
