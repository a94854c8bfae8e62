"""Put a data set on disk: two folders that become two artifacts, and a manifest for the demo.

Training and sealed rows lie apart because they are pushed apart: whoever prepares or trains on
the one has no credential for the other.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .arms import Row


@dataclass(frozen=True)
class Written:
    """Where the files lie and what is in them."""

    train: Path
    sealed: Path
    input: str
    target: str
    train_rows: int
    sealed_rows: int
    labels: int
    train_sha256: str
    sealed_sha256: str


def write(
    folder: Path, train: Sequence[Row], sealed: Sequence[Row], input_column: str = "text", target_column: str = "intent"
) -> Written:
    """Write train/train.jsonl, sealed/sealed.jsonl and dataset.json below the folder."""
    paths = {"train": folder / "train" / "train.jsonl", "sealed": folder / "sealed" / "sealed.jsonl"}
    digests = {}
    for (name, path), rows in zip(paths.items(), (train, sealed), strict=True):
        content = "".join(_line(row, input_column, target_column) for row in rows).encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digests[name] = hashlib.sha256(content).hexdigest()
    written = Written(
        train=paths["train"],
        sealed=paths["sealed"],
        input=input_column,
        target=target_column,
        train_rows=len(train),
        sealed_rows=len(sealed),
        labels=len({row.label for row in sealed} | {row.label for row in train}),
        train_sha256=digests["train"],
        sealed_sha256=digests["sealed"],
    )
    facts = {
        name: str(value.relative_to(folder)) if isinstance(value, Path) else value for name, value in vars(written).items()
    }
    (folder / "dataset.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    return written


def _line(row: Row, input_column: str, target_column: str) -> str:
    return json.dumps({input_column: row.text, target_column: row.label}, ensure_ascii=False) + "\n"
