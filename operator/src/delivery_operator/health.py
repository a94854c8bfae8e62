"""Probes and metrics over HTTP.

Alive: every watch was heard within its time (bookmarks count) and no look hangs. Ready: everything was listed once
and the API server grants all that is needed. A replica that only waits for the Lease is alive and ready.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import generate_latest

from delivery_operator import metrics
from delivery_operator.settings import Settings

LONGEST_LOOK = 300.0
"""A look makes a few dozen requests of at most 30 s; one that takes longer hangs."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the probes ask."""

    watch_ages: Callable[[], Iterable[tuple[str, float]]]
    synced: Callable[[], bool]
    longest_look: Callable[[], float]
    queue_depth: Callable[[], int]
    is_leader: Callable[[], bool]
    forbidden: Callable[[], tuple[str, ...] | None]
    """What the API server does not grant; None until it was asked."""


def stalled(vitals: Vitals, stall_seconds: float) -> list[str]:
    """Why this replica is not alive, in words."""
    why = [f"watch of {kind} silent for {age:.0f} s" for kind, age in vitals.watch_ages() if age > stall_seconds]
    if vitals.longest_look() > LONGEST_LOOK:
        why.append(f"a look takes {vitals.longest_look():.0f} s")
    return why


def unready(vitals: Vitals) -> list[str]:
    """Why this replica is not ready, in words."""
    why = [] if vitals.synced() else ["not everything is listed yet"]
    forbidden = vitals.forbidden()
    if forbidden is None:
        why.append("permissions are not known yet")
    elif forbidden:
        why.append("not allowed to " + ", ".join(forbidden))
    return why


class HealthServer:
    """Serves /healthz and /readyz, and /metrics on a port of its own."""

    def __init__(self, vitals: Vitals, settings: Settings) -> None:
        self._vitals, self._settings = vitals, settings
        self._runners: list[web.AppRunner] = []

    async def start(self) -> None:
        """Listen."""
        probes, scrape = web.Application(), web.Application()
        probes.router.add_get("/healthz", self._healthz)
        probes.router.add_get("/readyz", self._readyz)
        scrape.router.add_get("/metrics", self._metrics)
        for app, port in ((probes, self._settings.health_port), (scrape, self._settings.metrics_port)):
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, port=port).start()
            self._runners.append(runner)

    async def stop(self) -> None:
        """Stop listening."""
        for runner in self._runners:
            await runner.cleanup()

    async def _healthz(self, request: web.Request) -> web.Response:
        return _answer(stalled(self._vitals, self._settings.stall_seconds))

    async def _readyz(self, request: web.Request) -> web.Response:
        return _answer(unready(self._vitals))

    async def _metrics(self, request: web.Request) -> web.Response:
        metrics.QUEUE_DEPTH.set(self._vitals.queue_depth())
        metrics.LEADER.set(float(self._vitals.is_leader()))
        for kind, age in self._vitals.watch_ages():
            metrics.WATCH_AGE.labels(kind).set(age)
        return web.Response(body=generate_latest(metrics.REGISTRY), content_type="text/plain", charset="utf-8")


def _answer(why: list[str]) -> web.Response:
    return web.Response(text="; ".join(why) or "ok", status=503 if why else 200)
