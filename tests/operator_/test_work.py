"""Attempts: what is lost is tried again within a bound, what is finished never runs again."""

from datetime import timedelta

import pytest

from delivery_api import names
from tests.oracle import world
from tests.support.fake import FakeCluster
from tests.support.plays import Play


def jobs(fake: FakeCluster, stage: str) -> list[str]:
    return [name for name in fake.objects if name.startswith(f"Job/router-{stage}-")]


@pytest.mark.parametrize("how", ["evict", "kill", "vanish", "problem:Push", "problem:Terminated", "problem:Internal"])
async def test_a_lost_attempt_is_followed_by_the_next_with_the_same_inputs(how):
    done = await FakeCluster(play=Play(deaths={("train", 1): how})).go_on()
    first, second = jobs(done, "train")
    assert first.rsplit("-", 1)[0] == second.rsplit("-", 1)[0] and second.endswith("-2")
    assert done.status.state == "Delivered"


@pytest.mark.parametrize("how", ["oom", "deadline", "problem:Invalid", "problem:DigestMismatch", "mismatch", "silent"])
async def test_what_would_only_happen_again_is_not_tried_again(how):
    """Each attempt costs money."""
    done = await FakeCluster(play=Play(deaths={("train", 1): how})).go_on()
    assert len(jobs(done, "train")) == 1


async def test_every_attempt_is_in_the_ledger_and_in_the_bill():
    """No attempt is free, and none is charged twice."""
    done = await FakeCluster(play=Play(deaths={("train", 1): "kill", ("eval", 1): "vanish"})).go_on()
    assert [entry.stage for entry in done.status.cost.ledger] == ["train", "train", "eval", "eval"]
    assert done.status.cost.accelerator_seconds == str(2 * 180 + 2 * 90)


async def test_a_person_allows_more_attempts_by_annotation():
    """Three were lost to a bad node; it is mended."""
    fake = await FakeCluster(play=Play(deaths={("train", n): "evict" for n in (1, 2, 3)})).go_on()
    assert fake.reason("Trained") == "AttemptsExhausted" and len(jobs(fake, "train")) == 3
    fake.annotations[names.RETRY], fake.play = "1", Play()
    await fake.go_on()
    assert fake.status.state == "Delivered" and len(jobs(fake, "train")) == 4
    assert len(jobs(fake, "intake")) == 1, "what was settled is not run again"


async def test_a_retry_does_not_touch_what_has_failed_for_good():
    """A retry is for bad luck; NotLearned is not bad luck."""
    fake = await FakeCluster(play=Play(wins=10)).go_on()
    fake.annotations[names.RETRY] = "1"
    await fake.go_on()
    assert fake.reason("Evaluated") == "NotLearned" and len(jobs(fake, "eval")) == 1


async def test_an_inconclusive_audit_may_be_tried_again():
    fake = await FakeCluster(play=Play(wins=66)).go_on()
    assert fake.reason("Evaluated") == "Inconclusive"
    fake.annotations[names.RETRY], fake.play = "1", Play()
    await fake.go_on()
    assert fake.status.state == "Delivered" and len(jobs(fake, "eval")) == 2


async def test_a_paused_run_that_wrote_its_end_is_judged_by_its_second_pod():
    """SIGTERM makes the trainer write that it was terminated; the same Job's next pod goes on and completes."""
    fake = await FakeCluster(play=Play(deaths={("train", 1): "problem:Terminated"})).settle()
    fake.run_pods()
    await fake.settle()
    pod = fake.pod("train")
    fake.start(pod)
    fake.end(pod)
    job = fake.job("train")
    fake.objects[job]["status"] = {"conditions": []}
    fake.edit(suspend=True)
    await fake.settle()
    fake.edit(suspend=False)
    fake.play = Play()
    await fake.go_on()
    assert fake.status.state == "Delivered" and len(jobs(fake, "train")) == 1


async def test_an_unreachable_registry_is_given_time():
    """Three attempts in one second would all meet the same outage."""
    fake = await FakeCluster(play=Play(deaths={("intake", 1): "problem:Unreachable"})).settle()
    fake.run_pods()
    await fake.settle()
    assert len(jobs(fake, "intake")) == 1
    fake.now += timedelta(seconds=21)
    await fake.settle()
    assert len(jobs(fake, "intake")) == 2


async def test_money_that_is_left_bounds_the_next_attempt():
    """The budget holds over all attempts together."""
    fake = FakeCluster(play=Play(deaths={("train", 1): "kill"}))
    terms = fake.spec.terms
    fake.spec = fake.spec.model_copy(
        update={"terms": terms.model_copy(update={"budget": terms.budget.model_copy(update={"limit": "1"})})}
    )
    await fake.go_on()
    first, second = (fake.objects[name]["spec"]["activeDeadlineSeconds"] for name in jobs(fake, "train"))
    assert first == 36000 and second == 36000 - 180


async def test_waiting_for_a_node_is_no_failure_of_the_run():
    """A Job's clock runs while its pod is pending; nothing was spent, so it is tried again."""
    fake = await FakeCluster().settle()
    fake.run_pods()
    await fake.settle()
    name = fake.job("train").removeprefix("Job/")
    fake.pods.pop(fake.pod("train"))
    fake.finish_job(name, "Failed", "DeadlineExceeded")
    await fake.settle()
    assert len(jobs(fake, "train")) == 2 and fake.reason("Trained") == "JobPending"


async def test_a_request_that_expired_is_renewed_by_annotation():
    """The approver was on holiday."""
    fake = await FakeCluster().go_on(approve=False)
    fake.now += timedelta(hours=80)
    await fake.settle()
    assert fake.reason("Deployed") == "ApprovalExpired"
    fake.annotations[names.RETRY] = "1"
    await fake.settle()
    assert fake.reason("Deployed") == "AwaitingApproval"
    fake.now += timedelta(hours=80)
    await fake.settle()
    assert fake.reason("Deployed") == "ApprovalExpired", "the same annotation does not renew it twice"


async def test_who_created_or_drove_the_delivery_does_not_approve_it():
    fake = await FakeCluster(annotations={names.CREATED_BY: "ada", names.DRIVEN_BY: "bob"}).go_on(approve=False)
    for person in ("ada", "bob"):
        fake.approve(by=person)
        await fake.settle()
        assert fake.reason("Deployed") == "AwaitingApproval" and person in fake.message("Deployed")
    fake.approve(by="eve")
    await fake.settle()
    assert fake.status.approval.approved_by == "eve"


async def test_an_approval_without_the_servers_stamp_does_not_count():
    """Somebody took the admission policies away."""
    fake = await FakeCluster().go_on(approve=False)
    fake.approve()
    del fake.annotations[names.APPROVED_BY]
    await fake.settle()
    assert fake.status.approval.approved_by is None and not [n for n in fake.objects if n.startswith("Deployment/")]


async def test_where_kserve_is_the_artifact_is_served_by_it():
    fake = await FakeCluster(apis=frozenset({"serving.kserve.io"})).go_on(approve=False)
    fake.approve()
    await fake.settle()
    assert [name for name in fake.objects if name.startswith("InferenceService/")]
    assert not [name for name in fake.objects if name.startswith("Deployment/")]


async def test_a_price_that_changes_mid_run_changes_nothing_of_the_run():
    """The run would start anew for a price list."""
    fake = await FakeCluster().settle()
    fake.run_pods()
    await fake.settle()
    fake.classes = {"cpu": fake.classes["cpu"].model_copy(update={"price_per_hour": "9.99", "memory_bytes": 5_000_000_000})}
    before = fake.message("Scheduled")
    await fake.go_on()
    assert len(jobs(fake, "train")) == 1 and fake.message("Scheduled") == before


async def test_a_class_that_is_deleted_after_training_does_not_undo_it():
    fake = await FakeCluster().settle()
    fake.run_pods()
    await fake.settle()
    fake.run_pods()
    fake.classes = {}
    await fake.settle()
    assert fake.reason("Trained") == "Trained" and fake.reason("Evaluated") == "ClassMissing"


async def test_a_job_of_a_queue_is_deleted_to_end_it_and_made_anew():
    """A queue starts what is suspended: a paused run would go on, and a run that the probe has stopped would be paid for."""
    fake = await FakeCluster(spec=world.spec(schedule__queue="team")).settle()
    fake.run_pods()
    await fake.settle()
    fake.edit(suspend=True)
    await fake.settle()
    assert not jobs(fake, "train") and fake.reason("Trained") == "Suspended"
    fake.edit(suspend=False)
    await fake.settle()
    (anew,) = jobs(fake, "train")
    assert fake.objects[anew]["spec"]["suspend"] is True, "it waits for its queue"


async def test_who_is_asked_for_a_secret_finds_the_namespace_to_put_it_in():
    """The first Delivery of a tenant would wait for ever: nothing of it may run, and the namespace came with its work."""
    fake = await FakeCluster(missing_secrets=frozenset({"acme-sealed"})).settle()
    assert list(fake.objects) == ["ConfigMap/anchor-uid-1"] and fake.reason("IntakeAccepted") == "SecretMissing"
