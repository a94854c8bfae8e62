"""The clean probe over a run's looks: when it flags, when it certifies, and what may never change its mind."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_oracle.probe import Outcome, RepeatedItem, StrangeItem, assess
from delivery_oracle.statistics.eprocess import Process, ramp, wealth
from tests.oracle import world as w

LOOK_STEPS = (20, 30, 40, 60, 80, 100)
POOL = [f"p{i}" for i in range(256)]


def of(*looks, margin=0.20, steps=100):
    return assess([w.train(looks=tuple(looks))], margin=margin, planned_steps=steps)


@pytest.mark.parametrize(
    ("looks", "outcome", "step"),
    [
        pytest.param(w.HEALTHY, Outcome.LEARNING, 20, id="a healthy run is certified at its first look"),
        pytest.param([w.look(20, 0, 20)], Outcome.NOT_LEARNING, 20, id="permuted labels fall in one look"),
        pytest.param(w.NOISY, Outcome.NOT_LEARNING, 30, id="noise falls in a few"),
        pytest.param([w.look(step, 12, 2) for step in LOOK_STEPS[:2]], Outcome.UNDECIDED, None, id="near the floor: undecided"),
        pytest.param([], Outcome.UNDECIDED, None, id="no looks"),
    ],
)
def test_outcomes(looks, outcome, step):
    seen = of(*looks)
    assert (seen.outcome, seen.decided_at) == (outcome, step)


def test_items_must_come_from_the_pool_in_the_order_that_intake_fixed():
    """Items picked for their scores would make any run flag, or any run pass."""
    run = [w.train(looks=(w.look(20, 30, start=0), w.look(30, 30, start=64)))]
    assert assess(run, margin=0.2, planned_steps=100, pool=POOL).looks == 2
    with pytest.raises(StrangeItem, match="p20000 at step 20 is not of the probe pool"):
        assess([w.train(looks=w.HEALTHY)], margin=0.2, planned_steps=100, pool=POOL)


@pytest.mark.parametrize(
    ("looks", "step"),
    [
        pytest.param((w.look(20, 30, start=64), w.look(30, 30, start=0)), 20, id="swapped"),
        pytest.param((w.look(20, 30, start=0), w.look(30, 30, start=128)), 30, id="a whole look's items are skipped"),
        pytest.param((w.look(20, 30, start=0), w.look(30, 30, start=65)), 30, id="one item is skipped"),
        pytest.param((w.look(20, 30, start=1),), 20, id="the first item is skipped"),
        pytest.param((w.look(10, 0, start=64), w.look(20, 30, start=0)), 10, id="during warm-up, where looks do not count"),
    ],
)
def test_no_item_of_the_pool_is_skipped(looks, step):
    """An item left out may be one whose score was known: what is scored is a prefix of the pool, exactly."""
    with pytest.raises(StrangeItem, match=f"step {step} scored items out of the order"):
        assess([w.train(looks=looks)], margin=0.2, planned_steps=100, pool=POOL)


def test_a_resumed_run_takes_the_same_items_again_and_goes_on_from_there():
    """What was looked at since the checkpoint is looked at again, and neither counts twice nor counts as skipping."""
    killed = w.train(looks=(w.look(20, 30, start=0), w.look(30, 30, start=64)))
    resumed = w.train(attempt=2, looks=(w.look(20, 30, start=0), w.look(30, 0, 30, start=64), w.look(40, 30, start=128)))
    seen = assess([killed, resumed], margin=0.2, planned_steps=100, pool=POOL)
    assert (seen.looks, seen.items, seen.outcome) == (3, 192, Outcome.LEARNING)


def test_the_order_within_a_look_cannot_matter():
    """Losses first would cross sooner if the wealth were read after each item."""
    look = w.look(20, 16, 1)
    turned = look.model_copy(update={"items": look.items[::-1]})
    assert of(look).message == of(turned).message and of(look).flag.last == pytest.approx(of(turned).flag.last)


def test_looks_during_warm_up_do_not_count():
    """A run that has hardly begun to learn is not one that does not."""
    assert of(w.look(10, 0, 60)).looks == 0


def test_a_repeat_after_a_resume_is_ignored():
    first = w.train(looks=(w.look(20, 30), w.look(30, 30)))
    again = w.train(attempt=2, looks=(w.look(30, 0, 30), w.look(40, 30)))
    seen = assess([first, again], margin=0.2, planned_steps=100)
    assert (seen.looks, seen.items, seen.outcome) == (3, 192, Outcome.LEARNING)
    assert seen.gain == pytest.approx(90 / 192)


def test_a_run_that_was_certified_and_then_collapsed_is_flagged():
    """A certificate is about some look, and never about the final artifact."""
    looks = [w.look(20, 30), *(w.look(step, 0, 20) for step in (30, 40, 60, 80, 100))]
    seen = of(*looks)
    assert seen.certify.first_crossing(0.05) == 1 and seen.outcome is Outcome.NOT_LEARNING


def test_an_item_scored_at_two_steps_is_refused():
    """Multiplying over the same items raised 27-30 % false alarms in simulation."""
    with pytest.raises(RepeatedItem, match="p20000 is scored at step 20 and again at step 30"):
        of(w.look(20, 30), w.look(30, 30, start=20_000))


def test_an_item_twice_in_one_look_is_refused():
    look = w.look(20, 5)
    with pytest.raises(RepeatedItem):
        of(look.model_copy(update={"items": look.items + look.items[:1]}))


@given(st.permutations(LOOK_STEPS))
def test_the_order_in_which_looks_are_recorded_does_not_matter(order):
    looks = {step: w.look(step, 10 + step // 10, 2) for step in LOOK_STEPS}
    mixed, straight = of(*(looks[step] for step in order)), of(*looks.values())
    assert mixed.message == straight.message and np.array_equal(mixed.flag.log_wealth, straight.flag.log_wealth)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=6))
def test_a_flag_is_never_taken_back(results):
    looks = [w.look(step, wins, losses) for step, (wins, losses) in zip(LOOK_STEPS, results, strict=False)]
    outcomes = [of(*looks[: count + 1]).outcome for count in range(len(looks))]
    flagged = [outcome is Outcome.NOT_LEARNING for outcome in outcomes]
    assert flagged == sorted(flagged)


def test_the_sentence_of_a_flag_does_not_change_with_later_looks():
    """Looks that arrive while the Job is being stopped must not make another status write."""
    assert of(*w.NOISY[:2]).message == of(*w.NOISY).message


def test_the_null_and_its_population_are_in_words():
    said = of(*w.NOISY).message
    assert "every item after the warm-up is expected to gain at least 0.100 rising to the margin 0.200" in said
    assert "population that the sealed rows were drawn from" in said


def test_a_small_margin_says_undecided():
    """A floor above the customer's margin would stop a healthy gain of .05 in two runs of three."""
    looks = [w.look(step, 6, 3) for step in LOOK_STEPS]
    assert of(*looks, margin=0.03).outcome is Outcome.UNDECIDED


def test_healthy_runs_on_the_boundary_are_seldom_stopped():
    """1,000 runs that gain exactly the margin at every look: at most alpha_flag of them may be stopped."""
    generator = np.random.default_rng(7)
    stopped = 0
    for _ in range(1000):
        draws = generator.multinomial(64, [0.25, 0.05, 0.70], len(LOOK_STEPS))
        looks = []
        for step, (wins, losses, _) in zip(LOOK_STEPS, draws, strict=True):
            gains = generator.permutation([1.0] * wins + [-1.0] * losses + [0.0] * (64 - wins - losses))
            looks.append((step, gains))
        stopped += assess_gains(looks)
    assert stopped <= 10


def assess_gains(looks):
    """The flag alone, without building evidence objects: the same wealth that `assess` computes."""
    floors = list(itertools.chain.from_iterable([ramp(step, 20, 100, 0.2)] * len(gains) for step, gains in looks))
    return wealth(Process.FLAG, np.concatenate([gains for _, gains in looks]), floors).first_crossing(0.01) is not None
