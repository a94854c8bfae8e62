"""The budget is a hard limit: what a run may still spend is lowered before every start, resume and retry, and never forgotten.

Three stops hold while the operator is down: the Job's deadline, the pod's, and the worker's own.
"""

import json
from datetime import timedelta
from typing import Any

import pytest

from delivery_operator.observed import Node
from tests.oracle import world
from tests.support.fake import FakeCluster
from tests.support.plays import Play


def jobs(fake: FakeCluster, stage: str = "train") -> list[dict[str, Any]]:
    found = [raw for name, raw in fake.objects.items() if name.startswith(f"Job/router-{stage}")]
    return sorted(found, key=lambda raw: raw["metadata"]["creationTimestamp"])


def stops(job: dict[str, Any]) -> set[int]:
    """The three, of one Job."""
    pod = job["spec"]["template"]["spec"]
    env = pod["containers"][0]["env"]
    task = json.loads(next(one["value"] for one in env if one["name"] == "DELIVERY_TASK"))
    return {job["spec"]["activeDeadlineSeconds"], pod["activeDeadlineSeconds"], task["seconds"]}


async def training(limit: str = "1", **made: Any) -> FakeCluster:
    """A training pod runs; one dollar buys ten hours."""
    fake = await FakeCluster(spec=world.spec(terms__budget__limit=limit), **made).settle()
    fake.run_pods()
    return await fake.settle()


def fund(fake: FakeCluster, limit: str) -> None:
    """The customer raises the limit."""
    terms = fake.spec.terms
    fake.edit(terms=terms.model_copy(update={"budget": terms.budget.model_copy(update={"limit": limit})}))


async def test_a_run_starts_with_three_stops_at_the_money_left():
    assert stops(jobs(await training())[0]) == {36_000}


async def test_all_three_are_lowered_before_a_resume():
    """A template never changes, and a Job's clock starts anew when it is resumed: the Job is made anew."""
    fake = await training()
    fake.start(fake.pod("train"))
    fake.now += timedelta(seconds=600)
    fake.edit(suspend=True)
    await fake.settle()
    fake.now += timedelta(days=3)
    fake.edit(suspend=False)
    await fake.settle()
    (job,) = jobs(fake)
    assert stops(job) == {35_399} and job["spec"]["suspend"] is False
    assert len(fake.status.cost.ledger) == 1


async def test_a_pause_before_the_pod_ran_costs_nothing_and_changes_nothing():
    fake = await training()
    uid = jobs(fake)[0]["metadata"]["uid"]
    fake.edit(suspend=True)
    await fake.settle()
    fake.edit(suspend=False)
    await fake.settle()
    (job,) = jobs(fake)
    assert stops(job) == {36_000} and job["metadata"]["uid"] == uid


async def test_many_pauses_do_not_buy_time():
    """Each resume would start the clock anew: ten pauses, ten budgets."""
    fake = await training("0.2")
    for _ in range(4):
        fake.start(fake.pod("train"))
        fake.now += timedelta(seconds=900)
        fake.edit(suspend=True)
        await fake.settle()
        fake.edit(suspend=False)
        await fake.settle()
    assert stops(jobs(fake)[-1]) == {3_600}
    fake.start(fake.pod("train"))
    fake.now += timedelta(seconds=3_600)
    fake.edit(suspend=True)
    await fake.settle()
    fake.edit(suspend=False)
    await fake.settle()
    assert fake.reason("Trained") == "BudgetExceeded" and fake.status.cost.amount == "0.2"
    assert all(job["spec"]["suspend"] for job in jobs(fake))


async def test_a_run_that_its_queue_preempts_gets_no_more_than_is_left():
    """Kueue suspends the Job by itself and starts it again by itself, with the clock anew."""
    fake = await FakeCluster(spec=world.spec(schedule__queue="team", terms__budget__limit="1")).settle()
    fake.run_pods()
    await fake.settle()
    (job,) = jobs(fake)
    job["spec"]["suspend"] = False
    fake._spawn(job)
    fake.start(fake.pod("train"))
    await fake.settle()
    fake.now += timedelta(seconds=600)
    job["spec"]["suspend"] = True
    fake._suspended(job)
    await fake.settle()
    (anew,) = jobs(fake)
    assert stops(anew) == {35_399} and anew["spec"]["suspend"] is True


async def test_a_job_that_waits_in_its_queue_keeps_its_place_when_the_limit_is_raised():
    fake = await FakeCluster(spec=world.spec(schedule__queue="team", terms__budget__limit="1")).settle()
    fake.run_pods()
    await fake.settle()
    before = jobs(fake)[0]["metadata"]["uid"]
    fund(fake, "2")
    await fake.settle()
    assert jobs(fake)[0]["metadata"]["uid"] == before


async def test_waiting_for_a_node_costs_nothing_and_is_bounded_by_the_same_stop():
    """The Job's clock runs while no node takes its pod; nothing was held, so nothing is owed."""
    fake = await training(nodes=(Node("n1", {}, {"cpu": "8", "memory": "32Gi"}, usable=True),))
    fake.now += timedelta(hours=5)
    await fake.settle()
    assert not fake.status.cost.ledger and stops(jobs(fake)[0]) == {36_000}


async def test_attempts_share_one_limit():
    """Evicted twice after three minutes each: the third has six minutes less, at all three stops."""
    fake = await training(play=Play(deaths={("train", 1): "evict", ("train", 2): "vanish"}))
    await fake.go_on()
    assert [stops(job) for job in jobs(fake)] == [{36_000}, {35_820}, {35_640}]
    assert len(fake.status.cost.ledger) == 4 and fake.status.state == "Delivered"


@pytest.mark.parametrize("how", ["deadline", "problem:Deadline"])
async def test_a_run_that_ran_out_of_money_goes_on_when_the_limit_is_raised(how: str):
    """Stopped by Kubernetes or by itself: the steps that it had are kept, and no retry has to be asked for."""
    fake = await training(play=Play(deaths={("train", 1): how}))
    fake.run_pods()
    await fake.settle()
    assert fake.reason("Trained") == "DeadlineExceeded" and len(jobs(fake)) == 1
    fund(fake, "3")
    await fake.go_on()
    assert fake.status.state == "Delivered" and len(jobs(fake)) == 2
    assert stops(jobs(fake)[1]) == {3 * 36_000 - 180}
    assert fake.status.cost.billed == fake.status.cost.amount == "0.0125"


async def test_a_limit_that_is_raised_while_it_runs_leaves_the_run_alone():
    """It keeps the stop that it was started with, and goes on from its checkpoint after that."""
    fake = await training()
    fake.start(fake.pod("train"))
    before = jobs(fake)[0]
    fund(fake, "5")
    await fake.settle()
    assert jobs(fake) == [before] and fake.reason("Trained") == "JobRunning"


async def test_out_of_money_twice_is_said_twice():
    """The first raise was too small: the second attempt's end stands, and is not taken for the first one's."""
    fake = await training(play=Play(deaths={("train", 1): "problem:Deadline", ("train", 2): "problem:Deadline"}))
    fake.run_pods()
    await fake.settle()
    fund(fake, "2")
    await fake.go_on()
    assert fake.reason("Trained") == "DeadlineExceeded" and len(jobs(fake)) == 2
    fund(fake, "3")
    await fake.go_on()
    assert fake.status.state == "Delivered" and len(jobs(fake)) == 3
