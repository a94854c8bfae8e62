"""`delivery-oracle configure` and `judge`: a whole Delivery, and the evidence of one."""

from __future__ import annotations

import pytest
import yaml

from delivery_api.digests import canonical
from tests.oracle import world as w
from tests.oracle.files import delivery, lines, record, write


def test_configure_completes_the_spec_with_reasons(cli, tmp_path):
    seen = cli("configure", write(tmp_path / "d.yaml", delivery()))
    spec = yaml.safe_load(seen.out)["spec"]
    assert seen.status == 0 and spec["config"]["learningRate"] == "2e-4" and spec["schedule"]["acceleratorClass"] == "a40"
    assert "# spec.config.learningRate: 2e-4 suits LoRA on 8.19B parameters" in seen.out


def test_what_configure_prints_is_accepted_again(cli, tmp_path):
    first = cli("configure", write(tmp_path / "d.yaml", delivery()))
    (tmp_path / "again.yaml").write_text(first.out)
    again = cli("configure", str(tmp_path / "again.yaml"))
    assert again.status == 0 and yaml.safe_load(again.out) == yaml.safe_load(first.out)


def test_configure_reports_all_mistakes_at_once(cli, tmp_path):
    """The API server would report the unknown field, and after it is mended the next."""
    document = delivery()
    del document["apiVersion"]
    document["metadata"]["name"] = "Support_Router"
    terms, spec = document["spec"]["terms"], document["spec"]
    terms["budget"]["limit"] = 40
    terms["acceptance"]["minimumGian"] = terms["acceptance"].pop("minimumGain")
    terms["data"]["train"] = {"uri": "https://host/rows.csv"}
    terms["data"]["sealed"]["uri"] = "oci://host/rows:latest"
    spec["intake"]["metric"] = "F1"
    spec["config"] = {"learning_rate": "1e-3", "steps": "100", "microBatchSize": 0, "warmupSteps": 5}
    spec["card"] = {"claims": [{"type": "Metric", "subject": "gain"}]}
    spec["colour"] = "red"
    seen = cli("configure", write(tmp_path / "d.yaml", document))
    paths = [line.partition(": ")[0] for line in seen.err.splitlines()]
    assert seen.status == 64 and seen.out == "" and paths == [
        "apiVersion", "metadata.name", "spec.card.claims[0].value", "spec.colour", "spec.config.learning_rate",
        "spec.config.microBatchSize", "spec.config.steps", "spec.intake.metric", "spec.terms.acceptance.minimumGain",
        "spec.terms.acceptance.minimumGian", "spec.terms.budget.limit", "spec.terms.data.sealed.uri", "spec.terms.data.train",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"config": {"steps": 10, "warmupSteps": 9}}, "spec.config.warmupSteps: 9 > half of spec.config.steps=10"),
        (
            {"plan": {"method": "Full", "artifact": "Adapter"}},
            "spec.plan.artifact: Adapter, but spec.plan.method=Full has none",
        ),
        ({"plan": {"method": "Full"}, "config": {"rank": 8}}, "spec.config.rank: has no meaning with spec.plan.method=Full"),
        ({"config": {"rank": 1000, "targets": ["q_proj", "nope"]}}, "spec.config.targets=['q_proj', 'nope'] names nope"),
        ({"terms__budget__limit": "0.01"}, "spec.terms.budget.limit: needs up to"),
        ({"schedule": {"acceleratorClass": "tpu"}}, "spec.schedule.acceleratorClass=tpu does not exist"),
    ],
)
def test_rules_between_fields_are_looked_at(cli, tmp_path, changes, said):
    seen = cli("configure", write(tmp_path / "d.yaml", delivery(**changes)))
    assert seen.status == 64 and said in seen.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty; a Delivery was expected"),
        ("- a\n- b\n", "a list is no Delivery"),
        ("spec: {a: 1, a: 2}\n", "line 1: `a` is given twice"),
        ("spec: [\n", "line 2"),
        ("kind: Delivery\n---\nkind: Delivery\n", "2 documents"),
        ("spec: []\n", "spec:"),
    ],
)
def test_a_file_that_is_no_delivery_says_so(cli, tmp_path, text, words):
    (tmp_path / "d.yaml").write_text(text)
    seen = cli("configure", str(tmp_path / "d.yaml"))
    assert seen.status == 64 and words in seen.err and "Traceback" not in seen.err


def test_a_base_not_known_by_name_is_left_to_the_operator(cli, tmp_path):
    seen = cli("configure", write(tmp_path / "d.yaml", delivery(base={"uri": f"oci://r/base@{w.SHA['base']}"})))
    assert seen.status == 0 and "config" in yaml.safe_load(seen.out)["spec"] and "--base-config" in seen.err


def test_judge_prints_ten_verdicts(cli, tmp_path):
    seen = cli("judge", record(tmp_path))
    found = lines(seen.out)
    assert [line["stage"] for line in found] == [
        "intake", "plan", "config", "schedule", "train", "eval", "register", "deploy", "cost", "card",
    ]  # fmt: skip
    assert {line["verdict"] for line in found} == {"Pass"} and seen.status == 0


def test_one_wrong_stage_does_not_fail_the_next(cli, tmp_path):
    """A benchmark that cascades cannot tell which stage the agent got wrong."""
    seen = cli("judge", record(tmp_path, audit=w.audit(canary=w.canary(train=0.01)), verify=w.verify("label_1")))
    assert seen.status == 1
    assert [line["stage"] for line in lines(seen.out) if line["verdict"] != "Pass"] == ["intake", "deploy"]


def test_evidence_of_other_deliveries_and_of_earlier_work_is_passed_over(cli, tmp_path):
    """`kubectl get configmaps` of a namespace has them all."""
    record(tmp_path)
    document = yaml.safe_load((tmp_path / "delivery.yaml").read_text())
    document["metadata"]["uid"] = "uid-1"
    document["status"]["stages"] = [{"name": "eval", "verdict": "Pass", "reason": "Learned", "inputs": "sha256:inputs"}]
    write(tmp_path / "delivery.yaml", document)
    strangers = [
        w.evaluate(delivery_uid="uid-2", attempt=9, items=w.outcomes(0, 0)),
        w.evaluate(inputs="sha256:earlier", attempt=9, items=w.outcomes(0, 0)),
    ]
    for place, one in enumerate(strangers):
        (tmp_path / f"stranger-{place}.json").write_text(canonical(one))
    assert cli("judge", str(tmp_path)).status == 0


def test_evidence_that_is_missing_is_unknown(cli, tmp_path):
    seen = cli("judge", record(tmp_path, verify=None))
    (left,) = [line for line in lines(seen.out) if line["verdict"] != "Pass"]
    assert (left["stage"], left["verdict"], left["reason"], seen.status) == ("deploy", "Unknown", "EvidenceMissing", 2)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.json", "{", "not JSON"),
        ("x.json", '{"kind": "Audit", "pods": 1}', "deliveryUid"),
        ("x.yaml", "kind: Delivery\nspec: {}\n", "spec.terms"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(cli, tmp_path, name, text, words):
    record(tmp_path)
    (tmp_path / name).write_text(text)
    seen = cli("judge", str(tmp_path))
    assert seen.status == 64 and name in seen.err and words in seen.err and len(seen.err.strip().splitlines()) == 1


def test_a_digest_that_does_not_fit_is_no_evidence(cli, tmp_path):
    record(tmp_path)
    forged = (tmp_path / "maps.json").read_text().replace('\\"candidate\\":1.0', '\\"candidate\\":0.5', 1)
    (tmp_path / "maps.json").write_text(forged)
    seen = cli("judge", str(tmp_path))
    assert seen.status == 64 and "is not that of evidence.json" in seen.err
