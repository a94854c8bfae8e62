"""What `experiments/parallel/run` measured last, as the page on several accelerators tells it."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEASURED = json.loads((ROOT / "experiments/parallel/measured.json").read_text())
PAGE = (ROOT / "docs/explanation/several-accelerators.md").read_text()


def test_two_processes_by_fsdp_have_the_losses_of_one_within_noise() -> None:
    """Noise is what another order of summation makes of the same run in one process."""
    curves = MEASURED["losses"]
    assert len(curves["one"]) == len(curves["oneInTwoPasses"]) == len(curves["twoByFsdp"]) == MEASURED["steps"]
    assert 0 < MEASURED["noise"] < 0.05 and MEASURED["difference"] <= 3 * MEASURED["noise"] and MEASURED["withinNoise"]


def test_it_was_killed_and_resumed_once() -> None:
    assert len(MEASURED["resumedFrom"]) == 1 and 0 < MEASURED["resumedFrom"][0] < MEASURED["steps"]


def test_the_page_tells_these_figures() -> None:
    told = re.search(r"differ by ([\d.]+) %,\s+where noise is ([\d.]+) %", PAGE)
    assert told is not None
    assert [float(one) for one in told.groups()] == [round(100 * MEASURED[name], 2) for name in ("difference", "noise")]
