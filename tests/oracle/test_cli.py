"""The command line as people use it: JSON lines, exit statuses, and one clear line for everything that is wrong."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from delivery_api.digests import canonical
from delivery_oracle.cli import main
from delivery_oracle.commands import stream
from delivery_oracle.commands.common import BadInput
from tests.oracle import world as w
from tests.oracle.files import delivery, record, write


@pytest.fixture
def cli(monkeypatch, capsys):
    """Runs the command line with text or bytes on standard input."""

    def run(*arguments: str, stdin: str | bytes = b"") -> SimpleNamespace:
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
        try:
            status = main(list(arguments))
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr()
        return SimpleNamespace(status=status, out=said.out, err=said.err)

    return run


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_wealth_prints_a_line_an_item(cli):
    seen = cli("wealth", "--process", "flag", "--delta", "0.1", stdin="0\n-1\n0\n0\n1\n-1\n-1\n0\n-1\n0\n" * 4)
    path = lines(seen.out)
    assert [line["n"] for line in path] == list(range(1, 41)) and round(path[9]["wealth"], 6) == 3.353894
    decided = next(line["n"] for line in path if line["wealth"] >= 100)
    assert [line["outcome"] for line in path[decided - 2 : decided]] == ["Undecided", "NotLearning"] and seen.status == 1


@pytest.mark.parametrize(
    ("process", "stdin", "outcome", "status"),
    [("flag", "1\n" * 40, "Undecided", 2), ("certify", "1\n" * 40, "Learning", 0), ("certify", "0\n" * 9, "Undecided", 2)],
)
def test_the_exit_status_of_wealth_is_its_outcome(cli, process, stdin, outcome, status):
    seen = cli("wealth", "--process", process, "--delta", "0.1", stdin=stdin)
    assert (lines(seen.out)[-1]["outcome"], seen.status) == (outcome, status)


def test_an_outcome_is_never_taken_back(cli):
    outcomes = [
        line["outcome"]
        for line in lines(cli("wealth", "--process", "flag", "--delta", "0.1", stdin="-1\n" * 30 + "1\n" * 99).out)
    ]
    assert outcomes == sorted(outcomes, reverse=True) and outcomes[-1] == "NotLearning"


def test_mcnemar_prints_p(cli):
    assert lines(cli("mcnemar", "10", "3").out) == [{"p": pytest.approx(0.046143, abs=5e-7)}]


@pytest.mark.parametrize(
    ("stdin", "verdict", "signature", "status"),
    [
        ("0 1\n" * 30 + "1 1\n" * 70, "Pass", "none", 0),
        ("0 1\n" * 5 + "1 0\n" * 5 + "0 0\n" * 90, "Fail", "noise", 1),
        ("1 1\n" * 100, "Fail", "inert", 1),
        ("0 1\n" * 3 + "0 0\n" * 17, "Unknown", "none", 2),
        ("0.2,0.9\n" * 90, "Pass", "none", 0),
    ],
)
def test_learned_has_three_values(cli, stdin, verdict, signature, status):
    seen = cli("learned", "--delta", "0.1", stdin=stdin)
    (line,) = lines(seen.out)
    assert (line["verdict"], line["signature"], seen.status) == (verdict, signature, status)
    assert line["interval"][0] <= line["gain"] <= line["interval"][1] and "against" in seen.err


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1"], b"", "no items", id="empty"),
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1"], b"0\nnan\n", "line 2: nan is not finite", id="NaN"),
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1"], b"0\n3\n", "item 2: difference 3.0", id="out of range"),
        pytest.param(["wealth", "--process", "flag", "--delta", "1"], b"0\n", "delta 1.0 is not inside", id="margin of one"),
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1", "--alpha", "7"], b"0\n", "--alpha 7", id="alpha"),
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1"], b"\xff\xfe0\x00\n", "is no number", id="encoding"),
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1"], b"7" * 99999, "line 1", id="no line ends"),
        pytest.param(["wealth", "--process", "stop", "--delta", "0.1"], b"", "invalid choice", id="usage"),
        pytest.param(
            ["learned", "--delta", "0.1"], b"0 1 a\n1 1 b\n\n1 1 a\n", "line 4: item a was on line 1", id="repeated id"
        ),
        pytest.param(
            ["learned", "--delta", "0.1"], b"0 1 a\n1 1\n", "line 2: 2 fields, 3 on the lines before", id="ids missing"
        ),
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1"], b"0 a\n0 a\n", "item a was on line 1", id="item twice"),
        pytest.param(
            ["wealth", "--process", "flag", "--delta", "0.1", "--alpha", "0"], b"0\n", "--alpha 0 is not", id="no alpha"
        ),
        pytest.param(["power", "--delta", "1", "--items", "9"], b"", "--delta 1 is not inside", id="power of a margin of one"),
        pytest.param(["power", "--delta", "0.1", "--items", "0"], b"", "--items and --pool", id="power of nothing"),
        pytest.param(["power", "--delta", "0.1", "--items", "9", "--use", "0"], b"", "first is 1", id="no use"),
        pytest.param(["fleet"], b"", "no deliveries", id="no fleet"),
        pytest.param(["fleet"], b"3 a\nnan b\n", "line 2: nan is not finite", id="wealth of a delivery is NaN"),
        pytest.param(["fleet"], b"3 a\n4 a\n", "item a was on line 1", id="delivery twice"),
        pytest.param(["fleet", "--alpha", "1"], b"3 a\n", "alpha 1.0 is not inside", id="rate of one"),
        pytest.param(["learned", "--delta", "0.1"], b"0 1\n1\n", "line 2: 1 fields, 2 expected", id="unequal lengths"),
        pytest.param(["learned", "--delta", "0.1"], b"", "no items", id="no pairs"),
        pytest.param(["learned", "--delta", "nan"], b"0 1\n", "--delta nan", id="margin is NaN"),
        pytest.param(["learned", "--delta", "0.1"], b"0 1.5\n", "candidate score 1.5 of item 1", id="no score"),
        pytest.param(["mcnemar", "-1", "3"], b"", "not", id="negative wins"),
        pytest.param(["mcnemar", "3"], b"", "LOSSES", id="one count"),
        pytest.param([], b"", "COMMAND", id="no command"),
        pytest.param(["configure", "/nowhere.yaml"], b"", "/nowhere.yaml: No such file", id="no file"),
        pytest.param(["judge", "/nowhere"], b"", "/nowhere: no such directory", id="no directory"),
    ],
)
def test_bad_input_gets_one_clear_line(cli, arguments, stdin, words):
    seen = cli(*arguments, stdin=stdin)
    assert seen.status == 64 and words in seen.err and "Traceback" not in seen.err
    assert len(seen.err.strip().splitlines()) == 1 and seen.out == ""


def test_a_file_of_ten_gigabytes_is_refused_before_it_is_read(tmp_path):
    """Sparse, so that the test writes nothing; reading it would take minutes."""
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(10 * 2**30)
    with (tmp_path / "huge").open("rb") as file, pytest.raises(BadInput, match=r"input of 10\.0 GiB, at most 1 GiB"):
        stream.read(file, 1)


def test_input_without_end_is_given_up_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(stream, "MOST_ITEMS", 1000)
    endless = SimpleNamespace(fileno=lambda: os.pipe()[0], read=lambda size: b"0\n" * 500)
    with pytest.raises(BadInput, match="more than 1,000 items"):
        stream.read(endless, 1)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_lines_cut_by_the_size_of_a_read_do_not_show(monkeypatch, size):
    monkeypatch.setattr(stream, "CHUNK_BYTES", size)
    text = b"0,0.5\n\n1 0.25\r\n  0.125,\t1"
    assert stream.read(io.BytesIO(text), 2).tolist() == [[0, 0.5], [1, 0.25], [0.125, 1]]
    with pytest.raises(BadInput, match="line 5: 'x 1' is no number"):
        stream.read(io.BytesIO(text + b"\nx 1\n"), 2)


def test_every_verdict_states_its_null_and_its_population(cli):
    """What a rejection means must not have to be looked up."""
    population = "in the population that the sealed rows were drawn from"
    flagged = cli("wealth", "--process", "flag", "--delta", "0.1", stdin="-1\n" * 30)
    assert "NotLearning: rejected at 0.01 after" in flagged.err and f"expected to gain at least 0.1 {population}" in flagged.err
    certified = cli("wealth", "--process", "certify", "--delta", "0.1", stdin="0\n" * 30)
    assert "Undecided: not rejected at 0.05" in certified.err and f"at most 0.1 {population}" in certified.err
    for stdin, null in (("0 1\n", "as likely lost as won"), ("0.2 0.9\n", "the expected gain is at most 0")):
        seen = cli("learned", "--delta", "0.1", stdin=stdin * 9)
        assert null in lines(seen.out)[0]["null"] and population in seen.err


def test_a_gain_that_the_trainer_saw_and_serving_lost_is_named(cli):
    stdin = "0 1\n" * 5 + "1 0\n" * 5 + "0 0\n" * 90
    seen = cli("learned", "--delta", "0.1", "--probed", "0.4", stdin=stdin)
    assert lines(seen.out)[0]["signature"] == "serving" and "template, merge or save" in seen.err


def table(path: Path, rows: list[tuple[str, str]]) -> str:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows))
    else:
        path.write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows))
    return str(path)


def numbered(count: int, seed: int, wrong: bool = False) -> list[tuple[str, str]]:
    """Rows whose words say their label."""
    dice = random.Random(seed)
    rows = []
    for _ in range(count):
        label = dice.randrange(10)
        words = [f"word{label}x{dice.randrange(20)}" for _ in range(3)] + [f"filler{dice.randrange(300)}" for _ in range(3)]
        rows.append((" ".join(words), f"label{(label + wrong) % 10}"))
    return rows


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize(("wrong", "verdict", "status"), [(False, "Pass", 0), (True, "Fail", 1)], ids=["right", "renamed"])
def test_canary_reads_two_tables(cli, tmp_path, form, wrong, verdict, status):
    train = table(tmp_path / f"train.{form}", numbered(1500, 1, wrong))
    probe = table(tmp_path / f"probe.{form}", numbered(300, 2))
    seen = cli("canary", "--train", train, "--probe", probe, "--input", "text", "--target", "label")
    (line,) = lines(seen.out)
    assert (line["verdict"], seen.status) == (verdict, status) and line["n"] == 300
    assert line["interval"][0] <= line["agreement"] <= line["interval"][1] and (line["p"] < 0.05) is not wrong
    assert (line["agreement"] > line["null"]) is not wrong and line["sealed"]["agreement"] > line["sealed"]["null"]
    assert line["random_labels_interval"][0] <= line["random_labels"] <= line["random_labels_interval"][1]
    assert "a row picked at random" in seen.err and "population that the sealed rows were drawn from" in seen.err


def test_canary_counts_near_duplicates_and_leaks_and_leaves_them_out(cli, tmp_path):
    train, probe = numbered(400, 1), numbered(300, 2)
    leaky = table(tmp_path / "train.csv", [*train, (train[0][0] + "!", "label0"), probe[5], probe[6]])
    sealed = table(tmp_path / "probe.csv", [*probe, probe[0]])
    (line,) = lines(cli("canary", "--train", leaky, "--probe", sealed, "--input", "text", "--target", "label").out)
    counted = {
        name: line[name] for name in ("train", "train_near_duplicates", "train_in_probe", "probe", "probe_near_duplicates")
    }
    assert counted == {"train": 403, "train_near_duplicates": 1, "train_in_probe": 2, "probe": 301, "probe_near_duplicates": 1}
    assert line["n"] == 300


def test_few_sealed_rows_are_unknown(cli, tmp_path):
    train, probe = table(tmp_path / "t.csv", numbered(900, 1, True)), table(tmp_path / "p.csv", numbered(100, 2))
    seen = cli("canary", "--train", train, "--probe", probe, "--input", "text", "--target", "label")
    assert seen.status == 2 and lines(seen.out)[0]["random_labels"] is None and "100 of the 256 needed" in seen.err


@pytest.mark.parametrize("task", ["ExactMatch", "Extraction"])
def test_canary_over_texts(cli, tmp_path, task):
    dice = random.Random(4)
    rows = [
        (f"please send order {number} to {city}", str(number))
        for number, city in ((dice.randrange(10**6), dice.choice("abcdefgh")) for _ in range(900))
    ]
    train, probe = table(tmp_path / "t.jsonl", rows[:600]), table(tmp_path / "p.jsonl", rows[600:])
    seen = cli("canary", "--train", train, "--probe", probe, "--input", "text", "--target", "label", "--task", task)
    (line,) = lines(seen.out)
    assert (line["verdict"], seen.status) == (("Pass", 0) if task == "Extraction" else ("Unknown", 2))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("t.csv", b"", "no row has both", id="empty"),
        pytest.param("t.csv", b"text,label\n", "no row has both text and label", id="header only"),
        pytest.param(
            "t.csv", b"text,intent\na,b\n", "row 1 has no column label; its columns are text, intent", id="no such column"
        ),
        pytest.param("t.csv", b"text,label\n\xff\xfe,x\n", "not UTF-8 text after row 0", id="encoding"),
        pytest.param("t.jsonl", b'{"text": "a", "label": "b"}\n{"text": \n', "row 2 cannot be read", id="broken JSON"),
        pytest.param("t.jsonl", b"[1]\n", "row 1 is no object", id="no object"),
        pytest.param("t.jsonl", b'{"text": ["a"], "label": "b"}\n', "row 1, column text: a text was expected", id="no text"),
        pytest.param("t.jsonl", b"[" * 100_000 + b"\n", "row 1 cannot be read", id="nested without end"),
        pytest.param("t.parquet", b"PAR1", "a .csv or .jsonl file is needed", id="format"),
        pytest.param("t.csv", b"text,label\na b,x\n", "1 training and 300 sealed rows", id="one row"),
    ],
)
def test_a_table_that_cannot_be_used_is_named(cli, tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    probe = table(tmp_path / "p.csv", numbered(300, 2))
    seen = cli("canary", "--train", str(tmp_path / name), "--probe", probe, "--input", "text", "--target", "label")
    assert seen.status == 64 and words in seen.err and len(seen.err.strip().splitlines()) == 1 and seen.out == ""


def test_a_table_that_is_missing_or_huge_is_refused(cli, tmp_path):
    probe = table(tmp_path / "p.csv", numbered(300, 2))
    rest = ("--probe", probe, "--input", "text", "--target", "label")
    assert "No such file" in cli("canary", "--train", str(tmp_path / "none.csv"), *rest).err
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(10 * 2**30)
    seen = cli("canary", "--train", str(tmp_path / "huge.csv"), *rest)
    assert seen.status == 64 and "10.0 GiB, at most 1 GiB is read" in seen.err


def test_without_the_extra_the_command_says_how_to_get_it(cli, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "rensa", None)
    monkeypatch.delitem(sys.modules, "delivery_measure.duplicates", raising=False)
    probe = table(tmp_path / "p.csv", numbered(300, 2))
    seen = cli("canary", "--train", probe, "--probe", probe, "--input", "text", "--target", "label")
    assert seen.status == 64 and "pip install 'delivery-oracle[canary]'" in seen.err


@pytest.mark.parametrize(
    ("delta", "items", "pool", "enough", "looks"),
    [("0.2", "320", "384", True, 6), ("0.2", "16", "0", False, 0), ("0.03", "320", "100", False, 1)],
)
def test_power_is_said_before_the_run(cli, delta, items, pool, enough, looks):
    seen = cli("power", "--delta", delta, "--items", items, "--pool", pool)
    (line,) = lines(seen.out)
    assert (line["power"] >= 0.8, seen.status, line["looks"]) == (enough, 0 if enough else 2, looks)
    assert line["flags_no_gain"] > 0.9 if looks == 6 else line["flags_no_gain"] < 0.5
    assert "loses one item in ten" in seen.err and line["gain"] == pytest.approx(1.5 * float(delta))


def test_a_fleet_is_told_by_e_bh(cli):
    seen = cli("fleet", stdin="0 a\n5.4 b\n-3 c\n4.5 d\n")
    assert [line["rejected"] for line in lines(seen.out)] == [False, True, False, True] and seen.status == 0
    assert lines(seen.out)[1] == {"name": "b", "log_wealth": 5.4, "rejected": True} and "2 of 4 rejected" in seen.err


def test_only_the_module_of_the_command_is_imported():
    """`mcnemar` in the time of numpy, not of every judge."""
    code = "import sys; from delivery_oracle.cli import main; main(['mcnemar', '10', '3']); print('yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "False"


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
