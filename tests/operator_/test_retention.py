"""Per-item outcomes are kept as long as the customer's terms say, and no longer; a receipt says what went."""

import json
from datetime import timedelta
from typing import Any

from delivery_api import names
from delivery_operator import times
from tests.oracle import world
from tests.support.fake import KEY, FakeCluster


def kept(fake: FakeCluster) -> list[str]:
    return [name for name, raw in fake.objects.items() if names.EVIDENCE in raw["metadata"].get("labels", {})]


def of_kind(fake: FakeCluster, kind: str) -> list[str]:
    return [name for name in fake.objects if name.startswith(f"{kind}/")]


def receipt(fake: FakeCluster) -> dict[str, Any]:
    papers = fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]["papers"]
    assert {"certificate.json", "bill.json", "README.md"} <= set(papers), "the other papers stay"
    return json.loads(papers["retention.json"])


async def delivered(days: int = 30, **terms: Any) -> FakeCluster:
    """Delivered, and its days run."""
    made = await FakeCluster(spec=world.spec(terms__handling__retention_days=days, terms__serving=terms or None)).go_on()
    assert made.status.state == "Delivered"
    return made


async def over(fake: FakeCluster) -> FakeCluster:
    """Its days are over."""
    fake.now += timedelta(days=31)
    return await fake.settle()


async def test_evidence_goes_after_its_days_and_verdicts_stay():
    """Thirty days after the delivery, nobody can read the customer's rows out of it any more."""
    fake = await delivered()
    assert len(kept(fake)) == 4
    fake.now += timedelta(days=29)
    await fake.settle()
    assert len(kept(fake)) == 4 and of_kind(fake, "Job")
    before = fake.status
    fake.now += timedelta(days=1)
    await fake.settle()
    assert kept(fake) == [] and fake.status == before and fake.status.state == "Delivered"
    assert of_kind(fake, "Job") == [], "with the Jobs go their pods, and the logs of these"


async def test_the_receipt_lists_what_went_by_digest_and_says_when_it_is_gone():
    fake = await delivered()
    digests = {fake.objects[name]["data"]["digest"] for name in kept(fake)}
    pods = {name.removeprefix("ConfigMap/") for name in kept(fake)}
    told = receipt(await over(fake))
    assert {one["digest"] for one in told["deleted"]} == digests and {one["pod"] for one in told["deleted"]} == pods
    assert told["complete"] is True and told["completedAt"] == times.render(fake.now) and told["retentionDays"] == 30
    assert [one["what"] for one in told["left"]] == ["the artifact and checkpoints of its training"]


async def test_a_receipt_that_was_begun_before_a_crash_is_finished_and_forgets_nothing():
    """The operator dies between the receipt and the deletions, and again between two of these."""
    fake = await delivered()
    every = {name.removeprefix("ConfigMap/") for name in kept(fake)}
    fake.now += timedelta(days=31)
    write, left = fake._write, [3]

    def dying(want):
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("killed")
        return write(want)

    fake._write = dying
    for _ in range(12):
        left[0] = 3
        try:
            await fake.settle()
            break
        except RuntimeError:
            told = receipt(fake)
            assert told["complete"] is False and {one["pod"] for one in told["deleted"]} == every
    assert kept(fake) == [] and receipt(fake)["complete"] is True
    assert {one["pod"] for one in receipt(fake)["deleted"]} == every


async def test_evidence_that_overflowed_is_said_to_be_left_in_the_customers_registry():
    fake = await delivered()
    where = "oci://registry.example/acme/models@sha256:" + "a" * 64
    fake.objects[kept(fake)[0]]["data"]["overflow"] = where
    assert where in {one["where"] for one in receipt(await over(fake))["left"]}


async def test_once_all_is_gone_nothing_is_written_again():
    fake = await over(await delivered())
    before = list(fake.writes)
    for _ in range(3):
        fake.now += timedelta(days=1)
        await fake.settle()
    assert fake.writes == before


async def test_the_queue_is_told_when_to_look_again():
    """Nothing else would wake a delivery that has ended."""
    fake = await delivered(days=1)
    again = await fake.reconciler().look(KEY)
    assert again is not None and 0 < again <= 86_400


async def test_without_a_term_evidence_is_kept():
    fake = await FakeCluster().go_on()
    fake.now += timedelta(days=3650)
    await fake.settle()
    assert len(kept(fake)) == 4


async def test_days_run_on_when_its_servers_are_gone():
    """Serving that has ended, or is paused, does not make the customer's rows be kept for ever."""
    fake = await delivered(timeToLive="1h")
    serving = fake.status.serving.model_copy(update={"since": times.render(fake.now)})
    fake.status = fake.status.model_copy(update={"serving": serving})
    fake.now += timedelta(hours=2)
    await fake.settle()
    assert fake.status.state == "ServingEnded" and len(kept(fake)) == 4
    await over(fake)
    assert kept(fake) == [] and fake.status.state == "ServingEnded"


async def test_what_serves_is_put_back_when_somebody_deletes_it_though_its_evidence_is_gone():
    fake = await over(await delivered())
    (name,) = of_kind(fake, "Deployment")
    fake.delete(name)
    await fake.settle()
    assert of_kind(fake, "Deployment") == [name]
    fake.run_pods()
    await fake.settle()
    assert fake.status.state == "Delivered" and fake.reason("Evaluated") == "Learned"


async def test_an_approval_can_be_revoked_though_the_evidence_is_gone():
    """Nothing serves a model that somebody has found wanting, however late."""
    fake = await over(await delivered())
    fake.decide(names.REVOKE)
    await fake.settle()
    assert not of_kind(fake, "Deployment") and fake.reason("Deployed") == "ApprovalRevoked"
    assert fake.status.approval.closed.by == "fay" and fake.reason("Evaluated") == "Learned"
    before = list(fake.writes)
    await fake.settle()
    assert fake.writes == before


async def test_its_time_to_live_holds_though_the_evidence_is_gone():
    fake = await delivered(timeToLive="1440h")
    serving = fake.status.serving.model_copy(update={"since": times.render(fake.now)})
    fake.status = fake.status.model_copy(update={"serving": serving})
    await over(fake)
    assert of_kind(fake, "Deployment")
    fake.now += timedelta(days=30)
    await fake.settle()
    assert not of_kind(fake, "Deployment") and fake.status.state == "ServingEnded"
