"""All parts of one replica, put together: watches, queue, election, probes, collection."""

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from delivery_operator import metrics
from delivery_operator.cluster import access
from delivery_operator.cluster.client import Api, configuration
from delivery_operator.cluster.collect import Collector
from delivery_operator.cluster.kube import KubeCluster
from delivery_operator.cluster.leases import KubeLeases
from delivery_operator.cluster.treasury import KubeTreasury
from delivery_operator.cluster.world import World
from delivery_operator.errors import DeliveryError, Fenced
from delivery_operator.health import HealthServer, Vitals
from delivery_operator.leader import Leader
from delivery_operator.metrics.collector import Sources, StateCollector
from delivery_operator.observed import Key
from delivery_operator.reconcile import Reconciler
from delivery_operator.settings import Settings
from delivery_operator.treasury import Treasurer
from delivery_operator.workqueue import Queue

log = logging.getLogger(__name__)

EXIT_SECONDS = 5.0


class Replica:
    """One replica. It watches from the start and works while it leads."""

    def __init__(self, settings: Settings, api: Api, leader: Leader, identity: str) -> None:
        self._settings, self._api, self.leader = settings, api, leader
        self.world = World(api, self.wake, settings.stall_seconds * 0.75)
        self._cluster = KubeCluster(api, self.world, identity, settings.namespace, settings.plain_http)
        self._reconciler = Reconciler(self._cluster, settings)
        self._treasurer = Treasurer(KubeTreasury(api, self.world, self.wake))
        self.queue = Queue(self._look, settings.concurrency, self._failed)
        self._collector = Collector(api, self.world, self.wake, self._cluster.version_seen)
        self._collect_now = asyncio.Event()
        self._forbidden: tuple[str, ...] | None = None
        self._health = HealthServer(self._vitals(), settings)
        self._state = StateCollector(self._sources())
        self._tasks: list[asyncio.Task[None]] = []
        self.ended = asyncio.Event()

    @classmethod
    async def create(cls, settings: Settings) -> "Replica":
        """With a client for the cluster at hand."""
        identity = settings.identity or f"{socket.gethostname()}_{secrets.token_hex(4)}"
        holder: list[Leader] = []
        api = Api(await configuration(), lambda: holder[0].check(), settings.crash_after_writes)
        leader = Leader(
            KubeLeases(api, settings.namespace),
            identity,
            lease_seconds=settings.lease_seconds,
            renew_deadline=settings.renew_deadline_seconds,
            retry_period=settings.retry_period_seconds,
        )
        holder.append(leader)
        return cls(settings, api, leader, identity)

    def _vitals(self) -> Vitals:
        return Vitals(
            watch_ages=lambda: [(one.kind.plural, one.age) for one in self.world.watchers if one.served],
            synced=lambda: self.world.synced,
            longest_look=lambda: self.queue.longest_look,
            queue_depth=lambda: self.queue.depth,
            is_leader=lambda: self.leader.is_leader,
            forbidden=lambda: self._forbidden,
        )

    def _sources(self) -> Sources:
        return Sources(
            is_leader=lambda: self.leader.is_leader,
            deliveries=self._cluster.known,
            pods_of=self.world.pods.of,
            classes=lambda: self.world.classes,
            now=lambda: datetime.now(UTC),
            budgets=lambda: self.world.budgets,
        )

    async def _look(self, key: Key) -> float | None:
        """One pass over what a key names."""
        return await (self._treasurer if key.kind == "DeliveryBudget" else self._reconciler).look(key)

    def wake(self, key: Key) -> None:
        """Something happened to a Delivery, or around it."""
        self.queue.add(key)

    def happened(self, key: Key) -> None:
        """A Delivery was created, changed or deleted; the budgets of its namespace count all of them."""
        self.wake(key)
        self.world.wake_budgets(key.namespace)

    def wake_all(self) -> None:
        """Something happened to all of them."""
        for key in list(self.world.keys.values()):
            self.queue.add(key)

    def deleted(self, raw: dict[str, Any]) -> None:
        """A Delivery is gone; its work ends now."""
        self._collector.remember(raw)
        self._collect_now.set()

    def _failed(self, key: Key, error: Exception) -> None:
        if isinstance(error, Fenced):
            return
        expected = isinstance(error, DeliveryError)
        log.log(
            logging.WARNING if expected else logging.ERROR,
            "Could not look at Delivery: %s",
            error,
            exc_info=None if expected else error,
            extra={"delivery": str(key)},
        )

    async def start(self) -> None:
        """Start all parts."""
        metrics.REGISTRY.register(self._state)
        await self._health.start()
        for watcher in self.world.watchers:
            self._spawn(watcher.run())
        self._spawn(self._ask_access())
        self._spawn(self._lead())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def _ask_access(self) -> None:
        """Until everything is granted, ask every minute: a role may be added while we run."""
        while self._forbidden != ():
            try:
                self._forbidden = await access.missing(self._api)
            except DeliveryError as error:
                log.warning("Could not ask for permissions: %s", error)
            if self._forbidden:
                log.error("Not allowed to %s", ", ".join(self._forbidden))
            await asyncio.sleep(60 if self._forbidden else 2)

    async def _lead(self) -> None:
        """Take the Lease, then work until it is lost."""
        election = asyncio.create_task(self.leader.run())
        try:
            while not (self.leader.held.is_set() and self.world.synced):
                if election.done():
                    return
                await asyncio.sleep(0.05)
            work = [asyncio.create_task(self.queue.run()), asyncio.create_task(self._collect())]
            try:
                await election
            finally:
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)
        finally:
            election.cancel()
            self.ended.set()

    async def _collect(self) -> None:
        """End what is left of deleted Deliveries: at the start, at once on deletion, and every so often."""
        while True:
            self._collect_now.clear()
            try:
                await self._collector.collect()
            except DeliveryError as error:
                log.warning("Could not look for deleted Deliveries: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.resync_seconds):
                    await self._collect_now.wait()

    async def stop(self) -> None:
        """End all parts and give the Lease to the next replica."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=EXIT_SECONDS)
        self.queue.close()
        await self.leader.release()
        await self._health.stop()
        metrics.REGISTRY.unregister(self._state)
        await self._api.close()
