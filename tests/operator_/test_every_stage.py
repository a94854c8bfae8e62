"""Pause, cancel and retry wherever a delivery stands, on a real API server: one Delivery for every place, all at once."""

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from delivery_api import names
from delivery_api.delivery import Delivery
from delivery_operator.cluster import paths
from tests.support.plays import Play
from tests.support.replayer import Replayer
from tests.support.scenes import at_gate, bill, change, delivered, gone
from tests.support.stage import Theatre, eventually, reason

pytestmark = pytest.mark.cluster

WORK = {"intake": "IntakeAccepted", "train": "Trained", "eval": "Evaluated"}
PLACES = (*WORK, "gate", "serve", "deploy")
"""Where a Delivery can stand for longer than a moment: each is named by its place."""
APPROVED = ("serve", "deploy")


async def everywhere(theatre: Theatre, workers: Replayer) -> dict[str, Delivery]:
    """A Delivery at every place, its pod running there."""
    workers.runs |= {f"{place}/{place}" for place in PLACES}
    for place in PLACES:
        theatre.order(place)
    for place in APPROVED:
        theatre.approve(await theatre.reaches("the gate", at_gate, place))
    stand = {
        place: await theatre.reaches("running", lambda seen, kind=kind: reason(seen, kind) == "JobRunning", place)
        for place, kind in WORK.items()
    }
    stand["gate"] = await theatre.reaches("the gate", at_gate, "gate")
    for place in APPROVED:
        stand[place] = await theatre.reaches("servers", lambda seen: reason(seen, "Deployed") == "ServingStarting", place)
    await eventually(asked(workers), "questions to the server")
    return stand


def asked(workers: Replayer) -> Callable[[], Awaitable[bool | None]]:
    """The verifier of the last place runs."""

    async def look() -> bool | None:
        return True if ("deploy", "deploy", 1) in workers.pods else None

    return look


async def nothing_runs(theatre: Theatre) -> None:
    """Every pod of the work namespace has ended."""

    async def look() -> bool | None:
        pods = (await theatre.api.list(paths.PODS.path(theatre.work)))["items"]
        return True if all(pod["status"]["phase"] in ("Succeeded", "Failed") for pod in pods) else None

    await eventually(look, "the end of all pods", 20)


async def test_a_delivery_is_paused_wherever_it_stands_and_goes_on_from_there(theatre: Theatre):
    """No pod runs while it is paused; then the same Jobs go on, nothing finished runs again, and every pod is paid once."""
    async with theatre.operator(), theatre.workers() as workers:
        await everywhere(theatre, workers)
        for place in PLACES:
            change(theatre, place, suspend=True)
        theatre.approve(await theatre.reaches("the gate", at_gate, "gate"))
        for place in PLACES:
            kind = WORK.get(place, "Deployed")
            await theatre.reaches("pause", lambda seen, kind=kind: reason(seen, kind) == "Suspended", place)
        await nothing_runs(theatre)
        workers.runs.clear()
        for place in PLACES:
            change(theatre, place, suspend=False)
        for place in PLACES:
            if place in WORK:
                theatre.approve(await theatre.reaches("the gate", at_gate, place))
            done = await theatre.reaches("delivery", delivered, place)
            ran = Counter((stage, attempt) for name, stage, attempt in workers.pods if name == place)
            assert ran == {(stage, 1): 1 + (stage == place) for stage in (*WORK, "deploy")}, place
            assert len(done.status.cost.ledger) == ran[("train", 1)] + ran[("eval", 1)], place
            assert done.status.cost.billed == done.status.cost.amount, place


async def test_a_delivery_is_cancelled_wherever_it_stands(theatre: Theatre):
    """Work ends within seconds. The bill stays, and the ModelVersion where there was one; what did not pass is not billed."""
    async with theatre.operator(), theatre.workers() as workers:
        stand = await everywhere(theatre, workers)
        words = ("annotate", "deliveries", "--all", "-n", theatre.tenant, "ptaas.dev/stop-production=yes")
        theatre.admin.as_user("ada").ok(*words)
        theatre.admin.as_user("ada").ok("delete", "deliveries", "--all", "-n", theatre.tenant, "--wait=false")
        for seen in stand.values():
            await gone(theatre, seen, 15)
    kept = {one["spec"]["delivery"].split("/")[1] for one in theatre.admin.get("modelversions", "-n", theatre.tenant)["items"]}
    assert kept == set(PLACES) - set(WORK)
    for place, seen in stand.items():
        owed = bill(theatre, seen)
        entries = sorted(entry["stage"] for entry in owed["ledger"])
        assert entries == {"intake": [], "train": ["train"]}.get(place, ["eval", "train"]), place
        assert (owed["billed"], owed["withheld"]) == ((owed["amount"], "0") if place in kept else ("0", owed["amount"])), place


async def test_a_person_allows_more_attempts_at_every_stage(theatre: Theatre):
    """Three were lost to the infrastructure, which is mended: the annotation starts that stage anew, and no other."""
    stages = (*WORK, "deploy")
    lost = {stage: Play(deaths={(stage, attempt): "kill" for attempt in (1, 2, 3)}) for stage in stages}
    async with theatre.operator(), theatre.workers(**lost) as workers:
        for stage in stages:
            theatre.order(stage)
        theatre.approve(await theatre.reaches("the gate", at_gate, "deploy"))
        for stage in stages:
            kind = WORK.get(stage, "Deployed")
            await theatre.reaches("no more tries", lambda seen, kind=kind: reason(seen, kind) == "AttemptsExhausted", stage)
        workers.plays.clear()
        for stage in stages:
            theatre.admin.as_user("bob").ok("annotate", "delivery", stage, "-n", theatre.tenant, f"{names.RETRY}=1")
        for stage in stages:
            if stage != "deploy":
                theatre.approve(await theatre.reaches("the gate", at_gate, stage))
            await theatre.reaches("delivery", delivered, stage)
            ran = Counter(other for name, other, _ in workers.pods if name == stage)
            assert ran == {other: 4 if other == stage else 1 for other in stages}, stage
