"""`experiments/tbdl/run` with a tiny base: a whole run through auditor, trainer and vLLM, stopped and gone on with."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.tbdl import manifest as manifests
from experiments.tbdl import trace

ROOT = Path(__file__).parents[2]
WORDS = ("card", "loan", "rate")
PATIENCE_SECONDS = 200


def table(path: Path, kind: str) -> None:
    lines = [f"{kind} {number} about my {word},{word}" for number in range(30) for word in WORDS]
    path.write_text("\n".join(["text,category", *lines]) + "\n")


@pytest.fixture
def command(tiny: Path, tmp_path: Path) -> list[str]:
    table(tmp_path / "train.csv", "message")
    table(tmp_path / "test.csv", "question")
    sizes = ["--arms", "permute", "--seeds", "1", "--steps", "40", "--holdout", "24", "--look-items", "8"]
    places = ["--data", str(tmp_path), "--results", str(tmp_path / "results"), "--scratch", str(tmp_path / "scratch")]
    return [sys.executable, "-u", "-m", "experiments.tbdl", "--base", str(tiny), *places, *sizes]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(ROOT)])}


def start(command: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, cwd=ROOT, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def until(process: "subprocess.Popen[str]", beginning: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    for line in process.stdout or ():
        assert time.monotonic() < deadline
        if line.strip().startswith(beginning):
            return
    raise AssertionError(f"the experiment ended before it said {beginning}")


def test_a_stopped_experiment_goes_on_from_its_checkpoint(command: list[str], tmp_path: Path) -> None:
    process = start(command)
    until(process, "Step 10/")
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode != 0 and "the same command goes on from here" in said
    assert trace.read(tmp_path / "results", "permute-1") is None
    process = start(command)
    said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, said
    made, manifest = trace.read(tmp_path / "results", "permute-1"), manifests.read(tmp_path / "results")
    assert made is not None and manifest is not None and made.manifest == manifest.id
    assert made.train.attempt == 2 and len(made.train.resumed_from) == 1 and made.train.resumed_from[0] >= 10
    assert [step.step for step in made.train.steps] == list(range(1, 41))
    assert tuple(look.step for look in made.train.looks) == manifest.look_steps
    assert len(made.evaluate.items) == 24 and made.evaluate.complete
    again = subprocess.run(command, cwd=ROOT, env=environment(), text=True, capture_output=True)
    assert again.returncode == 0 and "nothing is left to run" in again.stdout
