"""Figures on the page of measures come from files; the README quotes the transcript that is committed."""

from pathlib import Path

import pytest

from demo import measures
from demo.excerpt import WIDTH, excerpt, quoted
from demo.measured import demo_part, probe_part
from tests.demo.worlds import training

ROOT = Path(__file__).parents[2]


def test_the_readme_quotes_the_committed_transcript() -> None:
    readme = (ROOT / "README.md").read_text()
    assert quoted(readme, (ROOT / "docs/demo-transcript.txt").read_text()) == readme, "run `python -m demo.measured`"


def test_quoted_lines_are_whole_or_cut_at_the_width() -> None:
    long = "    00:25  plan     pass PlanSound         0.0000 USD  " + "x" * 200
    (line,) = excerpt(long + "\n    cluster: 5.4 s\n").splitlines()
    assert len(line) == WIDTH and line.endswith("...") and long.startswith(line[:-3])


def test_what_was_not_measured_is_said() -> None:
    assert "Not measured yet: `make demo`" in "\n".join([*demo_part(None), *probe_part(None)])


def test_a_run_without_looks_has_no_probe_cost() -> None:
    assert measures.probe_cost(None) is None


def test_the_probe_is_charged_for_the_base_too() -> None:
    seen = training(20, 0.25, 0.5)
    cost = measures.probe_cost(seen)
    assert cost is not None
    looks = sum(look.seconds for look in seen.looks)
    assert cost["seconds"] == pytest.approx(looks + seen.base_scoring_seconds)
