"""Leader election by a Lease, as client-go does it: 15 s of life, renewed every 2 s, given up after 10 s without.

The Lease is also the fence: every write asks `check()` first, which fails once the Lease could have been taken
over by another replica, by this process's own monotonic clock.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from delivery_operator.errors import Conflict, DeliveryError, Fenced

log = logging.getLogger(__name__)

NAME = "delivery-operator"


class Leases(Protocol):
    """What the election needs of the API server."""

    async def read_lease(self, name: str) -> dict[str, Any] | None: ...
    async def create_lease(self, name: str, spec: dict[str, Any]) -> dict[str, Any]: ...
    async def replace_lease(self, lease: dict[str, Any]) -> dict[str, Any]: ...


def stamp(moment: datetime) -> str:
    """As metav1.MicroTime."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Leader:
    """One replica's part in the election."""

    def __init__(
        self,
        leases: Leases,
        identity: str,
        *,
        lease_seconds: int,
        renew_deadline: float,
        retry_period: float,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._leases, self._identity = leases, identity
        self._lease_seconds, self._renew_deadline, self._retry = lease_seconds, renew_deadline, retry_period
        self._clock, self._wall = clock, wall
        self._renewed: float | None = None
        self._lease: dict[str, Any] | None = None
        self._seen: tuple[str, float] | None = None
        self.held = asyncio.Event()

    @property
    def is_leader(self) -> bool:
        """Whether writes are allowed at this moment."""
        return self._renewed is not None and self._clock() - self._renewed < self._renew_deadline

    def check(self) -> None:
        """Raise unless this replica leads for sure."""
        if not self.is_leader:
            raise Fenced("The Lease is not held by this replica; nothing is written")

    async def run(self) -> None:
        """Take and keep the Lease until it is lost for good; then the process should end."""
        while True:
            try:
                if await self._try():
                    self.held.set()
            except DeliveryError as error:
                log.warning("Could not renew the Lease: %s", error)
            if self.held.is_set() and not self.is_leader:
                log.error("Lost the Lease")
                return
            await asyncio.sleep(self._retry)

    async def _try(self) -> bool:
        """One try to take or renew; True while it is held."""
        before = self._clock()
        lease = await self._leases.read_lease(NAME)
        try:
            if lease is None:
                self._lease = await self._leases.create_lease(NAME, self._spec(0, None))
            elif self._mine(lease) or self._free(lease):
                self._lease = await self._leases.replace_lease(lease | {"spec": self._renewal(lease)})
            else:
                return False
        except Conflict:
            return False
        if self._renewed is None:
            log.info("Became leader", extra={"identity": self._identity})
        self._renewed = before
        return True

    def _mine(self, lease: dict[str, Any]) -> bool:
        return bool(lease.get("spec", {}).get("holderIdentity") == self._identity)

    def _free(self, lease: dict[str, Any]) -> bool:
        """Released, or not renewed for its whole life as seen by this process's clock."""
        spec = lease.get("spec", {})
        if not spec.get("holderIdentity"):
            return True
        version = lease["metadata"]["resourceVersion"]
        if self._seen is None or self._seen[0] != version:
            self._seen = (version, self._clock())
            return False
        return self._clock() - self._seen[1] > float(spec.get("leaseDurationSeconds") or self._lease_seconds)

    def _renewal(self, lease: dict[str, Any]) -> dict[str, Any]:
        spec = lease.get("spec", {})
        if self._mine(lease):
            return self._spec(spec.get("leaseTransitions") or 0, spec.get("acquireTime"))
        return self._spec((spec.get("leaseTransitions") or 0) + 1, None)

    def _spec(self, transitions: int, acquired: str | None) -> dict[str, Any]:
        now = stamp(self._wall())
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": self._lease_seconds,
            "acquireTime": acquired or now,
            "renewTime": now,
            "leaseTransitions": transitions,
        }

    async def release(self) -> None:
        """Give the Lease up, so that the next replica need not wait for its end."""
        held, self._renewed = self._renewed is not None, None
        if not held:
            return
        with contextlib.suppress(DeliveryError):
            lease = await self._leases.read_lease(NAME)
            if lease is not None and self._mine(lease):
                spec = self._renewal(lease) | {"holderIdentity": "", "leaseDurationSeconds": 1}
                await self._leases.replace_lease(lease | {"spec": spec})
                log.info("Released the Lease")
