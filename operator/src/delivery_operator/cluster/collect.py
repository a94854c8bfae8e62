"""What is left of Deliveries that are gone: their work is ended, their bill is written, then their anchor goes.

There is no finalizer, so nothing waits for the operator to be deleted. It finds the anchors of what is gone when
it starts, when a Delivery is deleted, and every so often; with an anchor all children and evidence go.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from pydantic import ValidationError

from delivery_api import names
from delivery_api.digests import canonical
from delivery_api.status import CostStatus, LedgerEntry
from delivery_operator import ledger, metrics, reading
from delivery_operator.cluster import paths
from delivery_operator.cluster.client import METADATA_LIST, Api
from delivery_operator.cluster.store import Raw
from delivery_operator.cluster.world import World, is_anchor, version_owner
from delivery_operator.documents.bill import cancelled
from delivery_operator.errors import DeliveryError, Refused
from delivery_operator.manifests import records
from delivery_operator.observed import Key

log = logging.getLogger(__name__)


class Collector:
    """Ends what nobody owns any more."""

    def __init__(self, api: Api, world: World, wake: Callable[[Key], None], version_seen: Callable[[Key], str | None]) -> None:
        self._api, self._world, self._wake, self._version_seen = api, world, wake, version_seen
        self._last_ledger: dict[str, tuple[LedgerEntry, ...]] = {}

    def remember(self, raw: Raw) -> None:
        """The last ledger of a Delivery that was deleted, as its event told."""
        try:
            cost = CostStatus.model_validate((raw.get("status") or {})["cost"])
        except (KeyError, ValidationError):
            return
        self._last_ledger[raw["metadata"]["uid"]] = cost.ledger

    async def collect(self) -> None:
        """One round over all anchors; also wakes every Delivery whose latest change was not seen."""
        alive = await self._alive()
        anchors = [raw for raw in self._world.config_maps if is_anchor(raw)]
        for anchor in anchors:
            uid = reading.uid_of(anchor)
            if uid not in alive and await self._is_gone(anchor, uid):
                await self._end(anchor, uid)

    async def _alive(self) -> set[str]:
        """Uids of all Deliveries there are."""
        uids: set[str] = set()
        async for raw in self._api.every(paths.DELIVERIES.path(), METADATA_LIST):
            metadata = raw["metadata"]
            if "deletionTimestamp" not in metadata:
                uids.add(metadata["uid"])
            key = Key(metadata["namespace"], metadata["name"])
            if self._version_seen(key) != metadata["resourceVersion"]:
                self._wake(key)
        return uids

    async def _is_gone(self, anchor: Raw, uid: str) -> bool:
        """The list may be older than the anchor: ask for this one."""
        data = anchor.get("data") or {}
        there = await self._api.get(paths.DELIVERIES.path(data.get("namespace"), data.get("name")), accept=None)
        return there is None or there["metadata"]["uid"] != uid or "deletionTimestamp" in there["metadata"]

    async def _end(self, anchor: Raw, uid: str) -> None:
        """Bill first, then the anchor: a crash between the two leaves the anchor to be found again."""
        metadata = anchor["metadata"]
        try:
            await self._bill(anchor, uid)
            await self._api.delete(paths.CONFIG_MAPS.path(metadata["namespace"], metadata["name"]), metadata["uid"])
        except DeliveryError as error:
            log.error("Could not keep the bill of a deleted Delivery: %s", error, extra={"uid": uid})
            await self._stop(uid)
            return
        metrics.DELETED_ANCHORS.inc()
        log.info("Ended the work of a deleted Delivery", extra={"uid": uid, "anchor": metadata["name"]})
        self._world.forget(uid)
        self._last_ledger.pop(uid, None)

    async def _stop(self, uid: str) -> None:
        """Work ends in any case; the anchor stays, and with it what the bill is made of, until the bill can be kept."""
        for job in self._world.jobs.of(uid):
            seen, path = reading.job(job), paths.JOBS.path(job["metadata"]["namespace"], job["metadata"]["name"])
            if seen.finished or (seen.suspended and not seen.queue):
                continue
            try:
                if seen.queue:
                    # Its queue would start it again.
                    await self._api.delete(path)
                else:
                    await self._api.patch(path, {"spec": {"suspend": True}}, "merge")
            except DeliveryError as error:
                log.error("Could not stop the work of a deleted Delivery: %s", error, extra={"uid": uid})

    async def _bill(self, anchor: Raw, uid: str) -> None:
        data, world = anchor.get("data") or {}, self._world
        key = Key(data.get("namespace", ""), data.get("name", ""))
        now = datetime.now(UTC)
        # Elsewhere anybody can label an object as ours.
        ghosts = _beside(anchor, world.ghosts.get(uid, {}).values())
        seen = ledger.Witnesses(
            uid,
            (*map(reading.pod, _beside(anchor, world.pods.of(uid))), *(reading.pod(raw, gone=True) for raw in ghosts)),
            tuple(map(reading.job, _beside(anchor, world.jobs.of(uid)))),
            tuple(reading.evidence(raw) for raw in _beside(anchor, world.config_maps.of(uid)) if _is_evidence(raw)),
            now,
        )
        entries = ledger.closed_at(ledger.advance(self._last_ledger.get(uid, ()), seen), now)
        audited = any(version_owner(raw) == uid for raw in world.versions.of(key.namespace))
        cost = CostStatus(currency=data.get("currency", "USD"), ledger=entries)
        made = records.certificate(key, uid, {"bill.json": canonical(cancelled(str(key), uid, cost, audited))})
        try:
            await self._api.create(paths.collection(made), made)
        except Refused as error:
            if error.status != 404 and "being terminated" not in str(error):
                raise
            log.warning("No place is left for the bill of %s: its namespace is gone", key)


def _beside(anchor: Raw, raws: Iterable[Raw]) -> list[Raw]:
    """Those in the anchor's namespace."""
    return [raw for raw in raws if raw["metadata"].get("namespace") == anchor["metadata"]["namespace"]]


def _is_evidence(raw: Raw) -> bool:
    return names.EVIDENCE in (raw["metadata"].get("labels") or {})
