"""Whole deliveries in memory: the healthy one, those that fail, and what each leaves behind."""

import json

from tests.oracle import world
from tests.support import fake as fakes
from tests.support.fake import KEY, FakeCluster
from tests.support.plays import Play


async def test_a_healthy_delivery_is_delivered_and_billed():
    """The reason for all the rest."""
    done = await FakeCluster().go_on()
    assert done.truth("Ready") == "True" and done.status.state == "Delivered"
    assert done.status.cost.billed == done.status.cost.amount == "0.0075"


async def test_a_healthy_delivery_takes_sixteen_writes_at_most():
    """Ten thousand deliveries share one API server. Ledger and progress are not counted: see docs/explanation/writes.md."""
    done = await FakeCluster().go_on()
    assert len(done.writes) <= 16, done.writes


async def test_a_second_operator_over_a_finished_world_writes_nothing():
    """A restart must not touch what is done."""
    done = await FakeCluster().go_on()
    before = list(done.writes)
    await done.reconciler().look(KEY)
    assert done.writes == before


async def test_renamed_labels_are_refused_before_any_accelerator_second():
    """The cheapest of the four times that TBDL is caught."""
    done = await FakeCluster(play=Play(arm="permute")).go_on()
    assert (done.status.stage, done.status.state) == ("intake", "LabelsUnrelated")
    assert not [name for name in done.objects if name.startswith("Job/router-train")]
    assert done.status.cost.billed == "0" and done.status.cost.accelerator_seconds == "0"


async def test_a_failed_delivery_gets_a_certificate_of_non_delivery():
    """The customer has it in writing that nothing is owed."""
    done = await FakeCluster(play=Play(arm="permute")).go_on()
    data = done.objects[f"DeliveryCertificate/{done.status.certificate}"]["spec"]["papers"]
    assert json.loads(data["certificate.json"])["delivered"] is False
    assert json.loads(data["bill.json"])["billed"] == "0"


async def test_noise_is_stopped_by_the_clean_probe_and_nobody_is_billed():
    """A green dashboard is no delivery."""
    fake = FakeCluster(spec=world.spec(terms__handling__intake_canary="Skip"), play=Play(arm="noise"))
    await fake.settle()
    fake.run_pods()
    await fake.settle()
    pod = fake.pod("train")
    fake.start(pod)
    fake.partly(pod, 40)
    await fake.settle()
    assert fake.reason("Trained") == "NotLearning"
    assert fake.objects[fake.job("train")]["spec"]["suspend"] is True
    await fake.go_on()
    assert fake.status.cost.billed == "0" and fake.reason("CostSettled") == "Withheld"
    assert fake.objects[fake.job("train")]["spec"]["suspend"] is True


async def test_a_stopped_run_is_never_resumed_by_a_person_who_unsuspends():
    """Suspending and going on must not restart what the probe has ended."""
    fake = FakeCluster(spec=world.spec(terms__handling__intake_canary="Skip"), play=Play(arm="noise"))
    await fake.settle()
    fake.run_pods()
    await fake.settle()
    pod = fake.pod("train")
    fake.start(pod)
    fake.partly(pod, 40)
    await fake.settle()
    fake.edit(suspend=True)
    await fake.settle()
    fake.edit(suspend=False)
    await fake.settle()
    assert fake.objects[fake.job("train")]["spec"]["suspend"] is True and fake.reason("Trained") == "NotLearning"


async def test_children_that_somebody_else_keeps_changing_do_not_hide_the_status():
    """Two controllers that fight over a Deployment: the delivery still says how it stands, and the fight is slow."""
    fake = await FakeCluster().go_on(approve=False)
    fake.approve()
    reconciler = fake.reconciler()
    await reconciler.look(KEY)
    write = fake._write

    def undone(want):
        made = write(want)
        if want.name.startswith("Deployment/"):
            fake.objects[want.name]["spec"]["replicas"] = 7
        return made

    fake._write = undone
    again = await reconciler.look(KEY)
    assert again == 60.0 and fake.status.state == "ServingStarting"


async def test_kserve_that_is_installed_later_does_not_void_an_approval():
    """An upgrade of the cluster takes no endpoint down."""
    fake = await FakeCluster().go_on()
    fake.apis = frozenset({"serving.kserve.io"})
    await fake.settle(fakes.SETTINGS.model_copy(update={"worker_image": "another@sha256:9"}))
    assert fake.status.state == "Delivered" and not [n for n in fake.objects if n.startswith("InferenceService/")]
