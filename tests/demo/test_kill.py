"""Random kills are repeatable, and end in time."""

import pytest

from demo.kill import moments


@pytest.mark.parametrize("seed", range(5))
def test_kills_are_spread_over_the_time_given(seed: int) -> None:
    pauses = moments(10, 600, seed)
    assert len(pauses) == 10 and min(pauses) >= 0 and sum(pauses) <= 600


def test_the_same_seed_kills_at_the_same_moments() -> None:
    assert moments(10, 600, 1) == moments(10, 600, 1) != moments(10, 600, 2)
