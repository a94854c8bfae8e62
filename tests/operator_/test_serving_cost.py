"""What serves has a limit and a time to live of its own, is charged apart, and ends on time whatever the driver does."""

from datetime import timedelta
from typing import Any

import pytest

from delivery_api import names
from delivery_api.digests import plain
from delivery_operator import times
from tests.oracle import world
from tests.support.fake import KEY, FakeCluster
from tests.support.plays import Play


async def delivered(**terms: Any) -> FakeCluster:
    """It serves, on a pod that the kubelet has started."""
    fake = await FakeCluster(spec=world.spec(terms__serving=terms or None)).go_on()
    assert fake.status.state == "Delivered"
    serve(fake, "server-1")
    return await fake.settle()


def serve(fake: FakeCluster, name: str) -> None:
    """A pod of the servers runs from now on."""
    labels = next(raw for raw in fake.objects.values() if raw["kind"] == "Deployment")["metadata"]["labels"]
    running = {"state": {"running": {"startedAt": times.render(fake.now)}}}
    fake.pods[name] = {
        "kind": "Pod",
        "metadata": {"name": name, "labels": dict(labels), "creationTimestamp": times.render(fake.now)},
        "status": {"phase": "Running", "containerStatuses": [running]},
        "job": "",
    }


def end(fake: FakeCluster, name: str) -> None:
    """It is deleted, as the operator saw it last."""
    fake.ghosts[name] = fake.pods.pop(name) | {"gone_at": times.render(fake.now)}


def servers(fake: FakeCluster) -> list[str]:
    return [name for name in fake.objects if name.startswith("Deployment/")]


def fund(fake: FakeCluster, limit: str) -> None:
    serving = fake.spec.terms.serving.model_copy(update={"limit": limit})
    fake.edit(terms=fake.spec.terms.model_copy(update={"serving": serving}))


async def test_what_serving_costs_is_shown_apart_from_the_bill():
    fake = await delivered()
    fake.now += timedelta(hours=3)
    end(fake, "server-1")
    serve(fake, "server-2")
    await fake.settle()
    serving = fake.status.serving
    assert (serving.amount, serving.burn) == ("0.3", "0.1") and serving.ends_at is None
    assert [one.pod for one in serving.ledger] == ["server-1", "server-2"]
    assert fake.status.cost.amount == fake.status.cost.billed == "0.0075"


async def test_nothing_is_written_while_servers_merely_run():
    fake = await delivered(limit="5", timeToLive="720h")
    before = list(fake.writes)
    for _ in range(5):
        fake.now += timedelta(minutes=7, seconds=13)
        await fake.settle()
    assert fake.writes == before


USED_UP = [({"limit": "0.5"}, 5), ({"timeToLive": "2h"}, 2), ({"limit": "9", "timeToLive": "3h"}, 3)]


@pytest.mark.parametrize(("terms", "hours"), USED_UP)
async def test_the_servers_go_when_their_limit_or_their_time_is_used_up(terms: dict[str, str], hours: int):
    fake = await delivered(**terms)
    ends = times.parse(fake.status.serving.ends_at)
    assert ends == times.parse(fake.status.serving.since) + timedelta(hours=hours)
    fake.now = ends - timedelta(seconds=2)
    again = await fake.reconciler().look(KEY)
    assert servers(fake) and again is not None and again <= 2.0
    fake.now = ends
    await fake.settle()
    assert not servers(fake) and fake.status.state == "ServingEnded"
    end(fake, "server-1")
    await fake.settle()
    assert fake.status.serving.burn == "0" and fake.status.serving.amount == f"{hours / 10:g}"
    assert fake.status.certificate and fake.status.cost.billed == "0.0075", "the bill and the certificate stay"


async def test_two_servers_spend_the_limit_in_half_the_time():
    fake = await delivered(limit="0.5")
    fake.now += timedelta(hours=1)
    serve(fake, "server-2")
    await fake.settle()
    assert times.parse(fake.status.serving.ends_at) == fake.now + timedelta(hours=2)


async def test_a_limit_that_is_raised_has_it_serve_again():
    fake = await delivered(limit="0.1")
    fake.now += timedelta(hours=1)
    await fake.settle()
    end(fake, "server-1")
    await fake.settle()
    assert not servers(fake)
    fund(fake, "1")
    await fake.settle()
    assert servers(fake) and fake.status.state != "ServingEnded"


async def test_an_edit_that_voids_the_approval_does_not_have_it_serve_on_for_ever():
    """The stage waits for another approval; the old servers burn on, and end all the same."""
    fake = await delivered(limit="0.1")
    fake.edit(serving=fake.spec.serving.model_copy(update={"replicas": 3}))
    await fake.settle()
    assert servers(fake)
    fake.now += timedelta(hours=2)
    await fake.settle()
    assert not servers(fake)


async def test_what_is_served_by_override_ends_too():
    fake = await FakeCluster(spec=world.spec(terms__serving={"timeToLive": "1h"}), play=Play(wins=10)).go_on()
    fake.decide(names.OVERRIDE)
    await fake.settle()
    serve(fake, "server-1")
    await fake.settle()
    fake.now += timedelta(hours=1)
    await fake.settle()
    assert not servers(fake) and fake.reason("Deployed") == "ServingEnded"


async def test_a_thousand_restarts_are_kept_as_a_sum():
    """Months of serving fit into one status, and no second is lost."""
    fake = await delivered()
    for number in range(2, 60):
        fake.now += timedelta(hours=1)
        end(fake, f"server-{number - 1}")
        serve(fake, f"server-{number}")
        await fake.settle()
        fake.ghosts = {}
        await fake.settle()
    assert len(fake.status.serving.ledger) <= 34 and fake.status.serving.amount == "5.8"


async def test_terms_without_serving_are_what_they_have_always_been():
    """A field that nobody uses must not change the digest of a stored spec."""
    assert "serving" not in plain(world.spec().terms)
