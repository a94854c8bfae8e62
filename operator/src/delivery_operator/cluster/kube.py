"""The `Cluster` of `reconcile`, on a real API server."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from delivery_api import names
from delivery_api.digests import digest, plain, short
from delivery_api.model import API_VERSION
from delivery_api.reasons import Reason
from delivery_api.status import Condition, DeliveryStatus
from delivery_operator.cluster import paths
from delivery_operator.cluster.client import JSON, Api
from delivery_operator.cluster.furnish import Furnisher
from delivery_operator.cluster.observe import Observer, Unfurnished
from delivery_operator.cluster.store import Raw
from delivery_operator.cluster.world import World
from delivery_operator.decision import Want
from delivery_operator.errors import Conflict, DeliveryError, Refused, Transient
from delivery_operator.leader import stamp
from delivery_operator.observed import Key, Observed

log = logging.getLogger(__name__)

LONGEST_NOTE = 1024


class KubeCluster:
    """Observes, applies and writes."""

    def __init__(self, api: Api, world: World, identity: str, home: str, plain_http: tuple[str, ...]) -> None:
        self._api, self._world, self._identity = api, world, identity
        self._observer = Observer(api, world, plain_http)
        self._raw: dict[Key, Raw] = {}
        self._furnisher = Furnisher(api, home)

    async def observe(self, key: Key, now: datetime) -> Observed | None:
        """Everything about one Delivery; None when it does not exist."""
        raw = await self._observer.delivery(key)
        if raw is None:
            self._raw.pop(key, None)
            return None
        self._raw[key] = raw
        try:
            return await self._observer.observe(key, raw, now)
        except Unfurnished:
            # Made by an earlier version, or a moment ago: then the API server needs that moment.
            self._furnisher.forget(names.work_namespace(key.namespace))
            await self._furnisher.furnish(key.namespace, _creator(raw["metadata"].get("annotations") or {}))
            raise

    def version_seen(self, key: Key) -> str | None:
        """resourceVersion at the last look."""
        raw = self._raw.get(key)
        return raw["metadata"]["resourceVersion"] if raw else None

    def known(self) -> list[Raw]:
        """Every Delivery that was looked at, as it was last."""
        return list(self._raw.values())

    async def apply(self, observed: Observed, wants: tuple[Want, ...]) -> None:
        """Write children, in order."""
        await self._furnisher.furnish(observed.key.namespace, _creator(observed.annotations))
        for want in wants:
            made = await self._write(want)
            if made is not None:
                self._keep(want, made)
                log.info("Wrote child", extra={"delivery": str(observed.key), "child": want.name, "mode": want.mode})

    async def _write(self, want: Want) -> JSON | None:
        manifest = dict(want.manifest)
        if want.mode == "create":
            return await self._create(manifest)
        if want.mode == "delete":
            await self._api.delete(paths.address(manifest))
            self._drop(manifest)
            return None
        how: Any = "apply" if want.mode == "apply" else "merge"
        try:
            return await self._api.patch(paths.address(manifest), manifest, how)
        except Refused as error:
            if error.status == 404:
                raise Transient(f"{want.name} is gone: {error}") from error
            raise

    async def _create(self, manifest: JSON) -> JSON:
        where = manifest["metadata"].get("namespace", "")
        try:
            made = await self._api.create(paths.collection(manifest), manifest, fieldManager=names.FIELD_MANAGER)
        except Refused as error:
            if error.status != 404:
                raise
            self._furnisher.forget(where)
            raise Transient(f"Namespace {where} is gone: {error}") from error
        return made if made is not None else await self._existing(manifest)

    async def _existing(self, manifest: JSON) -> JSON:
        """What has the name already: ours from before a crash, or somebody else's."""
        there = await self._api.get(paths.address(manifest))
        if there is None:
            raise Transient(f"{manifest['kind']} {manifest['metadata']['name']} came and went; trying again")
        wanted = manifest["metadata"].get("labels", {}).get(names.DELIVERY_UID)
        if (there["metadata"].get("labels") or {}).get(names.DELIVERY_UID) != wanted:
            where = f"{manifest['kind']} {manifest['metadata']['name']}"
            raise Refused(f"{where} exists and does not belong to this Delivery; delete it")
        return there

    def _keep(self, want: Want, made: JSON) -> None:
        store = self._world.store_of(want.manifest["kind"])
        if store is not None and "metadata" in made:
            store.put({"apiVersion": want.manifest["apiVersion"], "kind": want.manifest["kind"]} | made)

    def _drop(self, manifest: JSON) -> None:
        """What was deleted is not seen again, though its event comes later."""
        store, metadata = self._world.store_of(manifest["kind"]), manifest["metadata"]
        known = store.get(metadata["namespace"], metadata["name"]) if store is not None else None
        if store is not None and known is not None:
            store.remove(known)

    async def write_status(self, observed: Observed, new: DeliveryStatus) -> None:
        """Replace the status, if the Delivery is still the one that was observed."""
        raw = self._raw[observed.key]
        if raw["metadata"]["uid"] != observed.uid:
            raise Conflict(f"Delivery {observed.key} is another object by now")
        metadata = {key: value for key, value in raw["metadata"].items() if key != "managedFields"}
        body = raw | {"metadata": metadata, "status": plain(new)}
        path = paths.DELIVERIES.path(observed.key.namespace, observed.key.name, "status")
        self._raw[observed.key] = await self._api.replace(path, body)

    async def announce(self, observed: Observed, conditions: list[Condition]) -> None:
        """Events about changed verdicts; losing one loses nothing but the notice."""
        for one in conditions:
            event = self._event(observed, one)
            try:
                await self._api.create(paths.EVENTS.path(observed.key.namespace), event)
            except DeliveryError as error:
                log.warning("Could not post an Event: %s", error)

    def _event(self, observed: Observed, one: Condition) -> JSON:
        told = {"uid": observed.uid, "type": one.type, "reason": one.reason, "at": one.last_transition_time}
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {
                "name": f"{observed.key.name}.{short(digest(told), 16)}",
                "namespace": observed.key.namespace,
            },
            "eventTime": stamp(datetime.now(UTC)),
            "reportingController": "ptaas.dev/delivery-operator",
            "reportingInstance": self._identity,
            "action": "Judged",
            "reason": one.reason,
            "type": "Warning" if one.status == "False" or one.reason == Reason.OVERRIDDEN else "Normal",
            "note": one.message[:LONGEST_NOTE],
            "regarding": {
                "apiVersion": API_VERSION,
                "kind": "Delivery",
                "namespace": observed.key.namespace,
                "name": observed.key.name,
                "uid": observed.uid,
            },
        }


def _creator(annotations: Mapping[str, str]) -> str:
    return annotations.get(names.CREATED_BY, "")
