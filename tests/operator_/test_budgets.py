"""The money of a namespace: promised once, in order, never more than there is, whoever decides and however often."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_api.budget import DeliveryBudgetSpec, DeliveryBudgetStatus
from delivery_operator import budgets
from delivery_operator.budgets import Claim, Purse
from delivery_operator.observed import Key
from delivery_operator.treasury import Treasurer

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
KEY = Key("acme", "money", "DeliveryBudget")


def claim(name: str, limit: str = "40", *, spent: str = "0", settled: bool = False, at: int = 0, burn: str = "0") -> Claim:
    return Claim(
        f"uid-{name}", name, f"2026-11-24T12:00:{at:02}Z", "USD", Decimal(limit), Decimal(spent), Decimal(burn), settled
    )


def purse(*claims: Claim, limit: str = "100", status: DeliveryBudgetStatus | None = None, **more: object) -> Purse:
    spec = DeliveryBudgetSpec(limit=limit, warn_at=("0.5", "0.8"))
    return Purse(KEY, 1, spec, status or DeliveryBudgetStatus(), NOW, claims, **more)


def after(seen: Purse) -> DeliveryBudgetStatus:
    return budgets.decide(seen)


def held(status: DeliveryBudgetStatus) -> dict[str, str]:
    return {one.name: one.amount for one in status.reservations}


def truth(status: DeliveryBudgetStatus, kind: str) -> str:
    return next(one.status for one in status.conditions if one.type == kind)


def said(status: DeliveryBudgetStatus, kind: str) -> str:
    return next(one.message for one in status.conditions if one.type == kind)


def test_the_first_that_come_are_served_and_who_does_not_fit_is_refused_with_the_sums():
    status = after(purse(claim("a", at=1), claim("b", at=2), claim("c", at=3)))
    assert held(status) == {"a": "40", "b": "40"} and status.available == "20"
    assert [(one.name, one.wants) for one in status.refused] == [("c", "40")] and truth(status, "Available") == "False"
    assert "0 spent and 80 reserved of spec.limit=100 USD; c cannot have what they need, 40 in all" in said(status, "Available")
    assert "raise spec.limit by 20" in said(status, "Available")


def test_one_that_fits_passes_one_that_does_not():
    assert held(after(purse(claim("big", "90", at=1), claim("huge", "50", at=2), claim("small", "10", at=3)))) == {
        "big": "90",
        "small": "10",
    }


def test_a_promise_is_kept_whoever_comes_with_an_older_date():
    """An object whose creation was seen late takes nothing from one that was promised its money before."""
    first = after(purse(claim("b", "80", at=2)))
    assert held(after(purse(claim("a", "80", at=1), claim("b", "80", at=2), status=first))) == {"b": "80"}


def test_deciding_again_changes_nothing():
    """A crash after the write, a second leader, a resync: the same money is not promised twice."""
    seen = purse(claim("a", at=1, spent="3"), claim("b", at=2))
    once = after(seen)
    assert after(replace(seen, status=once, now=NOW + timedelta(hours=1))) == once
    assert len({one.uid for one in once.reservations}) == len(once.reservations) == 2


def test_a_settled_delivery_gives_back_what_it_did_not_need():
    once = after(purse(claim("a", at=1), claim("b", at=2), claim("c", at=3)))
    status = after(purse(claim("a", at=1, spent="7.5", settled=True), claim("b", at=2), claim("c", at=3), status=once))
    assert held(status) == {"b": "40", "c": "40"} and (status.spent, status.available) == ("7.5", "12.5")


def test_a_limit_that_is_raised_is_followed_when_there_is_room_and_else_the_old_promise_stands():
    """`fund` on the Delivery, then `fund` on the budget: the run goes on all the while."""
    once = after(purse(claim("a", "60")))
    refused = after(purse(claim("a", "120", spent="20"), status=once))
    assert held(refused) == {"a": "60"} and [one.wants for one in refused.refused] == ["60"]
    assert held(after(purse(claim("a", "120", spent="20"), limit="120", status=refused))) == {"a": "120"}


def test_a_limit_that_is_lowered_takes_nothing_from_who_was_promised():
    once = after(purse(claim("a", "60", at=1)))
    status = after(purse(claim("a", "60", at=1), claim("b", "10", at=2), limit="50", status=once))
    assert held(status) == {"a": "60"} and status.available == "0" and [one.name for one in status.refused] == ["b"]
    assert said(status, "Available").endswith("raise spec.limit by 20")
    assert set(held(after(purse(claim("a", "60", at=1), claim("b", "10", at=2), limit="70", status=status)))) == {"a", "b"}


def test_what_was_deleted_stays_reserved_until_its_bill_is_there_and_is_spent_from_then_on():
    """Delete and order anew is no way to more money, not even for the moment between the two."""
    once = after(purse(claim("a", "90", spent="30")))
    uid = "uid-a"
    between = after(purse(claim("b", "40", at=2), status=once, ending=frozenset({uid})))
    assert held(between) == {"a": "90"} and between.refused[0].name == "b"
    paid = after(purse(claim("b", "40", at=2), status=between, ending=frozenset({uid}), paid={uid: Decimal("35")}))
    assert held(paid) == {"b": "40"} and (paid.spent, paid.available) == ("35", "25")


def test_what_was_deleted_before_anything_of_it_ran_gives_all_back():
    once = after(purse(claim("a", "90")))
    assert held(after(purse(claim("b", "90", at=2), status=once))) == {"b": "90"}


def test_a_bill_of_a_delivery_that_is_still_there_is_not_counted_twice():
    status = after(purse(claim("a", spent="12", settled=True), paid={"uid-a": Decimal(12)}))
    assert status.spent == "12"


def test_burn_is_that_of_what_is_held_now():
    assert after(purse(claim("a", burn="3.5"), claim("b", burn="0.4"))).burn == "3.9"


@pytest.mark.parametrize(
    ("spent", "warned", "share"), [("49", "False", "No share"), ("50", "True", "0.5"), ("81", "True", "0.8")]
)
def test_shares_that_are_spent_are_warned_of(spent: str, warned: str, share: str):
    status = after(purse(claim("a", "90", spent=spent)))
    assert truth(status, "Warned") == warned and said(status, "Warned").startswith(share)


def test_a_condition_moves_its_time_only_with_its_status():
    once = after(purse(claim("a")))
    later = after(replace(purse(claim("a", spent="1"), status=once), now=NOW + timedelta(hours=1)))
    assert [one.last_transition_time for one in later.conditions] == [one.last_transition_time for one in once.conditions]


amounts = st.integers(0, 120).map(str)
worlds = st.lists(st.tuples(amounts, st.integers(0, 100), st.booleans(), st.integers(0, 3)), max_size=6)


def drawn(world: list[tuple[str, int, bool, int]]) -> tuple[Claim, ...]:
    """Deliveries that spend some part of their limit, and may be settled."""
    return tuple(
        claim(f"d{number}", limit, spent=str(Decimal(limit) * share / 100), settled=settled, at=at)
        for number, (limit, share, settled, at) in enumerate(world)
    )


@given(worlds, worlds, st.integers(0, 200).map(str))
def test_no_more_is_promised_than_there_is(first, then, limit):
    """From nothing: each step may add, settle and spend; what is promised and spent never exceeds the limit."""
    fresh = [replace(one, spent=Decimal(0), settled=False) for one in drawn(first)]
    once = after(purse(*fresh, limit=limit))
    promised = {one.uid: Decimal(one.amount) for one in once.reservations}
    assert sum(promised.values()) <= Decimal(limit)
    # Whoever was promised nothing has spent nothing; whoever was, no more than that.
    spending = [one if one.uid in promised else replace(one, spent=Decimal(0)) for one in drawn(then)]
    spending = [replace(one, spent=min(one.spent, promised.get(one.uid, Decimal(0)))) for one in spending]
    gone = frozenset(promised) - {one.uid for one in spending}
    status = after(purse(*spending, limit=limit, status=once, ending=gone))
    assert Decimal(status.spent) + Decimal(status.reserved) <= Decimal(limit)
    assert after(purse(*spending, limit=limit, status=status, ending=gone)) == status


class Memory:
    """A DeliveryBudget in memory, behind a resourceVersion."""

    def __init__(self, seen: Purse) -> None:
        self.seen, self.writes = seen, 0

    async def observe(self, key: Key, now: datetime) -> Purse:
        return self.seen

    async def write(self, seen: Purse, new: DeliveryBudgetStatus) -> None:
        self.writes += 1
        self.seen = replace(self.seen, status=new)


async def test_a_second_pass_over_an_unchanged_budget_writes_nothing():
    memory = Memory(purse(claim("a"), claim("b", "90")))
    for _ in range(3):
        assert await Treasurer(memory, lambda: NOW).look(KEY) is None
    assert memory.writes == 1
