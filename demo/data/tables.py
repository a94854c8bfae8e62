"""Read somebody's own table: any CSV or JSONL with an input and a target column.

A folder that holds a train and a test file keeps its split; a single file is split by the digest
of each input, so that the same rows are sealed on every machine and in every order of the file.
Rows that are nearly the same on both sides leave the sealed side, and the count is reported.
"""

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .arms import Row
from .near import NearIndex

SEALED_ROWS = 1600
SEALED_SHARE = 0.25
NEAR_LIMIT = 0.7
"""Laxer than for generated rows: short real messages share many word pairs without being copies."""
INPUTS = ("text", "input", "message", "query", "question", "prompt", "utterance", "sentence")
TARGETS = ("target", "label", "intent", "category", "class", "output", "answer", "completion")
SUFFIXES = (".csv", ".jsonl")


class TableError(ValueError):
    """The table cannot be used; the message says which file or column, and what to do."""


@dataclass(frozen=True)
class Table:
    """Rows with the column names they came with."""

    input: str
    target: str
    rows: list[Row]


@dataclass(frozen=True)
class OwnData:
    """A user's data, split; `dropped` sealed rows were near copies of training rows."""

    input: str
    target: str
    train: list[Row]
    sealed: list[Row]
    dropped: int


def load_own(
    path: Path, input_column: str | None = None, target_column: str | None = None, sealed_rows: int = SEALED_ROWS
) -> OwnData:
    """Read and split a file, or a folder with train and test files."""
    if path.is_dir():
        train = read_table(_only(path, ("train",)), input_column, target_column)
        sealed = read_table(_only(path, ("test", "sealed", "validation")), train.input, train.target)
        train_rows, candidates = train.rows, _by_digest(sealed.rows)
    else:
        train = read_table(path, input_column, target_column)
        ordered = _by_digest(train.rows)
        cut = min(round(len(ordered) * SEALED_SHARE), sealed_rows * 2)
        held = {row.text for row in ordered[:cut]}
        train_rows, candidates = [row for row in train.rows if row.text not in held], ordered[:cut]
    index = NearIndex(row.text for row in train_rows)
    labels = {row.label for row in train_rows}
    fresh = [row for row in candidates if row.label in labels and index.closest(row.text) < NEAR_LIMIT]
    if not train_rows or not fresh:
        raise TableError(f"{path}: too few distinct rows to split ({len(train.rows)} rows); give a table with more")
    return OwnData(train.input, train.target, train_rows, fresh[:sealed_rows], len(candidates) - len(fresh))


def read_table(path: Path, input_column: str | None = None, target_column: str | None = None) -> Table:
    """All rows with both texts; which columns they are is given or recognised by name."""
    records = _records(path)
    if not records:
        raise TableError(f"{path}: no rows; give a CSV with a header line, or JSONL")
    columns = list(records[0])
    source = _column(path, columns, input_column, INPUTS, "--input")
    target = _column(path, columns, target_column, TARGETS, "--target")
    rows = [Row(str(record[source]), str(record[target])) for record in records if record.get(source) and record.get(target)]
    return Table(source, target, rows)


def _records(path: Path) -> list[dict[str, object]]:
    if not path.is_file():
        raise TableError(f"{path}: no such file; give DATA=path of a .csv or .jsonl file")
    if path.suffix not in SUFFIXES:
        raise TableError(f"{path}: {path.suffix or 'no suffix'} is not supported; give a .csv or .jsonl file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix == ".csv":
                return [dict(record) for record in csv.DictReader(file)]
            return [_object(path, number, line) for number, line in enumerate(file, 1) if line.strip()]
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: byte {error.start} is not UTF-8; convert the file") from error


def _object(path: Path, number: int, line: str) -> dict[str, object]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise TableError(f"{path}:{number}: not JSON ({error.msg}); every line must be one object") from error
    if not isinstance(value, dict):
        raise TableError(f"{path}:{number}: not an object; every line must be one object")
    return value


def _column(path: Path, columns: Sequence[str], given: str | None, known: Sequence[str], option: str) -> str:
    found = ", ".join(str(column) for column in columns)
    if given is not None:
        if given not in columns:
            raise TableError(f"{path}: no column {given!r}; {option} must be one of: {found}")
        return given
    for name in known:
        for column in columns:
            if str(column).lower() == name:
                return column
    raise TableError(f"{path}: cannot tell which column is meant; name it with {option}, one of: {found}")


def _only(folder: Path, stems: Sequence[str]) -> Path:
    for stem in stems:
        for suffix in SUFFIXES:
            if (folder / f"{stem}{suffix}").is_file():
                return folder / f"{stem}{suffix}"
    raise TableError(f"{folder}: no {' or '.join(stems)} file (.csv, .jsonl); give a single file to have it split")


def _by_digest(rows: Sequence[Row]) -> list[Row]:
    distinct = {row.text: row for row in rows}
    return sorted(distinct.values(), key=lambda row: hashlib.sha256(row.text.encode()).digest())
