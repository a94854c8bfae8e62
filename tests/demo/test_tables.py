"""DATA=path: any CSV or JSONL, read or refused in one line."""

import json
import os
from pathlib import Path

import pytest

from demo.data import TableError, load_own
from demo.data.__main__ import main
from demo.data.tables import read_table

ROWS = [
    (f"my {thing} is {state} since {day}", state)
    for thing in ("phone", "bike", "door", "lamp", "boat")
    for state in ("lost", "broken", "late")
    for day in ("monday", "friday")
]


def csv_table(path: Path, header: str = "text,label") -> Path:
    path.write_text(header + "\n" + "".join(f"{text},{label}\n" for text, label in ROWS))
    return path


@pytest.mark.parametrize("header", ["text,label", "Query,Intent", "label,text", "id,message,category"])
def test_columns_are_recognised_by_name(tmp_path: Path, header: str) -> None:
    names = header.split(",")
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(dict.fromkeys(names, "x")) + "\n" for _ in range(3)))
    table = read_table(path)
    assert {table.input, table.target} <= set(names) and table.input != table.target


def test_columns_can_be_named(tmp_path: Path) -> None:
    table = read_table(csv_table(tmp_path / "own.csv", "frage,ziel"), "frage", "ziel")
    assert (table.input, table.target, len(table.rows)) == ("frage", "ziel", len(ROWS))


def test_the_split_does_not_depend_on_the_order_of_the_file(tmp_path: Path) -> None:
    path = csv_table(tmp_path / "a.csv")
    lines = path.read_text().splitlines()
    turned = tmp_path / "b.csv"
    turned.write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    assert load_own(path).sealed == load_own(turned).sealed
    assert {row.text for row in load_own(path).train} == {row.text for row in load_own(turned).train}


def test_a_repeated_text_never_lies_on_both_sides(tmp_path: Path) -> None:
    path = tmp_path / "twice.csv"
    path.write_text(csv_table(tmp_path / "a.csv").read_text() + "".join(f"{text},{label}\n" for text, label in ROWS))
    own = load_own(path)
    assert not {row.text for row in own.train} & {row.text for row in own.sealed}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("a.csv", "text,label\n", "no rows", id="empty"),
        pytest.param("a.csv", "x,y\n1,2\n", "--input", id="unknown columns"),
        pytest.param("a.jsonl", '{"text": "a"\n', "a.jsonl:1: not JSON", id="broken line"),
        pytest.param("a.jsonl", "[1]\n", "not an object", id="not an object"),
        pytest.param("a.parquet", "PAR1", ".parquet is not supported", id="format"),
        pytest.param("a.csv", "text,label\nhello,x\n", "too few distinct rows", id="too small"),
        pytest.param("a.csv", b"text,label\n\xff\xfe,x\n", "not UTF-8", id="encoding"),
    ],
)
def test_a_bad_table_is_refused_in_one_line(
    tmp_path: Path, name: str, content: str | bytes, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["--out", str(tmp_path / "out"), "--data", str(path)]) == 64
    message = capsys.readouterr().err
    assert says in message and str(path) in message and message.count("\n") == 1


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no such file"):
        load_own(tmp_path / "none.csv")


@pytest.fixture
def banking77() -> Path:
    folder = Path(os.environ.get("DELIVERY_SHARED", "../shared")) / "data" / "banking77"
    if not folder.is_dir():
        pytest.fail(f"{folder} is absent; set DELIVERY_SHARED to the folder that holds data/banking77")
    return folder


def test_banking77_works_as_it_is(banking77: Path) -> None:
    """The public data set of the field, 77 intents, keeps its own split."""
    own = load_own(banking77)
    assert (own.input, own.target) == ("text", "category")
    assert len(own.train) == 10003 and len(own.sealed) == 1600
    assert {row.label for row in own.sealed} <= {row.label for row in own.train}
    assert 0 < own.dropped < 800
