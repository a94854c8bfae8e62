"""The page about the benchmark says what is so: every test it names is there, and so are its scenarios and commands."""

import re
from pathlib import Path

from click.testing import CliRunner

from delivery_benchmark.cli import main
from delivery_benchmark.scenarios import all_ids, load

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explanation/benchmark.md").read_text("utf-8")


def test_every_test_that_the_checklist_names_is_there():
    named = re.findall(r"`([./\w]*test_\w+\.py)::(test_\w+)`", PAGE)
    assert len(named) > 25
    for file, test in named:
        assert f"def {test}(" in (ROOT / "tests/benchmark" / file).read_text("utf-8"), f"{file}::{test}"


def test_the_page_counts_the_scenarios_right():
    feasible = [one for one in map(load, all_ids()) if one.feasible]
    domains = {load(one).domain for one in all_ids()}
    assert f"There are {len(all_ids())}, in twelve domains: {len(feasible)} that can be delivered" in PAGE
    assert len(domains) == 12


def test_the_commands_of_the_page_are_verbs_with_these_options():
    for verb, options in re.findall(r"^delivery-benchmark (\w+)(.*)$", PAGE, re.MULTILINE):
        shown = CliRunner().invoke(main, [verb, "--help"]).output
        assert all(option in shown for option in re.findall(r"--[a-z]+", options))
    for path in re.findall(r"(?<![\w/])(benchmark/[\w/.-]+)", PAGE):
        assert (ROOT / path.rstrip(".")).exists(), path
