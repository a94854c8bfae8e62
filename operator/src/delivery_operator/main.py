"""kopf as a thin shell: it watches Deliveries and AcceleratorClasses and says that something happened.

No handler decides anything, none stores anything in objects, and none returns a value, for kopf would write it
into the status. Events wake keys of our own queue, which owns retries.
"""

import asyncio
import logging
import signal
from typing import Any

import kopf

from delivery_api.model import GROUP, VERSION
from delivery_operator import logs
from delivery_operator.observed import Key
from delivery_operator.replica import Replica
from delivery_operator.settings import Settings

log = logging.getLogger(__name__)

WATCH_SECONDS = 300
KOPF_EXIT_SECONDS = 1.0


def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    """kopf without its peering, its events, its annotations and its endless watches."""
    settings.peering.standalone = True
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.server_timeout = WATCH_SECONDS
    settings.watching.client_timeout = WATCH_SECONDS + 30
    settings.watching.connect_timeout = 10.0
    settings.networking.enforce_retry_after = True
    # Handlers only put a key into a queue: a worker per object is over at once, and 10,000 objects start in seconds.
    settings.queueing.worker_limit = 64
    settings.queueing.idle_timeout = 0.05


async def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    """The service account of the pod, else KUBECONFIG."""
    return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)


def handlers(replica: Replica) -> kopf.OperatorRegistry:
    """What kopf calls."""
    registry = kopf.OperatorRegistry()
    kopf.on.startup(registry=registry)(configure)
    kopf.on.login(registry=registry)(login)

    @kopf.on.event(GROUP, VERSION, "deliveries", registry=registry)
    async def delivery(event: kopf.RawEvent, namespace: str | None, name: str | None, **_: Any) -> None:
        if event["type"] == "DELETED":
            replica.deleted(dict(event["object"]))
        replica.happened(Key(namespace or "", name or ""))

    @kopf.on.event(GROUP, VERSION, "acceleratorclasses", registry=registry)
    async def accelerator_class(**_: Any) -> None:
        replica.wake_all()

    return registry


async def serve(settings: Settings) -> None:
    """Run one replica until it is told to stop, or has lost the Lease, or kopf has given up."""
    replica = await Replica.create(settings)
    await replica.start()
    stop, ready, told = asyncio.Event(), asyncio.Event(), asyncio.Event()
    shell = asyncio.create_task(
        kopf.operator(registry=handlers(replica), clusterwide=True, standalone=True, stop_flag=stop, ready_flag=ready)
    )
    ends = [shell, *(asyncio.create_task(event.wait()) for event in (told, replica.ended))]
    try:
        await asyncio.wait({shell, asyncio.create_task(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
        for number in (signal.SIGTERM, signal.SIGINT):
            # After kopf has set its own: the Lease is given up before kopf takes its seconds to end.
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await replica.stop()
        stop.set()
        await asyncio.wait({shell}, timeout=KOPF_EXIT_SECONDS)
        for task in ends:
            task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
    log.info("Stopped")


def run() -> None:
    """Entry point."""
    logs.configure()
    asyncio.run(serve(Settings()))


if __name__ == "__main__":
    run()
