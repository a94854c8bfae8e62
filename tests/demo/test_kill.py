"""Kills fall into every stage of every delivery, and are repeatable."""

import itertools
import random

import pytest

from delivery_api.delivery import Delivery
from delivery_api.stages import Stage
from demo import kill
from demo.kill import Moments
from tests.demo.worlds import Told, delivery, passed

TRAIN = ("support-router", "train", "JobRunning")
EVAL = ("support-router", "eval", "JobRunning")


def kills(seed: int, stay: float, place: kill.Place = TRAIN) -> list[float]:
    """Moments of the kills of a delivery that stays somewhere so long."""
    moments = Moments(random.Random(seed))
    return [float(now) for now in range(int(stay)) if moments.look([place], float(now))]


@pytest.mark.parametrize("seed", range(5))
def test_a_place_that_lasts_is_hit_again_and_again(seed: int) -> None:
    at = kills(seed, 600)
    assert at[0] <= kill.LASTS["train"] and len(at) >= 6
    assert all(after - before >= kill.REST for before, after in itertools.pairwise(at))


def test_the_same_seed_kills_at_the_same_moments() -> None:
    assert kills(1, 600) == kills(1, 600) != kills(2, 600)


def test_a_place_that_was_left_is_not_waited_for() -> None:
    """A kill that is due for a stage that has passed would fall into another one."""
    moments = Moments(random.Random(1))
    assert moments.look([TRAIN], 0) == []
    moments.look([EVAL], 1)
    assert TRAIN not in moments.due and moments.look([EVAL], 1000) == [EVAL]


def test_every_delivery_has_moments_of_its_own() -> None:
    moments, other = Moments(random.Random(1)), ("labels-noisy", "train", "JobRunning")
    moments.look([TRAIN], 0)
    assert set(moments.look([TRAIN, other], 1000)) == {TRAIN} and other in moments.due


def named(name: str, told: Told, **status: str) -> Delivery:
    """A delivery of this name."""
    made = delivery(told, **status)
    return made.model_copy(update={"metadata": made.metadata | {"name": name}})


def test_what_is_settled_is_left_alone_and_the_end_is_when_all_three_are() -> None:
    """A kill after the end proves nothing."""
    end = {Stage.CARD: ("True", "CardIssued", "No claims"), Stage.COST: ("True", "Withheld", "0 USD are billed")}
    runs = named("support-router", passed(Stage.INTAKE), stage="train", state="JobRunning")
    others = [named(name, end, stage="intake", state="LabelsUnrelated") for name in ("labels-permuted", "labels-noisy")]
    assert kill.places([runs, *others]) == [TRAIN] and not kill.over([runs, *others])
    assert kill.over([named("support-router", end), *others])
