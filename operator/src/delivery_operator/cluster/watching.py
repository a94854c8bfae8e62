"""List-watch of one kind: list, then watch from there, again and again. Silence is noticed, not trusted."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from typing import Any

from delivery_operator.cluster.client import PAGE, Api
from delivery_operator.cluster.paths import Kind
from delivery_operator.cluster.store import Raw, Store
from delivery_operator.errors import DeliveryError, Refused, Transient

log = logging.getLogger(__name__)

WATCH_SECONDS = 300.0
FORBIDDEN_SECONDS = 30.0
"""Pause after a refusal: a role may be granted, or a kind installed, while we run."""
Changed = Callable[[str, Raw], None]


class Expired(Transient):
    """The version to watch from is no longer kept; list again."""


class Watcher:
    """Keeps a store in step with the API server."""

    def __init__(
        self,
        api: Api,
        kind: Kind,
        store: Store,
        changed: Changed,
        selector: str = "",
        *,
        silence_seconds: float,
        optional: bool = False,
    ) -> None:
        self._api, self.kind, self._store, self._changed = api, kind, store, changed
        self._query: dict[str, Any] = {"labelSelector": selector} if selector else {}
        self._silence, self._optional = silence_seconds, optional
        self._heard = time.monotonic()
        self.synced = asyncio.Event()
        self.served = not optional
        """Whether the cluster has this kind."""

    @property
    def age(self) -> float:
        """Seconds since the API server was last heard: an event, a bookmark or a list."""
        return time.monotonic() - self._heard

    async def run(self) -> None:
        """Watch until cancelled."""
        backoff = 0.2
        while True:
            try:
                version = await self._list()
                backoff = 0.2
                while True:
                    version = await self._watch(version)
            except Expired:
                continue
            except Refused as error:
                # An answer, if not the one we want: the API server is there, and this replica is not stalled.
                self._heard = time.monotonic()
                if self._optional and error.status == 404:
                    self.served = False
                    self.synced.set()
                log.log(logging.DEBUG if self._optional else logging.ERROR, "Cannot watch %s: %s", self.kind.plural, error)
                backoff = FORBIDDEN_SECONDS
            except TimeoutError:
                # Kinds that nothing happens to get no bookmarks either.
                log.debug("Watch of %s was silent; listing again", self.kind.plural)
                continue
            except DeliveryError as error:
                log.warning("Watch of %s starts anew: %s", self.kind.plural, error)
            await asyncio.sleep(backoff * random.uniform(0.8, 1.2))
            backoff = min(30.0, backoff * 2)

    async def _list(self) -> str:
        objects: list[Raw] = []
        token, version = "", "0"
        while True:
            query = self._query | {"limit": PAGE} | ({"continue": token} if token else {})
            page = await self._api.list(self.kind.path(), **query)
            self._heard = time.monotonic()
            version = str(page["metadata"]["resourceVersion"])
            for raw in page.get("items") or ():
                objects.append(raw | {"apiVersion": self.kind.api_version, "kind": self.kind.kind})
            token = page["metadata"].get("continue") or ""
            if not token:
                break
        changed, gone = self._store.replace(objects, int(version) if version.isdigit() else 0)
        for raw in gone:
            self._changed("DELETED", raw)
        for raw in changed:
            self._changed("MODIFIED", raw)
        self.served = True
        self.synced.set()
        return version

    async def _watch(self, version: str) -> str:
        """One watch to its end; returns the version to go on from. A silent one is given up."""
        seconds = WATCH_SECONDS * random.uniform(0.8, 1.2)
        events = self._api.watch(self.kind.path(), seconds, resourceVersion=version, **self._query)
        async with contextlib.aclosing(events):
            while True:
                try:
                    # Not wait_for: in Python 3.11 it may swallow a cancellation that comes together with an event.
                    async with asyncio.timeout(self._silence):
                        event = await anext(events)
                except StopAsyncIteration:
                    self._heard = time.monotonic()
                    return version
                version = self._take(event) or version

    def _take(self, event: dict[str, Any]) -> str | None:
        kind, raw = event["type"], event["object"]
        if kind == "ERROR":
            if raw.get("code") == 410:
                raise Expired(raw.get("message", "expired"))
            raise Transient(raw.get("message", "the watch failed"))
        self._heard = time.monotonic()
        version: str = raw["metadata"]["resourceVersion"]
        if kind == "BOOKMARK":
            return version
        if kind == "DELETED":
            self._store.remove(raw)
            self._changed(kind, raw)
        elif self._store.put(raw):
            self._changed(kind, raw)
        return version
