"""Rows of every format, and each mistake with the field that it is in."""

from pathlib import Path

import pytest

from delivery_api.driver import Fields
from delivery_io import tables
from delivery_io.problems import WorkProblem

FIELDS = Fields(input="text", target="intent")
FIELD = "spec.terms.data.train"


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", 'text,intent\n" two\nlines ",card\nplain,loan\n'),
        ("rows.csv", '\ufefftext,intent\n"two\nlines",card\nplain,loan\n'),
        ("rows.jsonl", '{"text": "two\\nlines", "intent": "card"}\n\n{"text": "plain", "intent": " loan "}\n'),
        ("rows.json", '[{"text": "two\\nlines", "intent": "card"}, {"text": "plain", "intent": "loan"}]'),
    ],
    ids=["csv", "csv with mark", "jsonl", "json"],
)
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str, content: str) -> None:
    table = tables.read(written(tmp_path, name, content), FIELDS, FIELD)
    assert [(row.number, row.text, row.target) for row in table.rows] == [(0, "two\nlines", "card"), (1, "plain", "loan")]
    assert table.columns == ("text", "intent")


@pytest.mark.parametrize(
    ("name", "content", "field", "says"),
    [
        ("rows.csv", "", FIELD, "no rows"),
        ("rows.csv", "text,intent\n", FIELD, "no rows"),
        ("rows.csv", "body,intent\na,b\n", "spec.intake.fields.input", "no column text; its columns are body, intent"),
        ("rows.csv", "text,label\na,b\n", "spec.intake.fields.target", "no column intent"),
        ("rows.csv", b"text,intent\n\xff\xfe,b\n", FIELD, "UTF-8"),
        ("rows.jsonl", '{"text": "a", "intent": "b"}\n{"text": "a", "int', FIELD, "after row 0"),
        ("rows.jsonl", "[1, 2]\n", FIELD, "Row 0 of rows.jsonl is not an object"),
    ],
    ids=["empty", "head only", "input column", "target column", "encoding", "truncated", "no object"],
)
def test_a_mistake_names_its_field(tmp_path: Path, name: str, content: str | bytes, field: str, says: str) -> None:
    with pytest.raises(WorkProblem) as raised:
        tables.read(written(tmp_path, name, content), FIELDS, FIELD)
    assert (raised.value.kind, raised.value.field) == ("Invalid", field) and says in raised.value.message


def test_items_leave_out_empty_rows_and_repetitions() -> None:
    rows = [tables.row_of(n, text, target) for n, (text, target) in enumerate([("a", "x"), ("", "x"), ("a", "x"), ("a", "y")])]
    assert [row.number for row in tables.items(rows).values()] == [0, 3]
