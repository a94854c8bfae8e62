"""`canary`: do the training labels mean what the sealed labels mean? From two tables, before anything is trained.

Measuring needs the extra `canary` (scikit-learn, rapidfuzz, rensa), imported only when asked for; the verdict does not.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from delivery_api.evidence import Canary, Resemblance
from delivery_api.finding import Verdict
from delivery_oracle.canary import Agreement, Report, Song, listen
from delivery_oracle.commands import tables
from delivery_oracle.commands.common import STATUS, BadInput, Commands, show
from delivery_oracle.statistics.learned import POPULATION

VERDICT = {
    Song.RELATED: Verdict.PASS,
    Song.UNRELATED: Verdict.FAIL,
    Song.DOUBTFUL: Verdict.UNKNOWN,
    Song.SILENT: Verdict.UNKNOWN,
}
TASKS = ("Classification", "ExactMatch", "Extraction")
NULL = "a training row says no more of a sealed item than a row picked at random"


def add(commands: Commands) -> None:
    parser = commands.add_parser("canary", help="do training labels mean what sealed labels mean? CSV or JSONL")
    parser.add_argument("--train", required=True, type=Path, help="training rows, .csv or .jsonl")
    parser.add_argument("--probe", required=True, type=Path, help="sealed rows whose targets are right, .csv or .jsonl")
    parser.add_argument("--input", required=True, metavar="COLUMN", help="the column that is read")
    parser.add_argument("--target", required=True, metavar="COLUMN", help="the column that is answered")
    parser.add_argument("--task", default=TASKS[0], choices=TASKS, help="default Classification")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    duplicates, measuring = extra()
    train, probe = (tables.read(path, options.input, options.target) for path in (options.train, options.probe))
    train_texts, probe_texts = ([duplicates.normal(text) for text, _ in rows] for rows in (train, probe))
    repeated, probe_repeated = duplicates.repeats(train_texts), duplicates.repeats(probe_texts)
    sealed = [row for at, row in enumerate(probe) if at not in probe_repeated]
    leaked = duplicates.shared(train_texts, [duplicates.normal(text) for text, _ in sealed])
    kept = [row for at, row in enumerate(train) if at not in repeated and at not in leaked]
    counts = {
        "train": len(train), "train_near_duplicates": len(repeated), "train_in_probe": len(leaked),
        "probe": len(probe), "probe_near_duplicates": len(probe_repeated),
    }  # fmt: skip
    if not kept:
        raise BadInput(f"{options.train}: no row is left, all nearly repeat each other or the probe")
    report = listen_to(measuring, options.task, kept, sealed)
    show(result(report) | counts)
    print(f"{report.message}; tested: {NULL}, {POPULATION}", file=sys.stderr)
    return STATUS[VERDICT[report.song]]


def extra() -> tuple[ModuleType, ModuleType]:
    """The measuring modules, or one line on how to get them; named, not imported, as what judges knows nothing of them."""
    try:
        duplicates, canary = (import_module(f"delivery_measure.{name}") for name in ("duplicates", "canary"))
    except ModuleNotFoundError as error:
        raise BadInput(f"{error.name} is not installed; pip install 'delivery-oracle[canary]'") from None
    return duplicates, canary


def listen_to(measuring: ModuleType, task: str, train: list[tuple[str, str]], probe: list[tuple[str, str]]) -> Report:
    """Measures and judges; the same rows give the same answer."""
    measures: dict[str, Callable[..., Canary | Resemblance | None]] = {
        "Classification": measuring.of_labels,
        "ExactMatch": measuring.of_texts,
        "Extraction": measuring.of_extracts,
    }
    seed = hashlib.sha256(repr(probe).encode()).hexdigest()
    found = measures[task]([measuring.Example(*row) for row in train], [measuring.Example(*row) for row in probe], seed)
    if found is None:
        raise BadInput(f"{len(train)} training and {len(probe)} sealed rows are left; two of each are needed at least")
    return listen(found)


def result(report: Report) -> dict[str, Any]:
    """The verdict as JSON."""
    corruption = report.corruption
    return {
        "verdict": str(VERDICT[report.song]), "song": str(report.song), "agreement": report.by_train.share,
        "interval": [report.by_train.interval.low, report.by_train.interval.high], "null": report.by_train.null_maximum,
        "p": report.by_train.p, "n": report.by_train.items, "sealed": agreement(report.by_sealed),
        "within_train": agreement(report.within_train),
        "random_labels": None if corruption is None else corruption.share,
        "random_labels_interval": None if corruption is None else [corruption.interval.low, corruption.interval.high],
    }  # fmt: skip


def agreement(seen: Agreement) -> dict[str, Any]:
    """An agreement as JSON."""
    return {
        "agreement": seen.share,
        "interval": [seen.interval.low, seen.interval.high],
        "null": seen.null_maximum,
        "p": seen.p,
    }
