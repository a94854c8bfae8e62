"""Rows of a CSV, JSONL or JSON file, as pairs of input and target; every mistake names row and field.

Row numbers count data rows from 0, as in `dropRows`. Text is stripped at both ends and nothing else:
the id of a sealed item is made of exactly these two texts in every worker.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delivery_api.digests import item_id
from delivery_api.driver import Fields
from delivery_io.problems import WorkProblem

LARGEST_FIELD = 1 << 24


@dataclass(frozen=True, slots=True)
class Row:
    """One example; `id` is that of the two texts as they stand in the file, also when they are redacted."""

    number: int
    text: str
    target: str
    id: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read, or nothing to answer."""
        return not self.text or not self.target


def row_of(number: int, text: str, target: str) -> Row:
    """A row with its id."""
    return Row(number, text, target, item_id(text, target))


@dataclass(frozen=True, slots=True)
class Table:
    """A file of rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if path.suffix == ".csv":
        csv.field_size_limit(LARGEST_FIELD)
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield from enumerate(csv.DictReader(file))
    elif path.suffix == ".jsonl":
        with path.open(encoding="utf-8-sig") as file:
            yield from enumerate(json.loads(line) for line in file if line.strip())
    else:
        yield from enumerate(json.loads(path.read_text("utf-8-sig")))


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def read(path: Path, fields: Fields, field: str) -> Table:
    """All rows of a file; raises where the file is not what the spec says."""
    columns: dict[str, None] = {}
    rows: list[Row] = []
    number = -1
    try:
        for number, record in _records(path):
            if not isinstance(record, dict):
                raise WorkProblem(
                    "Invalid", field, f"Row {number} of {path.name} is not an object with columns; correct the file"
                )
            columns.update(dict.fromkeys(key for key in record if key))
            rows.append(row_of(number, _text(record.get(fields.input)), _text(record.get(fields.target))))
    except (ValueError, csv.Error, TypeError) as error:
        message = f"{path.name} cannot be read after row {number} ({type(error).__name__}); it must be UTF-8 {path.suffix[1:]}"
        raise WorkProblem("Invalid", field, message) from error
    if not rows:
        raise WorkProblem("Invalid", field, f"{path.name} has no rows; name the right file")
    _check_columns(columns, fields, path.name)
    return Table(tuple(columns), tuple(rows))


def _check_columns(columns: Iterable[str], fields: Fields, name: str) -> None:
    there = tuple(columns)
    for key, column in (("input", fields.input), ("target", fields.target)):
        if column not in there:
            message = f"{name} has no column {column}; its columns are {', '.join(there)[:300]}"
            raise WorkProblem("Invalid", f"spec.intake.fields.{key}", message)


def items(rows: Sequence[Row]) -> dict[str, Row]:
    """Sealed rows by id, empty ones left out; a repeated row is one item."""
    found: dict[str, Row] = {}
    for row in rows:
        if not row.is_empty:
            found.setdefault(row.id, row)
    return found
