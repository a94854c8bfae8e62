"""Three whole deliveries on the real node, by the code that `make demo` runs, at a size that fits CI.

Slow by nature: real containers, a real fine-tune, a real serving engine. Everything is asserted on
the record of one run, so that the run is paid for once.
"""

import re
from pathlib import Path

import pytest

from delivery_api.stages import STAGES
from tests.e2e.conftest import Record

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

MOST_WRITES = 16


@pytest.fixture(scope="session")
def healthy(record: Record) -> Record:
    return _of(record, "support-router")


@pytest.fixture(scope="session")
def permuted(record: Record) -> Record:
    return _of(record, "labels-permuted")


@pytest.fixture(scope="session")
def noisy(record: Record) -> Record:
    return _of(record, "labels-noisy")


def _of(record: Record, name: str) -> Record:
    (found,) = (delivery for delivery in record["deliveries"] if delivery["name"] == name)
    return dict(found)


def _stage(delivery: Record, name: str) -> tuple[str, str]:
    (found,) = (stage for stage in delivery["stages"] if stage["name"] == name)
    return found["verdict"], found["reason"]


def test_a_good_delivery_passes_all_ten_stages(healthy: Record) -> None:
    assert [stage["name"] for stage in healthy["stages"]] == [str(stage) for stage in STAGES]
    assert {stage["verdict"] for stage in healthy["stages"]} == {"Pass"}


def test_it_learned_what_the_terms_ask_for_and_is_billed(healthy: Record) -> None:
    assert healthy["gain"] >= 0.20
    assert healthy["acceleratorSeconds"] > 0
    assert healthy["billed"] == healthy["cost"] > 0


def test_permuted_labels_are_refused_before_any_accelerator_second(permuted: Record) -> None:
    assert _stage(permuted, "intake") == ("Fail", "LabelsUnrelated")
    assert permuted["acceleratorSeconds"] == permuted["cost"] == permuted["billed"] == 0


def test_noisy_labels_are_stopped_mid_run_and_nobody_is_billed(noisy: Record) -> None:
    assert _stage(noisy, "intake") == ("Unknown", "CanarySkipped")
    assert _stage(noisy, "train") == ("Fail", "NotLearning")
    assert noisy["acceleratorSeconds"] > 0 and noisy["cost"] > 0
    assert noisy["billed"] == 0


@pytest.mark.parametrize("name", ["labels-permuted", "labels-noisy"])
def test_a_delivery_that_failed_still_gets_its_bill_and_certificate(record: Record, name: str) -> None:
    delivery = _of(record, name)
    assert _stage(delivery, "cost") == ("Pass", "Withheld")
    assert _stage(delivery, "card")[1] == "CardIssued"
    assert _stage(delivery, "deploy")[0] == "Unknown"


def test_the_operator_writes_little(record: Record) -> None:
    """The API server is everybody's; a write too many per delivery is a write too many ten thousand times."""
    assert all(0 < delivery["operatorWrites"] <= MOST_WRITES for delivery in record["deliveries"])


def test_the_requester_could_not_approve_the_own_delivery(out: Path) -> None:
    transcript = (out / "transcript.txt").read_text()
    attempts = re.findall(r"(requester|approver)\$ kubectl annotate .*ptaas\.dev/approve=[0-9a-f]{64}", transcript)
    assert attempts == ["requester", "approver"]
    assert "refused by the API server: " in transcript


def test_customers_get_answers(out: Path) -> None:
    transcript = (out / "transcript.txt").read_text()
    answers = re.findall(r"^ {4}> .*\n {6}(\w+)", transcript, re.MULTILINE)
    assert len(answers) >= 3 and len(set(answers)) > 1


def test_the_requester_confirms_the_signed_delivery(out: Path, record: Record) -> None:
    """By its ModelVersion and certificate, the registry, and one public key; it costs the demo seconds."""
    transcript = (out / "transcript.txt").read_text()
    assert "requester$ kubectl delivery verify support-router" in transcript
    assert re.search(r"^    verified$", transcript, re.MULTILINE)
    assert "the ModelVersion is that of the certificate; 4 papers of the DeliveryCertificate are here" in transcript
    (step,) = (one for one in record["steps"] if one["name"].endswith("confirmed by the registry and a key"))
    assert step["seconds"] < 20


@pytest.mark.parametrize("name", ["support-router", "labels-permuted", "labels-noisy"])
def test_every_delivery_has_a_report(out: Path, name: str) -> None:
    page = (out / f"{name}.html").read_text()
    assert "certificate.json" in page and page.endswith("</html>\n")
