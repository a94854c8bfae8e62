"""One Delivery and all that belongs to it, from the stores, as one frozen snapshot.

The Delivery itself is read from the API server at every look, so that a pass never decides on an old spec or
writes over a status it has not seen; so is evidence that is not yet what a finished pod's termination message says.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from delivery_api import names
from delivery_api.accelerator import AcceleratorClassSpec
from delivery_api.delivery import DeliverySpec
from delivery_api.modelversion import ModelVersionSpec
from delivery_api.sources import Repository
from delivery_api.status import DeliveryStatus
from delivery_operator import reading, times
from delivery_operator.cluster import gate, overflow, paths, treasury
from delivery_operator.cluster.client import METADATA_ONLY, Api
from delivery_operator.cluster.login import Login, of_secret
from delivery_operator.cluster.store import Raw
from delivery_operator.cluster.world import World
from delivery_operator.errors import Refused, Transient
from delivery_operator.manifests.pod import all_secrets
from delivery_operator.observed import Evidence, Key, Observed, Pod


class Unfurnished(Transient):
    """The operator may not read in a work namespace what it needs to: the binding is not there, or not in force yet."""


class Observer:
    """Reads the world for one key at a time."""

    def __init__(self, api: Api, world: World, plain_http: tuple[str, ...]) -> None:
        self._api, self._world, self._plain_http = api, world, plain_http

    async def delivery(self, key: Key) -> Raw | None:
        """The Delivery as it is; None when it is gone, or about to be."""
        raw = await self._api.get(paths.DELIVERIES.path(key.namespace, key.name))
        return None if raw is None or "deletionTimestamp" in raw["metadata"] else raw

    async def observe(self, key: Key, raw: Raw, now: datetime) -> Observed:
        """The snapshot around a Delivery."""
        metadata, world = raw["metadata"], self._world
        uid, work = metadata["uid"], names.work_namespace(key.namespace)
        world.keys[uid] = key
        spec, status = _typed(raw)
        anchor = world.config_maps.get(work, names.anchor(uid))
        pods = self._pods(uid, work, status, now)
        observed = Observed(
            key=key,
            uid=uid,
            generation=metadata.get("generation", 0),
            spec=spec,
            now=now,
            work_namespace=work,
            anchor_uid=anchor["metadata"]["uid"] if anchor else "",
            status=status,
            annotations=dict(metadata.get("annotations") or {}),
            classes=self._classes(),
            jobs=tuple(reading.job(one) for one in world.jobs.of(uid) if one["metadata"]["namespace"] == work),
            pods=pods,
            evidence=await self._evidence(uid, work, pods, spec.output),
            servers=tuple(reading.server(one) for one in self._servers(uid, work)),
            objects=self._objects(uid, work, key.namespace),
            versions=self._versions(key, uid),
            uses=world.uses,
            nodes=tuple(reading.node(one) for one in world.nodes),
            allowances=treasury.allowances(world, key.namespace, uid),
            missing_secrets=await self._missing_secrets(spec, work, bool(anchor)),
            apis=world.apis,
        )
        _note_waiting(world, observed)
        return await gate.tried(self._api, observed, raw)

    def _pods(self, uid: str, work: str, status: DeliveryStatus, now: datetime) -> tuple[Pod, ...]:
        """Pods there are, and those that are gone and not yet in the ledger. Elsewhere anybody can label a pod as ours."""
        here = [reading.pod(one) for one in self._world.pods.of(uid) if _is_in(one, work)]
        ledgers = (*(status.cost.ledger if status.cost else ()), *(status.serving.ledger if status.serving else ()))
        closed = {entry.pod for entry in ledgers if entry.finished_at}
        ghosts = self._world.ghosts.get(uid, {})
        for name in [name for name in ghosts if name in closed]:
            del ghosts[name]
        names_here = {pod.name for pod in here}
        gone = [
            reading.pod(one, gone=True, gone_at=one["metadata"].get("deletionTimestamp") or times.render(now))
            for name, one in ghosts.items()
            if name not in names_here and _is_in(one, work)
        ]
        return (*here, *gone)

    async def _evidence(self, uid: str, work: str, pods: tuple[Pod, ...], output: Repository) -> tuple[Evidence, ...]:
        """Evidence of all pods; what a finished pod vouches for is read again until it is seen."""
        for pod in pods:
            said = pod.termination_message
            known = self._world.config_maps.get(work, pod.name)
            if said.startswith("sha256:") and (known is None or (known.get("data") or {}).get("digest") != said):
                fresh = await self._api.get(paths.CONFIG_MAPS.path(work, pod.name))
                if fresh is not None:
                    self._world.config_maps.put(fresh)
        raws = [one for one in self._world.config_maps.of(uid) if _is_evidence(one, work)]
        return tuple([await self._read(one, work, output) for one in raws])

    async def _read(self, raw: Raw, work: str, output: Repository) -> Evidence:
        """A piece of evidence; what overflowed is fetched from the output repository, with its credential."""
        seen = reading.evidence(raw)
        if not seen.overflow:
            return seen

        async def ask(host: str) -> Login:
            secret = await self._api.get(paths.SECRETS.path(work, output.secret)) if output.secret else None
            return of_secret(secret, host)

        host = output.repository.removeprefix("oci://").split("/")[0]
        plain = (*self._plain_http, *((host,) if output.insecure else ()))
        text = await overflow.fetch(seen.overflow, seen.claimed, output.repository, plain, ask)
        return reading.evidence(raw, text) if text is not None else seen

    def _classes(self) -> Mapping[str, AcceleratorClassSpec]:
        return {one["metadata"]["name"]: AcceleratorClassSpec.model_validate(one["spec"]) for one in self._world.classes}

    def _servers(self, uid: str, work: str) -> list[Raw]:
        serving = [*self._world.deployments.of(uid), *self._world.inference_services.of(uid)]
        return [one for one in serving if reading.is_server(one) and _is_in(one, work)]

    def _objects(self, uid: str, work: str, tenant: str) -> dict[str, Mapping[str, Any]]:
        """Children as they are, and the certificate beside the Delivery."""
        world = self._world
        stores = (world.config_maps, world.services, world.deployments, world.inference_services, world.certificates)
        kinds = ("ConfigMap", "Service", "Deployment", "InferenceService", "DeliveryCertificate")
        return {
            f"{kind}/{one['metadata']['name']}": {"apiVersion": paths.KINDS[kind].api_version, "kind": kind} | one
            for kind, store in zip(kinds, stores, strict=True)
            for one in store.of(uid)
            if _is_in(one, tenant if kind == "DeliveryCertificate" else work)
        }

    def _versions(self, key: Key, uid: str) -> dict[str, ModelVersionSpec]:
        mine = self._world.versions.of(key.namespace)
        prefix = f"{key.name[:200].rstrip('-.')}-"
        return {
            one["metadata"]["name"]: ModelVersionSpec.model_validate(one["spec"])
            for one in mine
            if one["spec"].get("deliveryUid") == uid or one["metadata"]["name"].startswith(prefix)
        }

    async def _missing_secrets(self, spec: DeliverySpec, work: str, furnished: bool) -> frozenset[str]:
        """Secrets that are named and not there; only their metadata is asked for."""
        missing = []
        for name in all_secrets(spec):
            try:
                there = await self._api.get(paths.SECRETS.path(work, name), accept=METADATA_ONLY)
            except Refused as error:
                if error.status != 403:
                    raise
                if furnished:
                    raise Unfurnished(f"Secrets of {work} may not be read yet: {error}") from error
                there = None
            if there is None:
                missing.append(name)
        return frozenset(missing)


def _is_in(raw: Raw, namespace: str) -> bool:
    return bool(raw["metadata"].get("namespace") == namespace)


def _is_evidence(raw: Raw, work: str) -> bool:
    metadata = raw["metadata"]
    return metadata["namespace"] == work and names.EVIDENCE in (metadata.get("labels") or {})


def _note_waiting(world: World, observed: Observed) -> None:
    if any(pod.unschedulable for pod in observed.pods):
        world.waiting.add(observed.key)
    else:
        world.waiting.discard(observed.key)


def _typed(raw: Raw) -> tuple[DeliverySpec, DeliveryStatus]:
    """Spec and status; what this version of the operator cannot read is left alone."""
    try:
        spec = DeliverySpec.model_validate(raw["spec"])
        return spec, DeliveryStatus.model_validate(raw.get("status") or {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refused(f"Delivery cannot be read: {where}: {first['msg']}; update the CRDs or the operator") from error
