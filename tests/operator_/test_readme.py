"""The table of bad luck names tests and rows that exist, and every row."""

import re

from tests.chart.kube import ROOT
from tests.operator_.test_luck import LUCK

TABLE = (ROOT / "tests/operator_/README.md").read_text("utf-8")


def test_every_test_that_the_table_names_exists():
    defined = {
        name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }
    named = set(re.findall(r"`(test_\w+)`", TABLE))
    assert named and not named - defined


def test_every_kind_of_luck_is_in_the_table_or_is_no_bad_luck():
    """A case that nobody finds in the table is one that nobody misses when it goes."""
    listed = {
        name for line in TABLE.splitlines() if line.startswith("|") for name in re.findall(r"`([a-z-]+)`", line.split("|")[3])
    }
    verdicts = {"permuted", "leaked", "noisy", "not-learned", "inconclusive"}
    assert listed | verdicts == set(LUCK)
