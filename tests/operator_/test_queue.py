"""Jobs of a queue on a real API server. Kueue is played: no controller of it is to be had here."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from delivery_operator.cluster import paths
from delivery_operator.manifests.job import QUEUE_LABEL
from tests.support.scenes import at_gate, change
from tests.support.stage import Theatre, eventually, reason

pytestmark = pytest.mark.cluster

KUEUE = ("--as=system:serviceaccount:kube-system:kueue-controller-manager", "--as-group=system:masters")


@asynccontextmanager
async def kueue(theatre: Theatre) -> AsyncIterator[None]:
    """Starts whatever suspended Job names a queue, again and again, as Kueue does with an admitted workload."""
    itself = replace(theatre.admin, identity=KUEUE)

    async def run() -> None:
        while True:
            jobs = (await theatre.api.list(paths.JOBS.path(theatre.work), labelSelector=QUEUE_LABEL))["items"]
            for name in [job["metadata"]["name"] for job in jobs if job["spec"]["suspend"]]:
                itself.run("patch", "job", name, "-n", theatre.work, "-p", json.dumps({"spec": {"suspend": False}}))
            await asyncio.sleep(0.2)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_paused_delivery_is_not_started_again_by_its_queue(theatre: Theatre):
    """A suspended Job of a queue is one that the queue starts: it goes, and is made anew when the delivery goes on."""
    async with theatre.operator(), theatre.workers() as workers:
        theatre.order(spec__schedule={"queue": "team"})
        await theatre.reaches("the queue", lambda seen: "waits in the queue team" in seen.status.message)
        workers.runs.add("train")
        async with kueue(theatre):
            await theatre.reaches("training", lambda seen: reason(seen, "Trained") == "JobRunning")
            change(theatre, suspend=True)
            await theatre.reaches("pause", lambda seen: reason(seen, "Trained") == "Suspended")

            async def ended() -> bool | None:
                left = [
                    await theatre.api.list(kind.path(theatre.work), labelSelector="ptaas.dev/stage=train")
                    for kind in (paths.JOBS, paths.PODS)
                ]
                return True if not any(one["items"] for one in left) else None

            await eventually(ended, "the end of the Job and its pod", 20)
            workers.runs.clear()
            change(theatre, suspend=False)
            done = await theatre.reaches("the gate", at_gate)
    assert workers.played.count(("train", 1)) == 2 and len(done.status.cost.ledger) == 3
    assert done.status.cost.billed == done.status.cost.amount
