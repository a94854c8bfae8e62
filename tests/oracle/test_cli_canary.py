"""`delivery-oracle canary`: two tables in, one verdict out, or the name of what cannot be used."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest

from tests.oracle.files import lines


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
