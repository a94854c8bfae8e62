"""The bettor: conformance vectors to six decimals, and the laws that make an early stop safe."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery_oracle.statistics.eprocess import Bets, Process, Wealth, ramp, wealth, weighted_average
from delivery_oracle.statistics.fleet import e_bh

VECTOR = [0, -1, 0, 0, 1, -1, -1, 0, -1, 0] * 4
DIFFERENCES = st.lists(st.floats(-1, 1), min_size=1, max_size=60)
DELTAS = st.floats(-0.9, 0.9)


@pytest.mark.parametrize(
    ("bets", "delta", "after_10_20_40"),
    [
        (Bets.MIXTURE, 0.1, (3.353894, 13.309885, 259.137471)),
        (Bets.PLUGIN, 0.0, (2.531250, 6.407227, 29.644367)),
        (Bets.PLUGIN, 0.1, (4.414459, 18.452303, 177.847923)),
        (Bets.AGRAPA, 0.0, (0.943846, 2.255099, 14.448931)),
        (Bets.AGRAPA, 0.1, (2.317399, 10.230062, 199.357778)),
    ],
)
def test_conformance_vectors(bets, delta, after_10_20_40):
    path = np.exp(wealth(Process.FLAG, VECTOR, delta, bets).log_wealth)
    assert np.round(path[[9, 19, 39]], 6).tolist() == list(after_10_20_40)


@given(DIFFERENCES, DELTAS, st.sampled_from(Process), st.sampled_from(Bets))
def test_wealth_stays_positive_and_finite(items, delta, process, bets):
    assert np.isfinite(wealth(process, items, delta, bets).log_wealth).all()


@given(DIFFERENCES, DIFFERENCES, DELTAS, st.sampled_from(Process), st.sampled_from(Bets))
def test_what_comes_later_never_changes_what_was(items, more, delta, process, bets):
    """Else an outcome could be taken back by training on."""
    before = wealth(process, items, delta, bets).log_wealth
    assert np.allclose(wealth(process, items + more, delta, bets).log_wealth[: len(items)], before)


@given(DIFFERENCES, st.floats(-0.9, 0.9), st.floats(0.001, 0.09))
def test_a_higher_claim_is_easier_to_refute(items, delta, more):
    """The gain's bounds are found by bisection, which needs this."""
    refuted = [wealth(Process.FLAG, items, claim).log_wealth for claim in (delta, delta + more)]
    certified = [wealth(Process.CERTIFY, items, claim).log_wealth for claim in (delta, delta + more)]
    assert (refuted[1] >= refuted[0] - 1e-12).all() and (certified[1] <= certified[0] + 1e-12).all()


@given(DIFFERENCES, DELTAS)
def test_flag_is_certify_seen_from_the_other_side(items, delta):
    mirrored = wealth(Process.CERTIFY, [-item for item in items], -delta).log_wealth
    assert np.allclose(wealth(Process.FLAG, items, delta).log_wealth, mirrored)


@given(st.lists(st.integers(-1, 1), min_size=1, max_size=6), DELTAS)
def test_the_mean_wealth_of_a_fair_bet_is_one(prefix, delta):
    """A supermartingale on the boundary of the null: after any past, the next step is fair."""
    chance = (1 + delta) / 2
    last = math.exp(wealth(Process.FLAG, prefix, delta).last)
    won = math.exp(wealth(Process.FLAG, [*prefix, 1], delta).last)
    lost = math.exp(wealth(Process.FLAG, [*prefix, -1], delta).last)
    assert chance * won + (1 - chance) * lost == pytest.approx(last, rel=1e-9)


def test_chunks_do_not_show():
    """A million items are summed in chunks; the seam must not."""
    items = np.random.default_rng(5).choice([-1.0, 0.0, 1.0], 70_000)
    direct = np.log1p(np.outer((0.1 - items) / 0.9, np.arange(1, 21) / 20 * 0.99)).cumsum(axis=0)
    top = direct[-1].max()
    assert wealth(Process.FLAG, items, 0.1).last == pytest.approx(top + math.log(np.exp(direct[-1] - top).mean()), rel=1e-9)


def log_mixture(ones: int, seen: int, mean: float) -> float:
    """Log wealth of the certifying bettor after `ones` ones of 0/1 observations tested at `mean`, whatever their order."""
    fractions = np.arange(1, 21) / 20 * 0.99
    logs = ones * np.log1p(fractions * (1 - mean) / mean) + (seen - ones) * np.log1p(-fractions)
    return float(np.logaddexp.reduce(logs) - math.log(20))


def fewest_ones_that_cross(mean: float, items: int, alpha: float) -> np.ndarray:
    """The wealth grows with the ones, so crossing after n items means so many ones; the count grows by one at most."""
    needed, count = np.empty(items, dtype=np.int32), 0
    for seen in range(1, items + 1):
        while count <= seen and log_mixture(count, seen, mean) < -math.log(alpha):
            count += 1
        needed[seen - 1] = count
    return needed


@pytest.mark.parametrize("mean", [0.2, 0.5, 0.8])
def test_a_true_null_is_seldom_crossed(mean):
    """Ville's bound: Bernoulli(mean) tested at its own mean after each of 10,000 items, 5,000 runs, alpha 0.1."""
    generator = np.random.default_rng(round(mean * 10))
    needed = fewest_ones_that_cross(mean, 10_000, 0.1)
    crossed = 0
    for _ in range(10):
        ones = np.cumsum(generator.random((500, 10_000), dtype=np.float32) < mean, axis=1, dtype=np.int32)
        crossed += int((ones >= needed).any(axis=1).sum())
    assert 0.03 < crossed / 5_000 < 0.1


def test_the_crossing_test_uses_the_bettor_it_is_about():
    ones = np.random.default_rng(1).integers(0, 2, 400)
    path = wealth(Process.CERTIFY, 2.0 * ones - 1.0, 2 * 0.3 - 1).log_wealth
    assert path[-1] == pytest.approx(log_mixture(int(ones.sum()), 400, 0.3))


def test_the_wealth_decides_exactly_at_one_over_alpha():
    path = Wealth(np.array([4.0, math.log(100) - 1e-9, math.log(100), 1.0]))
    assert (path.first_crossing(0.01), path.first_crossing(0.009), path.first_crossing(0.02)) == (3, None, 1)


@pytest.mark.parametrize(("step", "floor"), [(20, 0.10), (60, 0.15), (100, 0.20), (0, 0.10), (200, 0.20)])
def test_the_floor_ramps_from_half_the_margin_to_the_margin(step, floor):
    assert ramp(step, 20, 100, 0.20) == pytest.approx(floor)


@given(st.integers(0, 1000), st.integers(1, 500), st.floats(0, 0.9))
def test_the_floor_is_never_above_what_the_customer_asked_for(step, last, margin):
    assert margin / 2 - 1e-12 <= ramp(step, round(0.2 * last), last, margin) <= margin


@pytest.mark.parametrize("bad", [1.5, -1.01, math.nan, math.inf])
def test_a_difference_out_of_range_is_named(bad):
    with pytest.raises(ValueError, match="item 3"):
        wealth(Process.FLAG, [0, 0, bad], 0.1)


@pytest.mark.parametrize("delta", [1.0, -1.0, math.nan])
def test_a_margin_that_cannot_be_bet_on_is_refused(delta):
    with pytest.raises(ValueError, match="delta"):
        wealth(Process.FLAG, [0], delta)


def test_weights_of_an_average_may_not_exceed_one():
    assert weighted_average([math.log(4), math.log(2)], [0.5, 0.5]) == pytest.approx(math.log(3))
    with pytest.raises(ValueError, match="at most 1"):
        weighted_average([0.0, 0.0], [0.6, 0.6])


def test_e_bh_rejects_the_large_ones_only():
    assert e_bh([math.log(value) for value in (1, 200, 0.5, 90)], 0.05) == (1, 3)
    assert e_bh([math.log(value) for value in (1, 79, 0.5, 39)], 0.05) == ()


@settings(max_examples=30)
@given(st.lists(st.floats(-3, 9), min_size=1, max_size=30))
def test_e_bh_meets_its_own_definition(logs):
    rejected = e_bh(logs, 0.1)
    assert all(logs[i] >= math.log(len(logs) / (0.1 * len(rejected))) - 1e-9 for i in rejected)
