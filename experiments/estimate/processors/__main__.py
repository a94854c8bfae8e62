"""`experiments/estimate/processors/run`: measure, and write the page."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import yaml

from experiments.estimate.processors import page
from experiments.estimate.published import ROOT

HERE = Path(__file__).parent
MEASURED = HERE / "measured.jsonl"
BEGUN = ROOT / "out/estimate-processors.jsonl"
PAGE = ROOT / "docs/reference/estimates-processors.md"
LONGEST_SECONDS = 300
SOURCES = ("crds/src", "images/common/src", "images/worker/src", "oracle/src")


def cases() -> list[dict[str, Any]]:
    """The calibration, and then every case."""
    said = yaml.safe_load((HERE / "cases.yaml").read_text())
    return [said["calibration"], *said["cases"]]


def measured(case: dict[str, Any]) -> dict[str, Any]:
    """What the trainer took for a case, in a process of its own."""
    told = {
        "PYTHONPATH": ":".join(str(ROOT / part) for part in SOURCES), "OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
    }  # fmt: skip
    command = [os.environ["WORKER_PYTHON"], str(HERE / "trainer.py")]
    done = subprocess.run(
        command, input=json.dumps(case), env=os.environ | told, capture_output=True, text=True, timeout=LONGEST_SECONDS
    )
    if done.returncode:
        raise SystemExit(f"{case} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure() -> None:
    """Every case in turn; a session's figures replace those of the last one whole, as its calibration is its own.

    A session that was interrupted goes on where it was.
    """
    started = time.monotonic()
    BEGUN.parent.mkdir(exist_ok=True)
    done = len(read(BEGUN)) if BEGUN.exists() else 0
    for case in cases()[done:]:
        found = measured(case)
        with BEGUN.open("a") as file:
            file.write(json.dumps(found) + "\n")
        print(f"{time.monotonic() - started:5.0f} s  {page.named(found)}: {page.told(found)}", flush=True)
    BEGUN.replace(MEASURED)


def read(path: Path = MEASURED) -> list[dict[str, Any]]:
    """What was measured, the calibration first."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", action="store_true", help="train nothing; write the page from measured.jsonl")
    if not parser.parse_args().page:
        measure()
    PAGE.write_text(page.text(read()))
    print(f"{PAGE.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
