"""As test_edges, of the share of random labels: each case was written against a mutant that the other tests let live."""

from __future__ import annotations

import numpy as np
import pytest

from delivery_oracle.statistics.corruption import BLOCKS, QUANTILE, Hits, estimate, fieller, jackknife, share


def some_hits(items: int = 320) -> Hits:
    generator = np.random.default_rng(11)
    trained, sealed, second = (generator.random(items) < rate for rate in (0.3, 0.5, 0.45))
    return Hits(trained * 1.0, sealed * 1.0, second * 1.0, generator.integers(0, BLOCKS, items))


def test_the_jackknife_is_its_own_definition():
    """Leave a block out as asked items and as neighbours, in plain words."""
    hits = some_hits()
    rows = []
    for block in range(BLOCKS):
        kept = [place for place in range(320) if place % BLOCKS != block]
        trained = [hits.by_train[place] for place in kept]
        sealed = [hits.second[place] if hits.block[place] == block else hits.by_sealed[place] for place in kept]
        rows.append((np.mean(trained), np.mean(sealed)))
    expected = np.cov(np.array(rows).T, bias=True) * (BLOCKS - 1)
    elsewhere = [place for place in range(320) if hits.block[place] != place % BLOCKS]
    expected[1, 1] -= 31 / 32 * sum((hits.second[place] - hits.by_sealed[place]) ** 2 for place in elsewhere) / 310**2
    assert len(elsewhere) < 320 and jackknife(hits) == pytest.approx(expected)


def test_a_rate_near_nought_has_the_variance_of_two_hits():
    nothing = Hits(np.zeros(320), *(np.ones(320),) * 2, np.zeros(320, dtype=int))
    assert jackknife(nothing)[0, 0] == pytest.approx(2 / 324 * (1 - 2 / 324) / 320)
    eight = Hits(np.zeros(320), *(np.ones(320),) * 2, np.zeros(320, dtype=int), samples=8)
    assert jackknife(eight)[0, 0] == pytest.approx(2 / 2564 * (1 - 2 / 2564) / 2560)
    always = Hits(np.ones(320), *(np.ones(320),) * 2, np.zeros(320, dtype=int))
    assert jackknife(always)[0, 0] == pytest.approx(0.05 * (1 - 322 / 324) / 320)


@pytest.mark.parametrize(("ratio", "expected"), [(-0.5, 1.0), (0.0, 1.0), (0.25, 0.75), (1.0, 0.0), (1.5, 0.0)])
def test_a_share_is_between_nought_and_one(ratio, expected):
    assert share(ratio) == expected


def test_a_bottom_that_just_cannot_be_told_from_nought_gives_no_bounds():
    assert fieller(0.1, QUANTILE, np.array([[1.0, 0.0], [0.0, 1.0]])) is None
    assert fieller(0.1, 0.0, np.zeros((2, 2))) is None


def test_more_hits_than_sealed_neighbours_give_is_no_negative_share():
    hits = some_hits()
    better = Hits(np.ones(320), hits.by_sealed, hits.second, hits.block)
    seen = estimate(better, 0.1)
    assert seen is not None and (seen.share, seen.interval.low, seen.interval.high) == (0.0, 0.0, 0.0)
