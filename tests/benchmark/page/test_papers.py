"""Papers are read as they were issued, from whatever kept them; what is none is refused by name."""

import json
from html import escape
from pathlib import Path

import pytest

from delivery_benchmark.page import PapersError, papers
from delivery_benchmark.page.pipeline import card, pipeline, verdicts
from delivery_oracle.stages import card as judged
from kubectl_delivery.report import page as report_page
from kubectl_delivery.report import report as report_of
from tests.benchmark.page import world
from tests.oracle import world as oracle_world
from tests.plugin.standing import curves, delivery
from tests.support.fake import FakeCluster


def report(texts: dict[str, str], losses: str = "") -> str:
    """A page of `kubectl delivery report` as far as it is read."""
    folded = "".join(f"<details><summary>{name}</summary><pre>{escape(text)}</pre></details>" for name, text in texts.items())
    return f"<dl><dt>Ticket</dt><dd>Two &lt;dollars&gt;</dd><dt>Cost</dt><dd>1</dd></dl>{losses}{folded}"


def test_the_recorded_ones_are_whole():
    names = [(one.name, one.certificate["delivered"], one.training is not None) for one in world.deliveries()]
    assert names == [
        ("acme/support-router", True, True),
        ("acme/labels-permuted", False, False),
        ("acme/labels-noisy", False, True),
    ]
    assert all(one.ticket for one in world.deliveries())


def test_a_report_page_gives_back_the_papers_to_the_letter(tmp_path: Path):
    file = tmp_path / "router.html"
    file.write_text(report(world.texts()))
    found = papers.of_file(file)
    kept = papers.of(world.texts(), "the same", "Two <dollars>")
    assert found == kept and found.card == world.texts()["README.md"]


def test_the_curve_of_a_stopped_run_is_read_from_the_numbers_beside_its_picture(tmp_path: Path):
    tables = (
        "<details><summary>Looks of the probe</summary><table><tr><th>step</th></tr>"
        "<tr><td>21</td><td>-0.0156</td><td>64</td></tr></table></details>"
        "<details><summary>Loss by step</summary><table>"
        "<tr><td>1</td><td>6.5</td></tr><tr><td>2</td><td>5.5</td></tr></table></details>"
    )
    file = tmp_path / "noisy.html"
    file.write_text(report(world.texts(2), tables))
    assert papers.of_file(file).training == {
        "loss": [[1, 6.5], [2, 5.5]], "looks": [{"step": 21, "gain": -0.0156, "items": 64}]
    }  # fmt: skip


def test_a_demo_names_its_deliveries_and_their_order(tmp_path: Path):
    for number, name in enumerate(("b", "a")):
        (tmp_path / f"{name}.html").write_text(report(world.texts(number)))
    (tmp_path / "other.html").write_text("no delivery of this demo")
    (tmp_path / "demo.json").write_text(json.dumps({"deliveries": [{"name": "b"}, {"name": "a"}]}))
    assert [one.name for one in papers.read([tmp_path])] == ["acme/support-router", "acme/labels-permuted"]


def test_a_certificate_is_enough(tmp_path: Path):
    file = tmp_path / "certificate.json"
    file.write_text(json.dumps({"kind": "DeliveryCertificate", "spec": {"papers": world.texts(1)}}))
    assert papers.read([file])[0].name == "acme/labels-permuted"


@pytest.mark.parametrize(("name", "text", "why"), [
    ("a.html", "<p>hello</p>", "no certificate.json"),
    ("a.json", "not json", "neither a report page nor JSON"),
    ("a.json", "[]", r"no spec\.papers"),
    ("a.json", json.dumps({"spec": {"papers": world.changed(0, schemaVersion="other")}}), "its certificate is not of"),
    ("a.json", json.dumps({"spec": {"papers": world.texts() | {"bill.json": "{"}}}), "its papers are not JSON"),
])  # fmt: skip
def test_what_is_no_delivery_is_refused_by_name(tmp_path: Path, name: str, text: str, why: str):
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(PapersError, match=why) as refused:
        papers.read([file])
    assert str(file) in str(refused.value)


def test_an_empty_folder_is_no_page(tmp_path: Path):
    with pytest.raises(PapersError, match="no deliveries"):
        papers.read([tmp_path])


CLAIMS = {True: ("gain", "1"), False: ("gain", "2"), None: ("speed", "1")}
"""Claims that hold, do not, and are not shown, where a gain of 1 is what the evidence establishes."""


@pytest.mark.parametrize("held", [[], [True], [True, False, None], [True, None]])
def test_the_card_stands_as_the_oracle_would_have_it(held: list[bool | None]):
    """The certificate cannot hold the verdict of the stage that issues it; the claims on it say the same."""
    made = [{"type": "Metric", "subject": subject, "value": value} for subject, value in map(CLAIMS.__getitem__, held)]
    known = {("Metric", "gain"): "1"}
    row = card([claim | {"holds": one} for claim, one in zip(made, held, strict=True)])
    expected = judged.judge(oracle_world.spec(card={"claims": made}), known, settled=True)
    assert (row["verdict"], row["reason"]) == (expected.verdict, expected.reason)


def test_every_stage_has_its_verdict_and_its_evidence():
    text = pipeline(world.deliveries())
    assert text.count('role="tab"') == text.count('role="tabpanel"') == 30
    for one in world.deliveries():
        assert len(verdicts(one)) == 10
        for row in one.certificate["stages"]:
            assert escape(row["message"]) in text and row.get("evidence", "") in text
        for entry in one.bill["ledger"]:
            assert entry["pod"] in text


async def test_what_todays_operator_issues_is_understood(tmp_path: Path):
    """Recorded papers are of their day; the certificate and the report page of this very tree must be read as well."""
    fake = await FakeCluster(spec=oracle_world.spec()).go_on()
    issued = fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]["papers"]
    file = tmp_path / "router.html"
    file.write_text(report_page(report_of(delivery(fake), fake.now, curves(fake), issued)))
    found = papers.of_file(file)
    assert found.certificate == json.loads(issued["certificate.json"]) and found.bill == json.loads(issued["bill.json"])
    assert found.training is not None and len(found.training["looks"]) == 6
    assert [row["verdict"] for row in verdicts(found).values()] == ["Pass"] * 10
    assert pipeline([found]).count('role="tabpanel"') == 10
