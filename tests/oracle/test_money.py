"""Money is exact: what the ledger adds up to, to the last digit, whatever the order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_oracle.money import account, price, seconds_bought, text
from tests.oracle import world as w

AMOUNTS = st.decimals(0, 10**6, places=6)


def test_a_ledger_is_seconds_times_accelerators_times_price():
    seen = account([w.entry("a"), w.entry("b", accelerators=8, price_per_hour="0.10"), w.entry("c", finished_at=None)])
    assert (seen.accelerator_seconds, seen.amount, seen.open_pods) == (5400, Decimal("0.733333"), ("c",))


@given(st.lists(st.tuples(st.integers(0, 3599), st.decimals(0, 99, places=4)), max_size=12), st.randoms())
def test_the_order_of_entries_does_not_matter(pods, random):
    entries = [
        w.entry(f"pod-{i}", price_per_hour=str(hourly), finished_at=f"2026-11-24T10:{seconds // 60:02}:{seconds % 60:02}Z")
        for i, (seconds, hourly) in enumerate(pods)
    ]
    before = account(entries)
    random.shuffle(entries)
    assert account(entries) == before


@given(AMOUNTS)
def test_text_is_what_the_api_takes_and_loses_nothing(amount):
    written = text(amount)
    assert Decimal(written) == amount and "E" not in written and not (("." in written) and written.endswith("0"))


def test_an_end_before_its_start_is_refused():
    with pytest.raises(ValueError, match="before it starts"):
        account([w.entry(finished_at="2026-11-24T09:00:00Z")])


@given(st.decimals("0.01", 1000, places=2), st.decimals("0.01", 100, places=2), st.integers(1, 16))
def test_the_seconds_bought_never_cost_more_than_the_money_left(left, hourly, count):
    seconds = seconds_bought(left, hourly, count)
    assert price(Decimal(seconds * count), hourly) <= left < price(Decimal((seconds + 1) * count), hourly) + Decimal("1e-20")


def test_a_free_accelerator_is_bounded_all_the_same():
    assert seconds_bought(Decimal(1), Decimal(0), 1) == 365 * 24 * 3600
