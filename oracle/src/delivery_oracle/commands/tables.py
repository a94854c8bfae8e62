"""Rows of a CSV or JSONL file as pairs of input and target; whatever is wrong is one line that names file, row and column."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from delivery_oracle.commands.common import BadInput

LARGEST_FILE = 1 << 30
LARGEST_FIELD = 1 << 24
MOST_ROWS = 5_000_000


def read(path: Path, text: str, target: str) -> list[tuple[str, str]]:
    """Pairs of all rows that have both; the file is read as a stream."""
    rows: list[tuple[str, str]] = []
    number = 0
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BadInput(
                f"{path}: {path.stat().st_size / 2**30:.1f} GiB, at most {LARGEST_FILE >> 30} GiB is read; sample its rows"
            )
        for number, record in enumerate(records(path), start=1):
            pair = field(path, number, record, text), field(path, number, record, target)
            if all(pair):
                rows.append(pair)
            if number > MOST_ROWS:
                raise BadInput(f"{path}: more than {MOST_ROWS:,} rows; sample its rows")
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not UTF-8 text after row {number}; save it as UTF-8") from None
    except (csv.Error, json.JSONDecodeError, RecursionError) as error:
        raise BadInput(f"{path}: row {number + 1} cannot be read: {error}") from None
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    if not rows:
        raise BadInput(f"{path}: no row has both {text} and {target}")
    return rows


def records(path: Path) -> Iterator[Any]:
    """Each row as an object."""
    if path.suffix == ".csv":
        csv.field_size_limit(LARGEST_FIELD)
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield from csv.DictReader(file)
    elif path.suffix in (".jsonl", ".ndjson"):
        with path.open(encoding="utf-8-sig") as file:
            yield from (json.loads(line) for line in lines(file))
    else:
        raise BadInput(f"{path}: a .csv or .jsonl file is needed")


def lines(file: Any) -> Iterator[str]:
    """Lines that are not blank, none of them without end."""
    while line := file.readline(LARGEST_FIELD):
        if line.strip():
            yield line


def field(path: Path, number: int, record: Any, column: str) -> str:
    """One text of a row."""
    if not isinstance(record, dict):
        raise BadInput(f"{path}: row {number} is no object with columns")
    if column not in record:
        there = ", ".join(str(name) for name in record if name)[:200]
        raise BadInput(f"{path}: row {number} has no column {column}; its columns are {there}")
    value = record[column]
    if isinstance(value, (dict, list)):
        raise BadInput(f"{path}: row {number}, column {column}: a text was expected")
    return "" if value is None else str(value).strip()
