"""Election: one leader at a time, by its own clock; two at once would train and charge twice."""

import asyncio
from typing import Any

import pytest

from delivery_operator.errors import Conflict, Fenced, Transient
from delivery_operator.leader import Leader


class Leases:
    """A Lease in memory, with the API server's optimistic lock."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.version = 0
        self.away = False

    def _stored(self, lease: dict[str, Any]) -> dict[str, Any]:
        self.version += 1
        self.lease = lease | {"metadata": {"name": "delivery-operator", "resourceVersion": str(self.version)}}
        return self.lease

    async def read_lease(self, name: str) -> dict[str, Any] | None:
        if self.away:
            raise Transient("away")
        return self.lease

    async def create_lease(self, name: str, spec: dict[str, Any]) -> dict[str, Any]:
        if self.lease is not None:
            raise Conflict("there already")
        return self._stored({"spec": spec})

    async def replace_lease(self, lease: dict[str, Any]) -> dict[str, Any]:
        assert self.lease is not None
        if lease["metadata"]["resourceVersion"] != self.lease["metadata"]["resourceVersion"]:
            raise Conflict("changed")
        return self._stored(lease)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def replica(leases: Leases, clock: Clock, name: str) -> Leader:
    return Leader(leases, name, lease_seconds=15, renew_deadline=10, retry_period=2, clock=clock)


async def test_the_first_one_leads_and_the_second_does_not():
    leases, clock = Leases(), Clock()
    one, two = replica(leases, clock, "one"), replica(leases, clock, "two")
    assert await one._try() and not await two._try()
    one.check()
    with pytest.raises(Fenced):
        two.check()


async def test_a_leader_that_cannot_renew_stops_writing_before_another_can_start():
    """The fence falls after 10 s, the Lease after 15 s as the other saw it."""
    leases, clock = Leases(), Clock()
    one, two = replica(leases, clock, "one"), replica(leases, clock, "two")
    assert await one._try()
    await two._try()
    leaders_at_once = 0
    for _ in range(40):
        clock.seconds += 0.5
        await two._try()
        leaders_at_once += one.is_leader and two.is_leader
    assert leaders_at_once == 0 and two.is_leader and not one.is_leader


async def test_a_released_lease_is_taken_at_once():
    """A rolling update does not wait 15 seconds."""
    leases, clock = Leases(), Clock()
    one, two = replica(leases, clock, "one"), replica(leases, clock, "two")
    await one._try()
    await one.release()
    assert not one.is_leader and await two._try()


async def test_who_lost_the_lease_ends():
    """It must not come back to life with stale work in hand."""
    leases, clock = Leases(), Clock()
    one = replica(leases, clock, "one")
    one._retry = 0.001
    task = asyncio.create_task(one.run())
    await asyncio.wait_for(one.held.wait(), 5)
    leases.away = True
    clock.seconds += 11
    await asyncio.wait_for(task, 5)
    with pytest.raises(Fenced):
        one.check()


async def test_of_two_that_take_a_lease_at_once_one_loses():
    leases, clock = Leases(), Clock()
    one, two = replica(leases, clock, "one"), replica(leases, clock, "two")
    leases._stored({"spec": {"holderIdentity": ""}})
    stale = dict(leases.lease or {})
    assert await one._try()
    with pytest.raises(Conflict):
        await leases.replace_lease(stale | {"spec": two._renewal(stale)})
