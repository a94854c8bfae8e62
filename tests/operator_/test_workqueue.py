"""The queue: every wish is heard, no key is looked at twice at once, errors are tried again."""

import asyncio
from collections import Counter

from delivery_operator import workqueue
from delivery_operator.observed import Key
from delivery_operator.workqueue import Queue

ONE, TWO = Key("a", "one"), Key("a", "two")


async def run(queue: Queue, until) -> None:
    """Let the queue work until something is so."""
    task = asyncio.create_task(queue.run())
    try:
        async with asyncio.timeout(5):
            while not until():
                await asyncio.sleep(0.001)
    finally:
        task.cancel()
        queue.close()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_key_added_often_is_looked_at_once():
    looks: Counter = Counter()

    async def look(key: Key) -> None:
        looks[key] += 1

    queue = Queue(look, 4, lambda key, error: None)
    for _ in range(100):
        queue.add(ONE)
    queue.add(TWO)
    await run(queue, lambda: looks[TWO] == 1)
    assert looks == {ONE: 1, TWO: 1}


async def test_what_happens_during_a_look_is_looked_at_after_it_and_never_at_the_same_time():
    """A lost event here is a delivery that stands still for ever."""
    looks, now, most = 0, 0, 0

    async def look(key: Key) -> None:
        nonlocal looks, now, most
        now += 1
        most = max(most, now)
        if looks == 0:
            queue.add(ONE)
            queue.add(ONE)
        await asyncio.sleep(0.01)
        looks, now = looks + 1, now - 1

    queue = Queue(look, 4, lambda key, error: None)
    queue.add(ONE)
    await run(queue, lambda: looks == 2)
    assert most == 1


async def test_a_failed_look_is_tried_again_and_told(monkeypatch):
    monkeypatch.setattr(workqueue, "FIRST_BACKOFF", 0.001)
    looks, told = 0, []

    async def look(key: Key) -> None:
        nonlocal looks
        looks += 1
        if looks < 4:
            raise ValueError("not yet")

    queue = Queue(look, 1, lambda key, error: told.append(str(error)))
    queue.add(ONE)
    await run(queue, lambda: looks == 4)
    assert told == ["not yet"] * 3


async def test_the_earlier_of_two_wishes_for_later_holds():
    looks = 0

    async def look(key: Key) -> None:
        nonlocal looks
        looks += 1

    queue = Queue(look, 1, lambda key, error: None)
    queue.add_later(ONE, 0.01)
    queue.add_later(ONE, 60)
    await run(queue, lambda: looks == 1)


async def test_a_look_that_asks_for_another_one_gets_it():
    looks = 0

    async def look(key: Key) -> float | None:
        nonlocal looks
        looks += 1
        return 0.001 if looks < 3 else None

    queue = Queue(look, 1, lambda key, error: None)
    queue.add(ONE)
    await run(queue, lambda: looks == 3)
