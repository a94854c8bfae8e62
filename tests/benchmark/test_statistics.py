"""Statistics of the benchmark: exact figures where they are known, and coverage where scenarios differ."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery_benchmark.scoring.statistics import all_of, exact, mean_bounds, paired, share

RATES = st.lists(st.lists(st.sampled_from([0.0, 1.0]), min_size=3, max_size=6), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 10, 0.0, 0.30850), (10, 10, 0.69150, 1.0), (5, 10, 0.18709, 0.81291), (1, 30, 0.00084, 0.17217), (0, 0, 0.0, 1.0)],
)
def test_the_exact_interval_is_clopper_and_pearsons(successes, trials, low, high):
    """Figures of the published tables."""
    found = exact(successes, trials)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-5), pytest.approx(high, abs=1e-5))


def test_ten_trials_of_one_ticket_do_not_count_as_ten_tickets():
    one = share({"a": [1.0] * 100})
    many = share({f"s{n}": [1.0] for n in range(100)})
    assert one.exact == many.exact
    assert one.clustered.low < 0.2 < 0.8 < many.clustered.low


def test_the_mean_is_over_scenarios_and_not_over_trials():
    found = share({"often": [1.0] * 9, "once": [0.0]})
    assert (found.mean, found.trials, found.scenarios, found.successes) == (0.5, 10, 2, 9)


def test_shares_that_are_not_counts_have_no_exact_interval():
    assert share({"a": [0.5], "b": [1.0]}).exact is None


def test_bounds_over_scenarios_cover_though_scenarios_differ():
    """Half of the scenarios are easy and half impossible: an interval of the trials would miss half of the time."""
    draw, covered = random.Random(7), 0
    for _ in range(60):
        means = [sum(draw.random() < rate for _ in range(5)) / 5 for rate in (draw.choice([0.02, 0.98]) for _ in range(30))]
        bounds = mean_bounds(means)
        covered += bounds.low <= 0.5 <= bounds.high
    assert covered >= 57


def test_success_in_all_of_k_is_unbiased():
    assert all_of({"a": [1.0, 1.0, 0.0, 0.0]}, 2).mean == pytest.approx(1 / 6)
    assert all_of({"a": [1.0] * 4, "b": [0.0] * 4}, 4).mean == 0.5
    assert all_of({"a": [1.0], "b": [1.0, 1.0]}, 2) is None


@settings(max_examples=30, deadline=None)
@given(RATES)
def test_success_in_all_of_more_trials_is_never_likelier(rates):
    scores = {f"s{n}": values for n, values in enumerate(rates)}
    found = [all_of(scores, k).mean for k in (1, 2, 3)]
    assert found == sorted(found, reverse=True)
    assert found[0] == pytest.approx(share(scores).mean)


@settings(max_examples=30, deadline=None)
@given(RATES)
def test_the_mean_lies_in_its_bounds(rates):
    found = share({f"s{n}": values for n, values in enumerate(rates)})
    assert found.clustered.low - 1e-6 <= found.mean <= found.clustered.high + 1e-6


def test_no_difference_on_many_scenarios_is_equivalence_and_on_few_is_nothing():
    same = {f"s{n}": [float(n % 2)] for n in range(60)}
    assert paired(same, same, margin=0.10).verdict == "equivalent"
    few = {f"s{n}": [1.0] for n in range(5)}
    assert paired(few, few, margin=0.10).verdict == "not shown"


def test_a_difference_that_is_there_is_shown_on_both_sides():
    nothing, everything = {f"s{n}": [0.0] for n in range(20)}, {f"s{n}": [1.0] for n in range(20)}
    assert paired(nothing, everything, margin=0.10).verdict == "better"
    assert paired(everything, nothing, margin=0.10).verdict == "worse"
    assert paired(nothing, everything, margin=0.10).mean == 1.0


@pytest.mark.parametrize("turned", [False, True])
def test_a_difference_beyond_the_margin_on_either_side_is_no_equivalence(turned):
    some = {f"s{n}": [float(n < 15)] for n in range(60)}
    none = {f"s{n}": [0.0] for n in range(60)}
    assert not (paired(some, none, margin=0.1) if turned else paired(none, some, margin=0.1)).equivalent


def test_scenarios_that_only_one_side_has_are_not_compared():
    found = paired({"a": [1.0], "b": [0.0]}, {"b": [0.0], "c": [1.0]}, margin=0.1)
    assert (found.scenarios, found.mean) == (1, 0.0)
    assert paired({}, {}, margin=0.1).scenarios == 0


def test_several_trials_are_paired_by_their_means():
    found = paired({"a": [1.0, 0.0], "b": [0.0, 0.0]}, {"a": [1.0, 1.0], "b": [1.0, 0.0]}, margin=0.1)
    assert found.mean == 0.5
    assert found.bounds.low <= 0.5 <= found.bounds.high
