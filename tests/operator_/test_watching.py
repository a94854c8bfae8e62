"""List-watch over a scripted API: silence, expiry and refusal are noticed."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from delivery_operator.cluster import paths, watching
from delivery_operator.cluster.store import Store
from delivery_operator.cluster.watching import Watcher
from delivery_operator.errors import Refused


def job(name: str, version: int) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "n", "resourceVersion": str(version)}}


class ScriptedApi:
    """Answers lists and watches from a script; when it is over, the watch is silent."""

    def __init__(self, lists: list[Any], watches: list[list[dict[str, Any]]]) -> None:
        self.lists, self.watches, self.from_versions, self.asked = lists, watches, [], 0

    async def list(self, path: str, **query: Any) -> dict[str, Any]:
        self.asked += 1
        answer = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        if isinstance(answer, Exception):
            raise answer
        version, items = answer
        return {"metadata": {"resourceVersion": str(version)}, "items": items}

    async def watch(self, path: str, seconds: float, **query: Any) -> AsyncGenerator[dict[str, Any], None]:
        self.from_versions.append(query["resourceVersion"])
        for event in self.watches.pop(0) if self.watches else ():
            yield event
        if not self.watches:
            await asyncio.Event().wait()


async def watched(api: ScriptedApi, until, silence: float = 30, optional: bool = False) -> tuple[Store, Watcher, list[str]]:
    store, heard = Store(lambda raw: ""), []
    watcher = Watcher(
        api,  # an Api by its two reading verbs
        paths.JOBS,
        store,
        lambda event, raw: heard.append(f"{event} {raw['metadata']['name']}"),
        silence_seconds=silence,
        optional=optional,
    )
    task = asyncio.create_task(watcher.run())
    try:
        async with asyncio.timeout(10):
            while not until(store, watcher):
                await asyncio.sleep(0.005)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return store, watcher, heard


async def test_events_after_the_list_are_taken_in():
    added = {"type": "ADDED", "object": job("b", 6)}
    api = ScriptedApi([(5, [job("a", 3)])], [[added]])
    _, _, heard = await watched(api, lambda store, watcher: len(store) == 2)
    assert heard == ["MODIFIED a", "ADDED b"] and api.from_versions == ["5"]


async def test_a_watch_that_ends_goes_on_from_the_last_bookmark():
    """Without a list: of ten thousand objects that is forty megabytes."""
    bookmark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "90"}}}
    api = ScriptedApi([(5, [])], [[bookmark], []])
    await watched(api, lambda store, watcher: len(api.from_versions) == 2)
    assert api.from_versions == ["5", "90"]


async def test_an_expired_version_leads_to_a_new_list():
    expired = {"type": "ERROR", "object": {"code": 410, "message": "too old"}}
    api = ScriptedApi([(5, [job("a", 3)]), (50, [job("b", 40)])], [[expired], []])
    store, _, heard = await watched(api, lambda store, watcher: store.get("n", "b") is not None)
    assert "DELETED a" in heard and len(store) == 1


async def test_a_silent_watch_is_given_up():
    """A connection that died in a load balancer never says so."""
    api = ScriptedApi([(5, []), (9, [job("missed", 7)])], [])
    store, _, _ = await watched(api, lambda store, watcher: len(store) == 1, silence=0.05)
    assert store.get("n", "missed") is not None


async def test_a_kind_that_the_cluster_has_not_is_reported_as_absent():
    """KServe is optional; its absence must not keep the operator from starting."""
    api = ScriptedApi([Refused("not found", 404)], [])
    _, watcher, _ = await watched(api, lambda store, watcher: watcher.synced.is_set(), optional=True)
    assert not watcher.served


async def test_a_kind_that_may_not_be_read_never_counts_as_read(monkeypatch):
    """Blind is not the same as empty."""
    api = ScriptedApi([Refused("forbidden", 403)], [])
    monkeypatch.setattr(watching, "FORBIDDEN_SECONDS", 0.01)
    _, watcher, _ = await watched(api, lambda store, watcher: api.asked >= 2)
    assert not watcher.synced.is_set()
