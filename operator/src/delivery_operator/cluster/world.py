"""The world through watches: stores of all children, and what a change of one of them wakes."""

from collections.abc import Callable
from typing import Any

from delivery_api import names
from delivery_operator.cluster import paths
from delivery_operator.cluster.client import Api
from delivery_operator.cluster.paths import Kind
from delivery_operator.cluster.store import Raw, Store
from delivery_operator.cluster.watching import Watcher
from delivery_operator.manifests.serving import SERVES
from delivery_operator.observed import Key
from delivery_operator.reading import uid_of

Wake = Callable[[Key], None]
Uses = dict[str, tuple[tuple[str, str], ...]]
OURS = names.DELIVERY_UID


def slim(raw: Raw) -> Raw:
    """Without the bookkeeping of field managers, which is half of many objects."""
    metadata = {key: value for key, value in raw["metadata"].items() if key != "managedFields"}
    return raw | {"metadata": metadata}


def slim_node(raw: Raw) -> Raw:
    """What placement looks at."""
    status = raw.get("status") or {}
    kept = {key: status.get(key) for key in ("allocatable", "conditions")}
    return slim(raw) | {"status": kept}


def version_owner(raw: Raw) -> str:
    """Uid of the Delivery that a ModelVersion records."""
    return str(raw["spec"].get("deliveryUid", ""))


def namespace_of(raw: Raw) -> str:
    """Namespace of an object."""
    return str(raw["metadata"].get("namespace", ""))


def _costs(raw: Raw) -> bool:
    """Whether a pod is in a ledger: it holds an accelerator, or it serves."""
    metadata = raw["metadata"]
    return names.PRICE in (metadata.get("annotations") or {}) or (metadata.get("labels") or {}).get(SERVES) == "true"


def is_anchor(raw: Raw) -> bool:
    """An anchor names a Delivery of the very namespace it works for, or it is not one of ours."""
    metadata, data = raw["metadata"], raw.get("data") or {}
    labels = metadata.get("labels") or {}
    named = labels.get("ptaas.dev/anchor") == "true" and metadata["name"] == names.anchor(labels.get(names.DELIVERY_UID, ""))
    return named and metadata["namespace"] == names.work_namespace(data.get("namespace", ""))


def tenant_of(raw: Raw) -> str:
    """Tenant namespace of a certificate or an anchor; empty for any other ConfigMap."""
    if "papers" in raw.get("spec", {}):
        return namespace_of(raw)
    return str(raw["data"]["namespace"]) if is_anchor(raw) else ""


class World:
    """All stores and their watchers."""

    def __init__(self, api: Api, wake: Wake, silence_seconds: float) -> None:
        self._api, self._wake, self._silence = api, wake, silence_seconds
        self.keys: dict[str, Key] = {}
        """Uid to key of every Delivery that was looked at."""
        self.waiting: set[Key] = set()
        """Deliveries with a pod that no node takes."""
        self.ghosts: dict[str, dict[str, Raw]] = {}
        """Pods that were deleted, as last seen, until the ledger has closed them."""
        self.jobs, self.pods = Store(uid_of, slim), Store(uid_of, slim)
        self.config_maps = Store(uid_of)
        self.services, self.deployments = Store(uid_of, slim), Store(uid_of, slim)
        self.inference_services = Store(uid_of, slim)
        self.versions = Store(namespace_of, slim)
        self.certificates = Store(uid_of, slim)
        self.budgets = Store(namespace_of, slim)
        self.classes, self.nodes = Store(lambda raw: "", slim), Store(lambda raw: "", slim_node)
        self._inference = self._watcher(paths.INFERENCE_SERVICES, self.inference_services, OURS, optional=True)
        self._uses: tuple[int, Uses] = (-1, {})
        self.watchers = [
            self._watcher(paths.JOBS, self.jobs, OURS),
            self._watcher(paths.PODS, self.pods, OURS),
            self._watcher(paths.CONFIG_MAPS, self.config_maps, OURS),
            self._watcher(paths.SERVICES, self.services, OURS),
            self._watcher(paths.DEPLOYMENTS, self.deployments, OURS),
            self._inference,
            self._watcher(paths.VERSIONS, self.versions),
            self._watcher(paths.CERTIFICATES, self.certificates, OURS),
            self._watcher(paths.CLASSES, self.classes),
            self._watcher(paths.BUDGETS, self.budgets),
            self._watcher(paths.NODES, self.nodes),
        ]

    def _watcher(self, kind: Kind, store: Store, selector: str = "", **more: Any) -> Watcher:
        def changed(event: str, raw: Raw) -> None:
            self.changed(kind, event, raw)

        return Watcher(self._api, kind, store, changed, selector, silence_seconds=self._silence, **more)

    def store_of(self, kind: str) -> Store | None:
        """Where objects of a kind are kept."""
        return {
            "Job": self.jobs,
            "ConfigMap": self.config_maps,
            "Service": self.services,
            "Deployment": self.deployments,
            "InferenceService": self.inference_services,
            "ModelVersion": self.versions,
            "DeliveryCertificate": self.certificates,
        }.get(kind)

    def changed(self, kind: Kind, event: str, raw: Raw) -> None:
        """Wake what a change concerns."""
        if kind is paths.NODES:
            for key in tuple(self.waiting):
                self._wake(key)
            return
        if kind is paths.CLASSES:
            for key in self.keys.values():
                self._wake(key)
            return
        if kind is paths.BUDGETS:
            self._budget_changed(event, raw)
            return
        if kind in (paths.CONFIG_MAPS, paths.CERTIFICATES):
            # A bill of what was deleted, or the end of its work.
            self.wake_budgets(tenant_of(raw))
        uid = version_owner(raw) if kind is paths.VERSIONS else uid_of(raw)
        if kind is paths.PODS and event == "DELETED" and _costs(raw):
            self.ghosts.setdefault(uid, {})[raw["metadata"]["name"]] = slim(raw)
        if owner := self.keys.get(uid):
            self._wake(owner)

    def _budget_changed(self, event: str, raw: Raw) -> None:
        """A budget that came, went or was changed by a person concerns every Delivery of its namespace."""
        namespace, status = namespace_of(raw), raw.get("status") or {}
        self._wake(Key(namespace, raw["metadata"]["name"], "DeliveryBudget"))
        if event == "DELETED" or status.get("observedGeneration") != raw["metadata"].get("generation"):
            for key in self.keys.values():
                if key.namespace == namespace:
                    self._wake(key)

    def wake_budgets(self, namespace: str) -> None:
        """Something happened to a Delivery of a namespace, or to what is left of one."""
        for raw in self.budgets.of(namespace):
            self._wake(Key(namespace, raw["metadata"]["name"], "DeliveryBudget"))

    @property
    def uses(self) -> Uses:
        """Sealed digest to who was audited on these rows, and when; made anew when a ModelVersion came or went."""
        if self._uses[0] != self.versions.changes:
            found: dict[str, list[tuple[str, str]]] = {}
            for raw in self.versions:
                used = (version_owner(raw), raw["metadata"]["creationTimestamp"])
                found.setdefault(raw["spec"].get("sealedDigest", ""), []).append(used)
            self._uses = (self.versions.changes, {sealed: tuple(sorted(all_of)) for sealed, all_of in found.items()})
        return self._uses[1]

    def forget(self, uid: str) -> None:
        """A Delivery is gone."""
        self.waiting.discard(self.keys.pop(uid, Key("", "")))
        self.ghosts.pop(uid, None)

    @property
    def apis(self) -> frozenset[str]:
        """Optional API groups that the cluster has."""
        return frozenset({paths.INFERENCE_SERVICES.group} if self._inference.served else ())

    @property
    def synced(self) -> bool:
        """Whether every watch has listed once."""
        return all(watcher.synced.is_set() for watcher in self.watchers)
