"""One configuration trained for a few steps by the worker's own code, in a process of its own, so that its peak is its own.

Standard input has the case as JSON, the last line of standard output what was measured. It runs in the worker's environment,
from the trainer's preparation on: the fetch of rows and base, the second model, preflight, optimizer and steps are those of a
delivery. Left out are looks of the probe, checkpoints, and the push.
"""

import json
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

from delivery_api.driver import Config, Fields, Plan
from delivery_api.evidence import TrainEvidence
from delivery_api.sources import Repository, Source
from delivery_api.tasks import TrainTask
from delivery_io.download import sha256_file
from delivery_io.evidence import FolderSink, Recorder
from delivery_io.fetch import Fetcher, folder_digest
from delivery_io.runtime import Context
from delivery_io.settings import Settings
from delivery_worker import setup, train
from delivery_worker.examples import batches
from delivery_worker.packing import shared_length

ROWS, LABELS = 96, 8
WORDS = (
    "the",
    "way",
    "of",
    "time",
    "and",
    "people",
    "with",
    "work",
    "that",
    "over",
    "new",
    "some",
    "could",
    "them",
    "see",
    "other",
)
WARMING = 1
"""Steps that are not timed: the first one asks for all memory."""


def text(length: int, number: int) -> str:
    """Words that come to about so many tokens; each is one of a few common ones, and so one token."""
    drawn = random.Random(number)
    return " ".join(drawn.choice(WORDS) for _ in range(length))


def table(folder: Path, name: str, case: dict[str, Any]) -> Source:
    """Rows of lengths between the case's shortest and longest, as a pinned file of a claim."""
    drawn = random.Random(name)
    spread = case.get("spread", 0)
    path = folder / f"{name}.jsonl"
    lengths = [case["length"] - drawn.randint(0, spread) for _ in range(ROWS)]
    rows = [{"text": f"{name} {text(length, n)}", "label": f"desk {n % LABELS}"} for n, length in enumerate(lengths)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Source(uri=f"pvc://data/{path.name}", digest=sha256_file(path))


def task_of(case: dict[str, Any], claims: Path, base: Path) -> TrainTask:
    """The case as a task."""
    (claims / "data").mkdir(parents=True)
    (claims / "base").symlink_to(base.parent)
    full = case["method"] == "Full"
    adapter = {} if full else {"rank": case.get("rank", 16), "alpha": 32, "targets": ("all-linear",)}
    return TrainTask(
        delivery_uid="measured",
        inputs="sha256:" + "ab" * 32,
        base=Source(uri=f"pvc://base/{base.name}", digest=folder_digest(base)),
        train=table(claims / "data", "train", case),
        sealed=table(claims / "data", "sealed", case | {"length": 16, "spread": 0}),
        fields=Fields(input="text", target="label"),
        task="Classification",
        metric="Accuracy",
        plan=Plan(method=case["method"], packing=case["packing"], artifact="Merged", loss_on=case.get("lossOn", "Completion")),
        config=Config(
            precision=case.get("precision", "bf16"), micro_batch_size=case["rows"], accumulation_steps=case.get("passes", 1),
            sequence_length=8192, steps=case["steps"], warmup_steps=1, learning_rate="1e-4", optimizer="AdamW", seed=1,
            gradient_checkpointing=case["checkpointing"], **adapter,
        ),
        look_steps=(),
        seconds=3600,
        output=Repository(repository="oci://nowhere/out"),
    )  # fmt: skip


def steps_of(run: setup.Run, case: dict[str, Any]) -> dict[str, Any]:
    """Train, and tell memory, speed and the lengths that an audit would have told."""
    size = case["rows"] * case.get("passes", 1)
    order = batches(len(run.rows), size, 1)
    taken, busy, peaks = [], [], []
    for step in range(1, case["steps"] + 1):
        worked = time.process_time()
        taken.append(train.take_step(run, step, [run.rows[number] for number in next(order)]))
        busy.append(time.process_time() - worked)
        peaks.append(train.peak_memory())
    timed = taken[WARMING:] or taken
    lengths = sorted(row.length for row in run.rows)
    return {
        "peakBytes": peaks[-1],
        "peaks": peaks,
        "tokensPerSecond": statistics.median(step.tokens / step.seconds for step in timed),
        "busyShare": statistics.median(work / step.seconds for work, step in zip(busy, taken, strict=True)),
        "meanTokens": statistics.mean(lengths),
        "p95Tokens": lengths[int(0.95 * (len(lengths) - 1))],
        "longest": lengths[-1],
        "shared": shared_length(run.rows),
        "supervised": statistics.mean(row.supervised for row in run.rows),
        "trained": run.preflight.trainable_parameters if run.preflight else 0,
    }


def main() -> None:
    """Measure the case of standard input."""
    case, base = json.load(sys.stdin), Path(os.environ["BASE_MODEL"])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        settings = Settings(claims=folder / "claims", work=folder / "work")
        task = task_of(case, folder / "claims", base)
        recorder = Recorder(FolderSink(folder / "evidence"), TrainEvidence(delivery_uid="m", inputs="m", attempt=1, pod="m"))
        # Checkpoints of an adapter live in a registry; here there is none, and none is wanted.
        with patch.object(setup, "_checkpoints", return_value=None):
            run = setup.prepare(task, Context(settings, Fetcher(settings), recorder))
        prepared = train.peak_memory()
        train.measure(run)
        checked = train.peak_memory()
        run.bare.train()
        print(json.dumps(case | {"preparedBytes": prepared, "checkedBytes": checked} | steps_of(run, case)), flush=True)


if __name__ == "__main__":
    main()
