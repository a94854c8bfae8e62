"""The how-to page's blocks are run as they stand, so that it cannot lie."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from delivery_oracle.probe import Outcome

PAGE = Path(__file__).parents[2] / "docs/how-to/probe-a-training-run.md"


def blocks() -> list[str]:
    """Python blocks of the page."""
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), flags=re.DOTALL | re.MULTILINE)


def test_the_page_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    told: dict[str, Any] = {}
    for block in blocks():
        exec(compile(block, PAGE.name, "exec"), told)
    printed = capsys.readouterr().out
    probe, watched = told["probe"], told["watched"]
    assert probe.outcome is Outcome.NOT_LEARNING and probe.assessment.decided_at < 40
    assert f"NotLearning {probe.assessment.decided_at}" in printed
    shapes = [
        re.sub(r"[+-]?\d+(\.\d+)?", "#", line) for line in PAGE.read_text().splitlines() if line.startswith("clean probe step")
    ]
    assert shapes and set(shapes) <= {re.sub(r"[+-]?\d+(\.\d+)?", "#", line) for line in printed.splitlines()}
    promised = next(line for line in PAGE.read_text().splitlines() if line.startswith("preflight: "))
    assert promised in printed.splitlines()
    assert (tmp_path / "run/clean_probe.svg").is_file() and (tmp_path / "run/clean_probe.json").is_file()
    assert watched.outcome is Outcome.NOT_LEARNING, "the model of the stopped run was not trained on since"
    assert told["report"].objections == ()
