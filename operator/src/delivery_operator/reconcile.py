"""The pass: observe once, decide purely, apply once, write the status once.

A pass that wrote children looks again before it writes the status: what it made is then part of what it sees,
and the status speaks of the world as it is, in one write. A pass over an unchanged world writes nothing.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from delivery_api.stages import Stage
from delivery_api.status import Condition, DeliveryStatus
from delivery_operator import aftercare, metrics, pipeline, retention, status
from delivery_operator.decision import Want
from delivery_operator.errors import DeliveryError
from delivery_operator.metrics.standing import STAGE_OF, VERDICT_OF
from delivery_operator.observed import Key, Observed
from delivery_operator.settings import Settings

log = logging.getLogger(__name__)

ROUNDS = 6
"""Looks in one pass: each but the last has made children, and no delivery makes so many kinds of them in turn."""
UNSETTLED_SECONDS = 60.0
"""Pause before the next pass over a delivery whose children somebody else keeps changing."""


class Cluster(Protocol):
    """The world, in four verbs."""

    async def observe(self, key: Key, now: datetime) -> Observed | None:
        """Everything about one Delivery; None when it does not exist."""

    async def apply(self, observed: Observed, wants: tuple[Want, ...]) -> None:
        """Write children."""

    async def write_status(self, observed: Observed, new: DeliveryStatus) -> None:
        """Write the status, if the Delivery is still as observed."""

    async def announce(self, observed: Observed, conditions: list[Condition]) -> None:
        """Post Events."""


class Reconciler:
    """Looks at one Delivery at a time."""

    def __init__(
        self,
        cluster: Cluster,
        settings: Settings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster, self._settings, self._now, self._clock = cluster, settings, now, clock
        self._told: dict[Key, float] = {}

    async def look(self, key: Key) -> float | None:
        """One pass; returns the seconds until time alone changes something."""
        started = self._clock()
        try:
            again = await self._pass(key)
            metrics.PASSES.labels("delivery", metrics.OK).inc()
            return again
        except DeliveryError as error:
            metrics.PASSES.labels("delivery", type(error).__name__).inc()
            raise
        finally:
            metrics.PASS_SECONDS.observe(self._clock() - started)

    async def _pass(self, key: Key) -> float | None:
        for last in (*[False] * (ROUNDS - 1), True):
            observed = await self._cluster.observe(key, self._now())
            if observed is None:
                self._told.pop(key, None)
                return None
            left = retention.seconds_left(observed)
            if left is not None and left <= 0:
                outcome = aftercare.run(observed, self._settings)
            else:
                outcome = pipeline.run(observed, self._settings, self._faulted)
            if not outcome.wants:
                again = await self._tell(key, observed, outcome)
                return again if left is None or left <= 0 else min(left, again or left)
            try:
                await self._cluster.apply(observed, outcome.wants)
            except DeliveryError:
                # People see how far it came, also while the API server refuses a child.
                await self._tell(key, observed, outcome)
                raise
            if last:
                await self._tell(key, observed, outcome)
        log.warning("Children do not settle: somebody else changes them", extra={"delivery": str(key)})
        return UNSETTLED_SECONDS

    async def _tell(self, key: Key, observed: Observed, outcome: pipeline.Outcome) -> float | None:
        """Write the status if it changed; progress alone waits its turn."""
        new, again = status.derive(observed, outcome), outcome.facts.next_look_seconds
        if new == observed.status:
            return again
        if (held := outcome.facts.held_seconds) > 0:
            return held if again is None else min(held, again)
        if status.without_progress(new) == status.without_progress(observed.status):
            wait = self._told.get(key, float("-inf")) + self._settings.progress_seconds - self._clock()
            if wait > 0:
                return wait if again is None else min(wait, again)
        await self._cluster.write_status(observed, new)
        self._told[key] = self._clock()
        changed = status.changed_verdicts(observed.status, new)
        for one in changed:
            metrics.VERDICTS.labels(STAGE_OF[one.type], VERDICT_OF[one.status], one.reason).inc()
            log.info("Changed verdict", extra={"delivery": str(key), "stage": STAGE_OF[one.type], "reason": one.reason})
        await self._cluster.announce(observed, changed)
        return again

    def _faulted(self, stage: Stage, error: Exception) -> None:
        metrics.FAULTS.labels(stage).inc()
        log.error("Failed to decide a stage", exc_info=error, extra={"stage": stage})
