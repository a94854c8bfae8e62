"""Keys that want a look: each at most once in the queue, never looked at twice at the same time, with backoff.

An event only says that something happened; what is so is read when the key's turn comes. A key that is added
while it is being looked at is looked at again after that.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable

from delivery_operator.observed import Key

Look = Callable[[Key], Awaitable[float | None]]
"""Looks at a key; returns the seconds until it wants to be looked at again, or None when an event will tell."""

FIRST_BACKOFF, LAST_BACKOFF = 0.5, 60.0


class Queue:
    """A work queue over keys."""

    def __init__(self, look: Look, workers: int, failed: Callable[[Key, Exception], None]) -> None:
        self._look, self._workers, self._failed = look, workers, failed
        self._waiting: asyncio.Queue[Key] = asyncio.Queue()
        self._queued: set[Key] = set()
        self._busy: dict[Key, float] = {}
        self._again: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}

    def add(self, key: Key) -> None:
        """Have a look at this soon."""
        if key in self._busy:
            self._again.add(key)
        elif key not in self._queued:
            self._queued.add(key)
            self._waiting.put_nowait(key)

    def add_later(self, key: Key, seconds: float) -> None:
        """Have a look after some time; the earlier of two wishes holds."""
        loop = asyncio.get_running_loop()
        before = self._timers.get(key)
        if before is not None and not before.cancelled() and before.when() <= loop.time() + seconds:
            return
        if before is not None:
            before.cancel()
        self._timers[key] = loop.call_later(seconds, self._due, key)

    def _due(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.add(key)

    @property
    def depth(self) -> int:
        """Keys that wait."""
        return len(self._queued)

    @property
    def longest_look(self) -> float:
        """Seconds that the longest look under way has taken."""
        return max((time.monotonic() - since for since in self._busy.values()), default=0.0)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            key = await self._waiting.get()
            self._queued.discard(key)
            self._busy[key] = time.monotonic()
            try:
                await self._turn(key)
            finally:
                self._busy.pop(key, None)
                if key in self._again:
                    self._again.discard(key)
                    self.add(key)

    async def _turn(self, key: Key) -> None:
        try:
            again = await self._look(key)
        except Exception as error:
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            self._failed(key, error)
            backoff = min(LAST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(failures - 1, 10))
            self.add_later(key, backoff * random.uniform(0.8, 1.2))
            return
        self._failures.pop(key, None)
        if again is not None:
            self.add_later(key, again)

    def close(self) -> None:
        """Forget all wishes."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        with contextlib.suppress(asyncio.QueueEmpty):
            while True:
                self._waiting.get_nowait()
