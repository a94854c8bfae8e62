"""What a customer keeps: card, certificate and bill say what is so, and nothing that is not."""

import json
import re

import yaml
from huggingface_hub import ModelCard

from delivery_api.driver import Card, Claim
from delivery_api.status import CostStatus
from delivery_operator.documents.bill import cancelled
from tests.oracle import world
from tests.support.fake import FakeCluster
from tests.support.plays import Play


async def issued(**made: object) -> tuple[FakeCluster, dict[str, str]]:
    fake = await FakeCluster(**made).go_on()
    assert fake.status.certificate is not None
    return fake, fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]["papers"]


def claims(*given: tuple[str, str, str]) -> dict:
    return Card(claims=tuple(Claim(type=kind, subject=about, value=value) for kind, about, value in given)).model_dump()


async def test_the_card_has_a_model_index_that_hugging_face_reads():
    _, data = await issued()
    read = ModelCard(data["README.md"]).data
    (result,) = read.eval_results
    assert (result.metric_type, result.metric_value, result.dataset_type) == ("accuracy", 0.5625, "private")
    assert result.dataset_revision == json.loads(data["certificate.json"])["inputs"]["sealed"]
    assert read.model_name == "router" and read.base_model and read.library_name == "transformers"


async def test_the_certificate_names_the_evidence_of_every_stage_that_did_work():
    fake, data = await issued()
    certificate = json.loads(data["certificate.json"])
    rested = {row["name"]: row.get("evidence") for row in certificate["stages"]}
    assert {name for name, digest in rested.items() if digest} == {"intake", "train", "eval", "deploy"}
    assert certificate["delivered"] and certificate["approval"]["by"] == "eve" and certificate["notEstablished"] == []
    assert certificate["artifact"]["digest"] == fake.status.artifact.digest


async def test_the_card_says_what_the_run_took_and_that_the_prediction_was_off():
    """Whoever plans the next delivery believes the estimate only as far as the last ones held."""
    fake, data = await issued(play=Play(changes={"peak_memory_bytes": 20_000_000_000}))
    seen = fake.status.prediction
    assert seen.peak_memory.measured == "20000000000" and float(seen.peak_memory.ratio) > 1.2
    assert json.loads(data["certificate.json"])["prediction"]["peakMemory"]["measured"] == "20000000000"
    trained = next(one for one in fake.status.conditions if one.type == "Trained")
    said = f"memory 20.00 GB of {int(seen.peak_memory.predicted) / 1e9:.2f} GB predicted"
    for text in (trained.message, data["README.md"]):
        assert said in text and re.search(r"prediction of memory( and speed)? more than a fifth off", text)


async def test_a_waived_canary_is_printed_as_not_established():
    """The customer waived it, and whoever reads the certificate must know."""
    _, data = await issued(spec=world.spec(terms__handling__intake_canary="Skip"))
    assert any("CanarySkipped" in line for line in json.loads(data["certificate.json"])["notEstablished"])
    assert "## Not established" in data["README.md"]


async def test_a_claim_that_does_not_hold_is_struck_through():
    wrong = claims(("Metric", "candidate", "0.99"), ("Method", "method", "LoRA"), ("Limits", "domain", "support mail"))
    _, data = await issued(spec=world.spec(card=wrong))
    assert "~~Metric candidate: 0.99~~ (the evidence says 0.5625)" in data["README.md"]
    assert "- Method method: LoRA (evidence: LoRA)\n" in data["README.md"] and "(the driver's own word)" in data["README.md"]
    assert [claim["holds"] for claim in json.loads(data["certificate.json"])["claims"]] == [False, True, True]


async def test_a_claim_that_nothing_bears_is_struck_through_with_the_reason():
    unborne = claims(("Metric", "f1", "0.9"), ("Limits", "other", "right in 99 % of cases"))
    _, data = await issued(spec=world.spec(card=unborne))
    assert "~~Metric f1: 0.9~~ (not established: no evidence speaks of it)" in data["README.md"]
    assert "~~Limits other: right in 99 % of cases~~ (not established: a limit carries no number" in data["README.md"]
    assert [claim["holds"] for claim in json.loads(data["certificate.json"])["claims"]] == [None, None]


async def test_what_a_driver_writes_is_text_and_nothing_else():
    """A claim must not strike out of its strike-through, and its sentence is not printed as if it were checked."""
    evil = claims(("Metric", "candidate", "0.99~~ **verified** <b>"), ("Limits", "domain", "[x](http://y)"))
    evil["claims"][0]["text"] = "Better than any other model"
    _, data = await issued(spec=world.spec(card=evil))
    assert r"~~Metric candidate: 0.99\~\~ \*\*verified\*\* \<b\>~~" in data["README.md"]
    assert r"\[x\](http://y)" in data["README.md"] and "Better than" not in data["README.md"]


async def test_every_number_on_the_card_is_in_the_certificate_or_the_bill():
    """What the card adds of its own is the level of the interval, which follows from the use of the holdout."""
    said = claims(("Metric", "candidate", "0.5625"), ("Data", "trainRows", "4000"), ("Data", "labels", "10"))
    fake, data = await issued(spec=world.spec(card=said))
    known = data["certificate.json"] + data["bill.json"] + fake.status.model_dump_json()
    number = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?")
    printed = set(number.findall(data["README.md"])) - set(number.findall(known))
    assert printed == {"97.5"}


async def test_text_of_the_driver_cannot_break_out_of_the_front_matter():
    """A card is read by machines."""
    evil = claims(("Limits", "other", "x\n---\nlicense: mine"))
    _, data = await issued(spec=world.spec(card=evil))
    assert data["README.md"].count("\n---\n") == 1 and "license" not in yaml.safe_load(data["README.md"].split("---")[1])


async def test_a_certificate_of_non_delivery_has_no_artifact_and_bills_nothing():
    _, data = await issued(play=Play(wins=10))
    certificate, bill = json.loads(data["certificate.json"]), json.loads(data["bill.json"])
    assert not certificate["delivered"] and "artifact" not in certificate
    assert bill["billed"] == "0" and bill["withheld"] == bill["amount"] == "0.0075"
    assert "Nothing is billed" in data["README.md"] and "model-index" not in data["README.md"]


def test_a_cancelled_delivery_is_billed_only_if_its_audit_had_passed():
    cost = CostStatus(currency="USD", ledger=(world.entry(),))
    assert [cancelled("a/b", "u", cost, audited)["billed"] for audited in (True, False)] == ["0.6", "0"]
