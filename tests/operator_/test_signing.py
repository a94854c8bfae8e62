"""Signing as the operator has it done: in a Job of its own, told what was issued, and Delivered only once it is done."""

import json

import pytest

from delivery_api import papers
from delivery_api.reasons import Reason
from delivery_api.tasks import SignTask
from tests.oracle import world
from tests.support import fake as fakes
from tests.support.fake import FakeCluster
from tests.support.plays import Play

SIGNED = fakes.SETTINGS.model_copy(update={"signing_secret": "signing"})


async def played(**made: object) -> FakeCluster:
    return await FakeCluster(**made).go_on(settings=SIGNED)


async def test_the_signer_is_told_what_was_issued_and_nothing_else():
    fake = await played()
    assert fake.status.state == "Delivered" and fake.message("CardIssued").endswith("signed by key " + "k" * 12)
    told = fake.task(fake.pod("card"))
    issued = fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]["papers"]
    assert isinstance(told, SignTask)
    assert (told.certificate, told.bill, told.card) == (issued["certificate.json"], issued["bill.json"], issued["README.md"])
    assert told.artifact == json.loads(told.certificate)["artifact"]["uri"] and told.key == "signing"


async def test_the_certificate_is_issued_once_with_the_digests_of_what_was_signed():
    fake = await played()
    kept = fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]
    assert {one["artifactType"] for one in kept["signed"]} == set(papers.ALL)
    assert (
        kept["keyId"].startswith("k" * 12)
        and kept["artifact"] == json.loads(kept["papers"]["certificate.json"])["artifact"]["uri"]
    )
    assert [write for write in fake.writes if "DeliveryCertificate" in write] == [
        f"apply DeliveryCertificate/{fake.status.certificate}"
    ]
    (version,) = [raw["spec"] for raw in fake.objects.values() if raw["kind"] == "ModelVersion"]
    assert version["certificate"] == fake.status.certificate


async def test_only_the_signer_mounts_the_key():
    fake = await played()
    pods = {name: raw["spec"]["template"]["spec"] for name, raw in fake.objects.items() if raw["kind"] in ("Job", "Deployment")}
    assert len(pods) == 6
    assert [name for name, spec in pods.items() if '"signing"' in json.dumps(spec["volumes"])] == [fake.job("card", 1)]


async def test_a_delivery_that_names_the_key_as_a_credential_is_refused():
    """Else a customer could have it mounted into a pod that runs beside their data."""
    base = world.spec().base.model_dump() | {"secret": "signing"}
    fake = await played(spec=world.spec(base=base))
    assert fake.reason("IntakeAccepted") == Reason.INPUT_INVALID and "opens no source" in fake.message("IntakeAccepted")
    assert not [name for name in fake.objects if name.startswith("Job/")]


async def test_deployment_and_signature_are_told_in_one_write():
    """Signing costs one write, that of its Job."""
    usual = {"progress_seconds": 30.0}
    fake = await FakeCluster().go_on(settings=SIGNED.model_copy(update=usual))
    plain = await FakeCluster().go_on(settings=fakes.SETTINGS.model_copy(update=usual))
    assert fake.status.state == plain.status.state == "Delivered"
    assert len(fake.writes) == len(plain.writes) + 1
    assert [write for write in fake.writes if "-card-" in write] == [f"create {fake.job('card', 1)}"]


async def test_a_signer_that_takes_long_is_waited_for_aloud():
    fake = FakeCluster()
    await fake.go_on(settings=fakes.SETTINGS.model_copy(update={"signing_secret": ""}))
    fake.play = Play(deaths={("card", 1): "vanish"})
    await fake.settle(SIGNED)
    assert (fake.status.stage, fake.status.state) == ("card", "JobPending")
    assert "signed" not in fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]


@pytest.mark.parametrize(
    ("death", "reason"),
    [
        pytest.param("problem:Invalid", Reason.INPUT_INVALID, id="no usable key"),
        pytest.param("silent", Reason.EVIDENCE_MISSING, id="no evidence"),
        pytest.param("mismatch", Reason.EVIDENCE_INVALID, id="evidence that the kubelet does not vouch for"),
    ],
)
async def test_what_is_not_signed_is_not_delivered(death: str, reason: Reason):
    fake = await played(play=Play(deaths={("card", 1): death}))
    assert fake.reason("CardIssued") == reason and fake.truth("Ready") != "True"
    assert fake.truth("Deployed") == "True"
    kept = fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]
    assert "certificate.json" in kept["papers"] and "signed" not in kept, (
        "who paid gets the papers, and reads that they are unsigned"
    )


@pytest.mark.parametrize(
    "change",
    [{"artifact_digest": world.SHA["other"]}, {"referrers": {papers.PAPERS: world.SHA["other"]}}],
    ids=["another artifact", "half of the papers"],
)
async def test_evidence_of_another_signature_is_none(change: dict[str, object]):
    fake = await played(play=Play(changes=change) if "referrers" in change else Play())
    if "artifact_digest" in change:
        fake = FakeCluster()
        await fake.go_on(settings=fakes.SETTINGS)
        fake.play = Play(changes=change)
        await fake.go_on(settings=SIGNED)
    assert fake.reason("CardIssued") == Reason.EVIDENCE_INVALID


async def test_a_lost_signer_is_followed_by_another():
    fake = await played(play=Play(deaths={("card", 1): "evict"}))
    assert fake.status.state == "Delivered" and fake.task(fake.pod("card")).attempt == 2


async def test_other_claims_are_other_papers_and_signed_anew():
    fake = await played()
    claimed = world.spec(card={"claims": [{"type": "Method", "subject": "method", "value": "LoRA"}]})
    fake.spec = fake.spec.model_copy(update={"card": claimed.card})
    fake.generation += 1
    await fake.go_on(settings=SIGNED)
    assert fake.status.state == "Delivered"
    assert len([name for name in fake.objects if name.startswith("Job/router-card")]) == 2


async def test_a_delivery_without_a_model_is_not_signed():
    fake = await played(play=Play(wins=10))
    assert fake.status.certificate and not [name for name in fake.objects if name.startswith("Job/router-card")]
