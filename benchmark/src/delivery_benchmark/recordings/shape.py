"""What the customer's files are like: how many rows, which columns, and what stands in the columns that the driver chose.

The agent sees a sample of the training file, and the replayed audit measures the same sample, so that a misread column has
the effect that it would have in the real auditor.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from delivery_api.sealed import probe_order, split
from delivery_benchmark.scenarios import Scenario

MOST_LABELS = 2000
MOST_PROBE = 4096
MOSTLY_DIFFERENT = 0.8


@dataclass(frozen=True)
class Shape:
    """The customer's data in numbers, with a sample of the training rows."""

    train_rows: int
    sealed_rows: int
    labels: int
    sample: str = ""
    """CSV with a header; empty where the agent sees no rows."""
    personal_data: Mapping[str, int] = field(default_factory=dict)
    leaks: int = 0
    """Sealed rows that occur among the training rows."""

    @property
    def rows(self) -> list[dict[str, str]]:
        """Rows of the sample."""
        return list(csv.DictReader(io.StringIO(self.sample)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the training file; none where there is no sample."""
        return tuple(self.rows[0]) if self.sample else ()

    def labels_in(self, column: str) -> dict[str, int]:
        """Label to training rows, as the auditor counts them in this column.

        A column of few values has as many labels as the scenario says; one that differs from row to row has one a row.
        """
        values = Counter(row.get(column, "") for row in self.rows)
        if len(values) > MOSTLY_DIFFERENT * len(self.rows):
            count = min(MOST_LABELS, self.train_rows)
            return {f"{next(iter(values))} {number}": 1 for number in range(count)}
        known = list(values) if values else []
        known += [f"label_{number:03d}" for number in range(len(known), self.labels)]
        return {name: max(1, self.train_rows // len(known)) for name in known}

    def contained(self, source: str, target: str) -> float:
        """Share of rows whose target is part of their input."""
        rows = self.rows
        return sum(row.get(target, "") in row.get(source, "") for row in rows) / len(rows) if rows else 1.0


def shape_of(scenario: Scenario) -> Shape:
    """The customer's data in numbers, with the sample that the agent sees."""
    rows = scenario.rows
    sample = next((name for name, file in sorted(scenario.files.items()) if file.table is not None and "train" in name), None)
    return Shape(
        train_rows=rows.train_rows,
        sealed_rows=rows.sealed_rows,
        labels=rows.labels,
        sample=scenario.file(sample) if sample else "",
        personal_data=rows.personal_data,
        leaks=rows.leaks,
    )


@lru_cache(maxsize=256)
def items(sealed_digest: str, rows: int, holdout: int | None, delivery_uid: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(holdout, probe pool in its order) of sealed rows, by the rule that every worker follows."""
    ids = [hashlib.sha256(f"{sealed_digest}:{row}".encode()).hexdigest()[:16] for row in range(rows)]
    kept, pool = split(ids, sealed_digest, holdout)
    return tuple(kept), tuple(probe_order(pool, delivery_uid)[:MOST_PROBE])
