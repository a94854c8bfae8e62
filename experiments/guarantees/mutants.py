"""Mutation testing of the statistics: every small change of the code that decides must make a test fail.

`python -m experiments.guarantees.mutants [--only delivery_oracle.statistics.mcnemar] [--again]` mutates a copy in
`out/mutants` with mutmut, runs the fast tests against each mutant that has no result yet and writes what lived, with its
change, to docs/reference/guarantees/mutants.json and the page beside it. Exit 1 if one lived that nobody has looked at:
`REASONS` says of the others why they change no verdict.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from experiments.guarantees import __main__ as guarantees
from experiments.guarantees.survivors import REASONS

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "out/mutants"
RESULT = guarantees.OUT / "mutants.json"
PACKAGES = ("oracle/src/delivery_oracle", "oracle/src/delivery_measure", "crds/src/delivery_api")
TESTS = ("eprocess", "learned", "foresight", "probe", "corruption", "edges", "edges_corruption", "edges_learned", "canary")
SLOW = (
    "true_null",
    "interval_covers",
    "bounds_hold_at",
    "seldom_stopped",
    "maximises",
    "canary_too",
    "in_blocks",
    "keeps_its_level",
)
"""Tests that take long or run a library; the others must be enough."""
LIVING = ("survived", "no tests")
CONFIG = """[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/delivery_oracle/statistics/*.py", "src/delivery_oracle/probe.py"]
pytest_add_cli_args_test_selection = ["tests"]
also_copy = ["conftest.py"]
pytest_add_cli_args = ["-q", "-p", "no:cacheprovider", "-k", "{select}"]
use_git_change_detection = false
timeout_multiplier = 6.0
[tool.pytest.ini_options]
addopts = "--import-mode=importlib"
pythonpath = ["src", "."]
"""
DIFFS = """
import json, sys
from mutmut.mutation.diff_apply import get_diff_for_mutant
print(json.dumps({name: get_diff_for_mutant(name) for name in sys.argv[1:]}))
"""
CONFTEST = """import pytest
from hypothesis import HealthCheck, settings

from delivery_oracle import canary
from delivery_oracle.statistics import foresight, power

quick = {"max_examples": 25, "derandomize": True, "database": None, "deadline": None}
settings.register_profile("mutants", **quick, suppress_health_check=list(HealthCheck))
settings.load_profile("mutants")


@pytest.fixture(autouse=True)
def nothing_kept():
    for kept in (canary.listen, foresight.chance, power.power):
        kept.cache_clear()
"""
"""Each mutant runs in a fork of a process that has run the tests: answers kept from then would hide it."""


def prepare() -> None:
    """A copy of code and tests in mutmut's own shape; what was found before stays, in `mutants`."""
    for old in ("src", "tests", "mutants/tests"):
        shutil.rmtree(PLACE / old, ignore_errors=True)
    for made in (*(PLACE / "mutants/src").rglob("*.py"), PLACE / "mutants/mutmut-stats.json"):
        made.unlink(missing_ok=True)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, PLACE / "src" / Path(package).name)
    tests = PLACE / "tests/oracle"
    tests.mkdir(parents=True)
    for name in ("world", *(f"test_{test}" for test in TESTS)):
        shutil.copy(ROOT / f"tests/oracle/{name}.py", tests)
    (PLACE / "conftest.py").write_text(CONFTEST)
    (PLACE / "pyproject.toml").write_text(CONFIG.format(select=" and ".join(f"not {name}" for name in SLOW)))


def mutmut(*arguments: str, quiet: bool = True) -> str:
    """Output of mutmut in the copy."""
    environment = os.environ | {"PYTHONPATH": f"{PLACE}/src:{PLACE}"}
    tool = Path(sys.executable).with_name("mutmut")
    done = subprocess.run([tool, *arguments], cwd=PLACE, env=environment, stdout=subprocess.PIPE if quiet else None, text=True)
    return done.stdout or ""


def statuses() -> dict[str, str]:
    """Status of each mutant."""
    found = (line.strip().partition(": ") for line in mutmut("results", "--all", "true").splitlines())
    return {name: status for name, colon, status in found if colon and "__mutmut_" in name}


def changes(mutants: list[str]) -> dict[str, tuple[str, str]]:
    """(line as it is, line as it was mutated) of each, by one process: mutmut's own command takes seconds a mutant."""
    done = subprocess.run([sys.executable, "-c", DIFFS, *mutants], cwd=PLACE, stdout=subprocess.PIPE, text=True, check=True)
    found = {}
    for mutant, text in json.loads(done.stdout).items():
        lines = [line for line in text.splitlines() if re.match(r"[-+](?![-+]{2})", line)]
        old, new = (" ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")
        found[mutant] = old, new
    return found


def module(mutant: str) -> str:
    """`statistics.mcnemar` of `delivery_oracle.statistics.mcnemar.x_p_value__mutmut_3`."""
    return mutant.partition(".x")[0].removeprefix("delivery_oracle.")


def chosen(mutant: str, modules: list[str]) -> bool:
    """Whether it is of one of the modules, or of any where none is named."""
    return not modules or mutant.startswith(tuple(modules))


def main(arguments: list[str] | None = None) -> int:
    """Runs mutmut, writes what lived."""
    parser = argparse.ArgumentParser(prog="python -m experiments.guarantees.mutants", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="MODULE", help="mutants of these modules only")
    parser.add_argument("--again", action="store_true", help="only those that lived, for instance after tests were added")
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1, help="tests at a time")
    parser.add_argument("--report", action="store_true", help="write what is known, run nothing")
    options = parser.parse_args(arguments)
    if not options.report:
        prepare()
        names = [f"{name}*" for name in options.only]
        if options.again:
            names = [name for name, status in statuses().items() if status in LIVING and chosen(name, options.only)]
        mutmut("run", "--max-children", str(options.children), *names, quiet=False)
    known = statuses()
    changed = changes([mutant for mutant, status in known.items() if status in LIVING])
    lived = [(mutant, *lines) for mutant, lines in changed.items()]
    counts = {
        name: dict(Counter(known[mutant] for mutant in known if module(mutant) == name)) for name in sorted(map(module, known))
    }
    survivors = [
        {"module": module(mutant), "line": old, "mutant": new, "why": REASONS.get(new, "")}
        for mutant, old, new in sorted(lived)
    ]
    RESULT.write_text(json.dumps({"counts": counts, "survivors": survivors}, indent=1) + "\n")
    guarantees.write(json.loads((guarantees.OUT / "figures.json").read_text()), guarantees.OUT)
    unexplained = [one for one in survivors if not one["why"]]
    for one in unexplained:
        print(f"{one['module']}: {one['line']}\n    lived as: {one['mutant']}", file=sys.stderr)
    print(f"{len(known)} mutants, {len(lived)} lived, {len(unexplained)} of them not explained", file=sys.stderr)
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
