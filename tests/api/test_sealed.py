"""The split and the order are fixed before any score is seen."""

from hypothesis import given
from hypothesis import strategies as st

from delivery_api.sealed import look_steps, probe_order, split

IDS = st.lists(st.text("abcdef0123456789", min_size=4, max_size=4), unique=True, max_size=200)


@given(IDS, st.integers(16, 300) | st.none())
def test_holdout_and_probe_are_a_partition(ids, size):
    holdout, probe = split(ids, "sha256:x", size)
    assert sorted([*holdout, *probe]) == sorted(ids)


@given(IDS, st.randoms())
def test_the_order_of_the_rows_does_not_matter(ids, random):
    shuffled = list(ids)
    random.shuffle(shuffled)
    assert split(ids, "d", None) == split(shuffled, "d", None)


def test_two_deliveries_over_the_same_rows_share_the_holdout_but_not_the_order():
    ids = [str(one) for one in range(100)]
    _, pool = split(ids, "d", 50)
    assert probe_order(pool, "one") != probe_order(pool, "other")


def test_looks_never_take_an_item_twice():
    assert look_steps(100, pool=5 * 64) == (20, 30, 40, 60, 80)
    assert look_steps(100, pool=63) == ()


def test_short_runs_look_at_distinct_steps():
    assert look_steps(3, pool=10_000) == (1, 2, 3)
