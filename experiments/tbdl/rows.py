"""Training rows of each arm, as the bytes of a CSV file: the same bytes for the same seed on every machine."""

import csv
import io
from pathlib import Path

from demo.data.arms import Row, relabel

from .manifest import FIELDS, Arm


def read(path: Path) -> list[Row]:
    """Rows of a file with the columns of BANKING77."""
    with path.open(newline="", encoding="utf-8") as file:
        return [Row(record[FIELDS.input], record[FIELDS.target]) for record in csv.DictReader(file)]


def of_arm(rows: list[Row], arm: Arm, seed: int) -> bytes:
    """The rows of an arm; texts and their order stay as they are."""
    changed = relabel(rows, "correct" if arm == "mask" else arm, seed)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((FIELDS.input, FIELDS.target))
    writer.writerows((row.text, row.label) for row in changed)
    return text.getvalue().encode()
