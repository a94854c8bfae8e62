"""The state of deliveries as a scrape sees it: sums of what is so, money up to the second, labels from closed sets."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from prometheus_client import CollectorRegistry

from delivery_api import names
from delivery_api.digests import plain
from delivery_api.reasons import Reason
from delivery_api.stages import STAGES
from delivery_operator.manifests.serving import SERVES
from delivery_operator.metrics import REGISTRY
from delivery_operator.metrics.catalogue import CATALOGUE, LABELS
from delivery_operator.metrics.collector import Sources, StateCollector
from tests.oracle import world
from tests.support.fake import CPU, KEY, FakeCluster
from tests.support.objects import START
from tests.support.plays import Play

CLASSES = [{"metadata": {"name": "cpu"}, "spec": plain(CPU)}]


def raw(fake: FakeCluster, **changes: str) -> dict:
    """The Delivery as a look leaves it."""
    metadata = {"namespace": KEY.namespace, "name": KEY.name, "uid": fake.uid, "resourceVersion": str(len(fake.writes))}
    return {"metadata": metadata | changes, "spec": plain(fake.spec), "status": plain(fake.status)}


def scrape(*fakes: FakeCluster, leads: bool = True, classes: list = CLASSES) -> CollectorRegistry:
    """What a scrape finds while these deliveries exist."""
    registry = CollectorRegistry()
    registry.register(
        StateCollector(
            Sources(
                is_leader=lambda: leads,
                deliveries=lambda: [raw(fake, uid=f"{fake.uid}-{number}") for number, fake in enumerate(fakes)],
                pods_of=lambda uid: list(fakes[int(uid.rsplit("-", 1)[1])].pods.values()),
                classes=lambda: classes,
                now=lambda: fakes[0].now,
            )
        )
    )
    return registry


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    """One sample; labels not given are those of the only tenant."""
    return registry.get_sample_value(name, {"namespace": "acme"} | labels)


MONEY = {"currency": "USD", "accelerator_class": "cpu"}


async def test_a_delivered_delivery_tells_its_bill_by_stage():
    """Cents, not impressions."""
    seen = scrape(await FakeCluster().go_on())
    assert value(seen, "delivery_objects", stage="card", state="Delivered") == 1
    assert value(seen, "delivery_cost", stage="train", **MONEY) == pytest.approx(0.005)
    assert value(seen, "delivery_cost", stage="eval", **MONEY) == pytest.approx(0.0025)
    assert value(seen, "delivery_accelerator_seconds", stage="train", accelerator_class="cpu") == 180
    assert value(seen, "delivery_billed_cost", currency="USD") == pytest.approx(0.0075)
    assert value(seen, "delivery_withheld_cost", currency="USD") == 0
    assert value(seen, "delivery_budget_limit", currency="USD") is None, "settled: its budget is not at stake any more"
    assert value(seen, "delivery_budget_used_ratio") is None
    assert value(seen, "delivery_namespace_budgets_warned") == value(seen, "delivery_namespace_budget_waiting") == 0
    assert 0 < value(seen, "delivery_prediction_ratio", quantity="cost") < 1


async def test_a_run_that_took_another_speed_than_predicted_says_so():
    """Of a run that failed too: what it took is known, whatever it was worth."""
    expected = Decimal((await FakeCluster().go_on()).status.resolved.prediction.tokens_per_second)
    for arm in ("healthy", "noise"):
        slow = Play(arm=arm, changes={"tokens_per_second": float(expected / 2), "peak_memory_bytes": 0})
        fake = await FakeCluster(spec=world.spec(terms__handling__intake_canary="Skip"), play=slow).go_on()
        seen = scrape(fake)
        assert value(seen, "delivery_prediction_ratio", quantity="tokens_per_second") == pytest.approx(0.5, rel=1e-3)
        assert value(seen, "delivery_prediction_ratio", quantity="peak_memory") is None, "not measured is not nothing"


async def training() -> FakeCluster:
    """A delivery whose training pod runs."""
    fake = FakeCluster()
    await fake.settle()
    fake.run_pods()
    await fake.settle()
    fake.start(fake.pod("train"))
    return fake


async def test_burn_is_computed_at_the_scrape_without_a_status_write():
    """The status does not know of the pod yet, and would lag by half a minute anyway."""
    fake = await training()
    writes = len(fake.writes)
    fake.now += timedelta(seconds=360)
    first = scrape(fake)
    assert value(first, "delivery_hourly_cost", stage="train", **MONEY) == pytest.approx(0.10)
    assert value(first, "delivery_cost", stage="train", **MONEY) == pytest.approx(0.01)
    assert value(first, "delivery_accelerators", stage="train", accelerator_class="cpu") == 1
    fake.now += timedelta(seconds=360)
    assert value(scrape(fake), "delivery_cost", stage="train", **MONEY) == pytest.approx(0.02)
    assert len(fake.writes) == writes


async def test_a_pod_that_ended_is_counted_once_however_often_it_is_looked_at():
    """Before the status has it, and after."""
    fake = await training()
    fake.end(fake.pod("train"))
    before = value(scrape(fake), "delivery_cost", stage="train", **MONEY)
    await fake.settle()
    after = value(scrape(fake), "delivery_cost", stage="train", **MONEY)
    assert before == after == pytest.approx(0.005)
    assert value(scrape(fake), "delivery_hourly_cost", stage="train", **MONEY) is None


async def test_servers_burn_apart_from_the_bill_at_the_price_of_their_class():
    """One that runs holds its accelerator whether or not it is ready; one that is pending does not."""
    done = await FakeCluster().go_on()
    labels = {SERVES: "true"}
    for number, phase in enumerate(("Running", "Running", "Pending")):
        done.pods[f"server-{number}"] = {"metadata": {"name": f"server-{number}", "labels": labels}, "status": {"phase": phase}}
    seen = scrape(done)
    assert value(seen, "delivery_hourly_cost", stage="deploy", **MONEY) == pytest.approx(0.20)
    assert value(seen, "delivery_accelerators", stage="deploy", accelerator_class="cpu") == 2
    assert value(seen, "delivery_cost", stage="deploy", **MONEY) is None
    assert value(scrape(done, classes=[]), "delivery_hourly_cost", stage="deploy", **MONEY) is None


async def test_the_budget_ratio_is_that_of_the_worst():
    """A rich neighbour must not hide a poor one."""
    fake, rich = await training(), await training()
    fake.spec = world.spec(terms__budget__limit="0.02")
    fake.now += timedelta(seconds=360)
    seen = scrape(fake, rich)
    assert value(seen, "delivery_budget_used_ratio") == pytest.approx(0.5)
    assert value(seen, "delivery_objects", stage="train", state="JobPending") == 2


async def test_noise_is_withheld_and_says_when_it_was_flagged():
    """Loud on the page that somebody looks at."""
    fake = FakeCluster(spec=world.spec(terms__handling__intake_canary="Skip"), play=Play(arm="noise"))
    done = await fake.go_on()
    seen = scrape(done)
    assert value(seen, "delivery_stage_verdicts", stage="train", verdict="Fail", reason="NotLearning") == 1
    flagged = value(seen, "delivery_tbdl_last_flagged_timestamp_seconds", caught_by="probe")
    assert flagged is not None and 0 < done.now.timestamp() - flagged < 600
    assert value(seen, "delivery_withheld_cost", currency="USD") > 0 == value(seen, "delivery_billed_cost", currency="USD")
    assert value(seen, "delivery_saved_cost", currency="USD") >= 0


async def test_permuted_labels_are_flagged_by_the_canary():
    seen = scrape(await FakeCluster(play=Play(arm="permute")).go_on())
    assert value(seen, "delivery_tbdl_last_flagged_timestamp_seconds", caught_by="canary") is not None


async def test_an_approval_that_nobody_gives_grows_old():
    fake = await FakeCluster().go_on(approve=False)
    asked = value(scrape(fake), "delivery_approval_pending_seconds")
    fake.now += timedelta(hours=5)
    assert value(scrape(fake), "delivery_approval_pending_seconds") == asked + 5 * 3600
    fake.approve()
    await fake.settle()
    assert value(scrape(fake), "delivery_approval_pending_seconds") is None


async def test_an_override_is_counted_while_it_serves_and_its_time_is_kept():
    """Loud, and for as long as the delivery exists."""
    fake = await FakeCluster(play=Play(wins=10)).go_on()
    assert value(scrape(fake), "delivery_overrides") == 0
    fake.decide(names.OVERRIDE, by="fay", reason="the old model is broken")
    await fake.go_on()
    seen = scrape(fake)
    assert value(seen, "delivery_overrides") == 1
    assert 0 <= fake.now.timestamp() - value(seen, "delivery_override_last_used_timestamp_seconds") < 600
    assert value(seen, "delivery_billed_cost", currency="USD") == 0
    fake.decide(names.REVOKE)
    await fake.go_on()
    seen = scrape(fake)
    assert value(seen, "delivery_overrides") == 0
    assert value(seen, "delivery_override_last_used_timestamp_seconds") is not None


async def test_only_the_leader_tells_of_deliveries():
    """Two replicas must not double the bill."""
    assert not [sample for family in scrape(await FakeCluster().go_on(), leads=False).collect() for sample in family.samples]


async def test_what_a_tenant_may_write_becomes_no_label():
    """Currency codes and deleted classes cannot make series without bound."""
    done = await FakeCluster().go_on()
    seen = scrape(done, classes=[{"metadata": {"name": "new"}, "spec": {"currency": "EUR", "pricePerHour": "1"}}])
    assert value(seen, "delivery_cost", stage="train", currency="other", accelerator_class="gone") == pytest.approx(0.005)


async def test_every_label_value_is_from_a_closed_set():
    """Never a name, a digest or a message."""
    arms = [Play(), Play(arm="permute"), Play(wins=10), Play(deaths={("train", 1): "oom"})]
    fakes = [await FakeCluster(play=play).go_on() for play in arms]
    closed = {str(one) for one in (*STAGES, *Reason)} | {"Pass", "Fail", "Unknown", "acme", "cpu", "gone", "USD", "other"}
    closed |= {"canary", "preflight", "probe", "audit", "cost", "accelerator_hours", "peak_memory", "tokens_per_second"}
    found = {text for family in scrape(*fakes).collect() for sample in family.samples for text in sample.labels.values()}
    assert found <= closed, found - closed


async def test_a_status_is_read_again_when_it_has_changed_and_only_then():
    """Ten thousand deliveries are scraped on the loop that reconciles them."""
    held = raw(await FakeCluster().go_on())
    registry = CollectorRegistry()
    now = FakeCluster().now
    registry.register(StateCollector(Sources(lambda: True, lambda: [held], lambda uid: [], lambda: CLASSES, lambda: now)))
    assert value(registry, "delivery_objects", stage="card", state="Delivered") == 1
    held["status"] = held["status"] | {"stage": "train", "state": "JobRunning"}
    assert value(registry, "delivery_objects", stage="card", state="Delivered") == 1, "same resourceVersion"
    held["metadata"] = held["metadata"] | {"resourceVersion": "another"}
    assert value(registry, "delivery_objects", stage="train", state="JobRunning") == 1


async def test_ten_thousand_deliveries_are_scraped_in_seconds():
    """0.12 s of processor time on an idle machine, 1.2 s the first time; the bound leaves room for a busy one."""
    done = await FakeCluster().go_on()
    many = [raw(done, uid=f"u{number}", name=f"d{number}") for number in range(10_000)]
    collector = StateCollector(Sources(lambda: True, lambda: many, lambda uid: [], lambda: CLASSES, lambda: done.now))
    started = time.process_time()
    families = {family.name: family for family in collector.collect()}
    assert time.process_time() - started < 10.0
    assert families["delivery_objects"].samples[0].value == 10_000


def test_a_namespaces_money_is_told_by_its_budgets():
    """Sums of what there is, and the worst of several: a rich budget must not hide a poor one."""
    warned = {"type": "Warned", "status": "True", "reason": "ShareSpent", "message": "m", "observedGeneration": 1,
              "lastTransitionTime": "2026-11-24T10:00:00Z"}  # fmt: skip
    rich = {"spec": {"limit": "900"}, "status": {"spent": "9", "reserved": "40"}}
    poor = {"spec": {"limit": "100"}, "status": {"spent": "85", "reserved": "10", "conditions": [warned],
            "refused": [{"name": "b", "wants": "40"}]}}  # fmt: skip
    made = [one | {"metadata": {"namespace": "acme", "name": str(number)}} for number, one in enumerate((rich, poor))]
    registry = CollectorRegistry()
    nothing = lambda *_: []  # noqa: E731
    registry.register(StateCollector(Sources(lambda: True, nothing, nothing, lambda: CLASSES, lambda: START, lambda: made)))
    sums = {
        part: value(registry, f"delivery_namespace_budget_{part}", currency="USD") for part in ("limit", "spent", "reserved")
    }
    assert sums == {"limit": 1000, "spent": 94, "reserved": 50}
    assert value(registry, "delivery_namespace_budget_used_ratio") == pytest.approx(0.85)
    assert value(registry, "delivery_namespace_budgets_warned") == value(registry, "delivery_namespace_budget_waiting") == 1


def test_the_catalogue_is_what_is_served():
    """Names, kinds, labels and texts of every metric, and an explanation of every label."""
    served = {family.name: family for family in REGISTRY.collect() if not family.name.startswith("process_")}
    listed = {metric.name.removesuffix("_total"): metric for metric in CATALOGUE}
    assert set(served) <= set(listed)
    assert {name: served[name].type for name in served} == {name: listed[name].kind for name in served}
    assert {label for metric in CATALOGUE for label in metric.labels} == set(LABELS)
    assert all(metric.about.endswith(".") for metric in CATALOGUE)
