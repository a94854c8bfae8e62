"""Cases that a wrong sign, index or bound would change: each was written against a mutant that the other tests let live."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import binomtest

from delivery_oracle.probe import Outcome, assess
from delivery_oracle.statistics import betting, foresight, power
from delivery_oracle.statistics.eprocess import (
    READ_EVERY_ITEM,
    Bets,
    Process,
    Wealth,
    differences,
    highest,
    per_item,
    ramp,
    wealth,
    weighted_average,
)
from delivery_oracle.statistics.fleet import e_bh
from delivery_oracle.statistics.interval import wilson
from delivery_oracle.statistics.learned import format_p, scores
from delivery_oracle.statistics.reuse import reused
from tests.oracle import world as w


def of(*looks):
    return assess([w.train(looks=tuple(looks))], margin=0.20, planned_steps=100)


@pytest.mark.parametrize(
    ("hits", "trials", "alpha"), [(0, 9, 0.05), (9, 9, 0.05), (3, 9, 0.05), (70, 300, 0.05), (70, 300, 0.2)]
)
def test_wilson_is_scipys(hits, trials, alpha):
    expected = binomtest(hits, trials).proportion_ci(1 - alpha, method="wilson")
    assert (wilson(hits, trials, alpha).low, wilson(hits, trials, alpha).high) == pytest.approx(tuple(expected), abs=1e-9)


def test_wilson_of_nothing_excludes_nothing():
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0) and wilson(1, 1).low > 0
    assert wilson(70, 300) == wilson(70, 300, 0.05)


@pytest.mark.parametrize(
    ("looks", "starts", "step"),
    [
        pytest.param(
            w.NOISY, "gain -0.016 on 128 fresh sealed items by step 30: rejected at 0.01 that every item", 30, id="flag"
        ),
        pytest.param(
            w.HEALTHY, "gain +0.453 on 384 fresh sealed items: rejected at 0.05 by step 20 that the exp", 20, id="certificate"
        ),
        pytest.param(
            (w.look(20, 12, 2),),
            "gain +0.156 on 64 fresh sealed items: undecided, rejected neither at 0.01 that",
            None,
            id="neither",
        ),
        pytest.param(
            (), "gain +0.000 on 0 fresh sealed items: undecided, rejected neither at 0.01 that every item", None, id="none"
        ),
    ],
)
def test_the_sentence_says_what_was_decided_on_how_many_items(looks, starts, step):
    seen = of(*looks)
    assert seen.message.startswith(starts) and seen.decided_at == step
    assert seen.message.endswith(("were drawn from", "the audit still decides"))
    assert seen.steps == tuple(look.step for look in looks) and seen.looks == len(looks)


def test_an_undecided_sentence_names_both_nulls():
    said = of(w.look(20, 12, 2)).message
    assert (
        "at least 0.100 rising to the margin 0.200, nor at 0.05 that the expected gain is at most 0.200, in the population"
        in said
    )


def test_the_gain_of_a_flag_ends_with_the_look_of_the_flag():
    """Losses in the last item of the first look and wins in the second must not be mixed."""
    first, second = w.look(20, 0, 64), w.look(30, 64, 0)
    seen = of(first, second)
    assert seen.outcome is Outcome.NOT_LEARNING and seen.gain == -1.0
    later = of(w.look(20, 12, 2), w.look(30, 0, 64), w.look(40, 64, 0))
    assert later.decided_at == 30 and later.gain == pytest.approx((10 - 64) / 128)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 1.5])
def test_a_rate_outside_of_the_open_interval_is_refused(alpha):
    with pytest.raises(ValueError, match="not inside"):
        e_bh([1.0], alpha)


def test_e_bh_rejects_at_exactly_its_limit():
    assert e_bh([math.log(1 / 0.05)], 0.05) == (0,) and e_bh([], 0.05) == ()
    with pytest.raises(ValueError, match=r"^an e-value is not a number; leave the delivery out or judge it anew$"):
        e_bh([1.0, math.nan], 0.05)


def test_weights_may_be_nought_and_may_add_up_to_one():
    assert weighted_average([0.0, 5.0], [1.0, 0.0]) == 0.0
    assert weighted_average([math.log(3), 0.0], [0.25, 0.75]) == pytest.approx(math.log(1.5))
    assert weighted_average([1.0], [0.0]) == -math.inf
    assert weighted_average([0, 0], [1, 0]) == 0.0
    for logs, weights in (([], []), ([0.0, 0.0], [0.5]), ([0.0, 0.0], [-0.1, 0.5])):
        with pytest.raises(ValueError, match="weights"):
            weighted_average(logs, weights)


def test_numbers_of_any_kind_are_counted_in_doubles():
    """Margins come as decimals, counts as small whole numbers that cannot be negative."""
    small, tenth = np.array([1, 0, 1], dtype=np.uint8), Decimal("0.1")
    assert differences(small).dtype == per_item(0, 2).dtype == scores(small, "base").dtype == np.float64
    assert wealth(Process.FLAG, [Decimal(-1), tenth], tenth).last == wealth(Process.FLAG, [-1, 0.1], 0.1).last
    assert scores([tenth], "base").tolist() == [0.1]
    assert weighted_average(np.array([0, 5], dtype=np.uint8), [1.0, 0.0]) == 0.0
    assert weighted_average([tenth], [Decimal(1)]) == 0.1
    with pytest.raises(ValueError, match="sum to at most 1"):
        weighted_average(np.zeros(2000), np.full(2000, 0.0005, dtype=np.float16))


def test_a_bettor_never_bets_on_the_other_side():
    """After a win aGRAPA would bet that gains are larger than the null; the null is that they are."""
    path = wealth(Process.FLAG, [1.0] * 20, 0.1, Bets.AGRAPA).log_wealth
    assert (np.diff(path) <= 0.0).all() and path[-1] == path[1]


def test_one_planned_look_has_the_whole_weight():
    look = [-1.0] * 5
    assert reused(Process.FLAG, [look], [0.1], 1).log_wealth.tolist() == pytest.approx([wealth(Process.FLAG, look, 0.1).last])
    assert reused(Process.CERTIFY, [look], [0.1], 1).last < 0


def test_simulated_looks_have_the_shares_that_were_asked_for():
    counted = foresight.crossing_paths(Process.FLAG, (0.2,), (0.0, 1.0), 64)
    assert counted[0, 0] == pytest.approx(wealth(Process.FLAG, [-1.0] * 64, 0.2).last)
    tied = foresight.crossing_paths(Process.FLAG, (0.2,), (0.0, 0.0), 64)
    assert tied[0, 0] == pytest.approx(wealth(Process.FLAG, [0.0] * 64, 0.2).last)
    mixed = foresight.crossing_paths(Process.FLAG, (0.2, 0.2), (0.3, 0.1), 64)
    assert mixed.shape == (foresight.RUNS, 2) and np.array_equal(
        mixed, foresight.crossing_paths(Process.FLAG, (0.2, 0.2), (0.3, 0.1), 64)
    )
    assert np.array_equal(mixed, foresight.crossing_paths(Process.FLAG, (0.2, 0.2), (0.3, 0.1), 64, seed=0))
    drift = np.median(mixed[:, 1])
    items = np.random.default_rng(9).choice([1.0, -1.0, 0.0], (200, 128), p=[0.3, 0.1, 0.6])
    assert drift == pytest.approx(np.median([wealth(Process.FLAG, one, 0.2).last for one in items]), abs=0.4)


def test_the_chance_of_a_flag_is_that_of_the_simulated_paths():
    """Where the gain is so large that fewer than one item in ten can be lost, half of what is left is."""
    paths = foresight.crossing_paths(Process.CERTIFY, (0.5, 0.5), (0.95, 0.05), 6)
    expected = (paths.max(axis=1) >= -math.log(0.1)).mean()
    assert foresight.chance(Process.CERTIFY, (0.5, 0.5), 0.9, items=6, alpha=0.1) == expected and 0.05 < expected < 0.95


def test_power_at_a_stricter_level_needs_more_items():
    """At a small margin the test decides; at a large one the margin does."""
    assert power.items_needed(0.05, alpha=0.05) < power.items_needed(0.05, alpha=0.0001)
    assert power.items_needed(0.05) == power.items_needed(0.05, alpha=0.05)
    assert power.assumed_gain(0.2) == pytest.approx(0.3) and power.assumed_gain(0.9) == 1.0


@pytest.mark.parametrize(("p", "shown"), [(0.0, "<1e-300"), (1.0, "1"), (0.04321, "0.043"), (1e-20, "1e-20")])
def test_p_is_shown_as_people_write_it(p, shown):
    assert format_p(p) == shown


def test_a_run_without_steps_after_the_warm_up_is_held_against_the_margin():
    assert ramp(20, 20, 20, 0.2) == 0.2 and ramp(5, 20, 20, 0.2) == 0.2


@pytest.mark.parametrize("process", Process)
def test_the_highest_of_very_many_items_is_that_of_every_sixteenth(process):
    items = np.random.default_rng(2).choice([-1.0, 0.0, 1.0], READ_EVERY_ITEM + 37, p=[0.32, 0.4, 0.28])
    path = wealth(process, items, 0.05).log_wealth
    ends = path[[*range(15, items.size, 16), items.size - 1]]
    assert highest(process, items, 0.05) == pytest.approx(max(0.0, ends.max()), rel=1e-9)
    assert highest(process, items[:READ_EVERY_ITEM], 0.05) == pytest.approx(max(0.0, path[:READ_EVERY_ITEM].max()), rel=1e-9)


def test_the_highest_is_read_after_every_item_up_to_the_limit():
    items = np.ones(READ_EVERY_ITEM)
    items[:5] = -1.0
    assert highest(Process.FLAG, items, 0.05) == wealth(Process.FLAG, items[:5], 0.05).last


def drawn(seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.choice([-1.0, -0.3, 0.0, 0.5, 1.0], generator.integers(1, 90), p=generator.dirichlet(np.ones(5)))


@pytest.mark.parametrize("items", [*map(drawn, range(12)), *([-1.0] * many + [1.0] * many for many in range(1, 10))])
def test_a_betting_bound_is_that_of_a_plain_bisection(items):
    """Whatever the search starts from, and however it guesses; also where the wealth was highest before the wins came."""
    items = np.array(items)
    low, high = -1 + 1e-9, 1 - 1e-9
    for _ in range(45):
        middle = (low + high) / 2
        low, high = (low, middle) if highest(Process.FLAG, items, middle) >= math.log(20) else (middle, high)
    assert betting.upper_bound(items, 0.05) == pytest.approx(high, abs=1.1e-5)
    assert betting.lower_bound(-items, 0.05) == pytest.approx(-high, abs=1.1e-5)


def test_a_wealth_of_just_the_limit_crosses():
    assert Wealth(np.array([-math.log(0.01)])).first_crossing(0.01) == 1
    nothing = Wealth(np.array([]))
    assert (nothing.last, nothing.highest, nothing.first_crossing(0.01)) == (0.0, 0.0, None)


@pytest.mark.parametrize("process", Process)
def test_the_wealth_of_a_long_losing_bet_does_not_become_a_certain_nought(process):
    """The twenty bettors end eight hundred nats apart within one chunk."""
    items = np.full(16_300, 1.0 if process is Process.FLAG else -1.0)
    path = wealth(process, items, 0.0).log_wealth
    assert np.isfinite(path).all() and path[-1] == pytest.approx(16_300 * math.log1p(-0.0495) - math.log(20))


@pytest.mark.parametrize("bets", Bets)
def test_every_kind_of_bets_has_two_sides(bets):
    items = np.random.default_rng(4).choice([-1.0, 0.0, 1.0], 60, p=[0.3, 0.4, 0.3])
    flag, certify = wealth(Process.FLAG, items, 0.1, bets), wealth(Process.CERTIFY, -items, -0.1, bets)
    assert np.allclose(flag.log_wealth, certify.log_wealth)
    assert not np.allclose(flag.log_wealth, wealth(Process.CERTIFY, items, 0.1, bets).log_wealth)
