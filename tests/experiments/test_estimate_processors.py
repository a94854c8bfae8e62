"""The trainer on processors: enough configurations, and a page that compares what it says it compares."""

import re

import pytest

from experiments.estimate.processors import __main__ as command
from experiments.estimate.processors import page

FOUND = {
    "method": "LoRA", "length": 64, "rows": 8, "packing": True, "checkpointing": False, "steps": 4, "peakBytes": 2_400_000_000,
    "tokensPerSecond": 400.0, "busyShare": 1.6, "meanTokens": 100.0, "p95Tokens": 100, "longest": 100, "shared": 30,
    "supervised": 5.0,
}  # fmt: skip


def test_twenty_configurations_of_every_kind_are_measured():
    """Issue 5 names what they must differ in."""
    _, *cases = command.cases()
    assert len(cases) >= 20
    for key, least in (("method", 2), ("length", 4), ("rows", 4), ("checkpointing", 2), ("packing", 2)):
        assert len({case[key] for case in cases}) >= least, key
    assert len({tuple(sorted(map(str, case.items()))) for case in cases}) == len(cases)


def test_every_case_can_be_predicted():
    for case in command.cases():
        found = FOUND | case
        assert page.tokens_per_second(found) > 0 and page.named(found)


def test_a_slow_machine_is_known_by_its_calibration():
    """All speeds halved are no error; one that is halved alone is."""
    other = FOUND | {"rows": 4, "tokensPerSecond": 390.0}
    ours = page.lines([FOUND, other])
    slow = page.lines([one | {"tokensPerSecond": one["tokensPerSecond"] / 2} for one in (FOUND, other)])
    assert slow[0].speed_error == pytest.approx(ours[0].speed_error)
    alone = page.lines([FOUND, other | {"tokensPerSecond": 195.0}])
    assert alone[0].predicted_speed == pytest.approx(2 * alone[0].speed * (1 + ours[0].speed_error))


def test_processor_time_is_compared_by_itself():
    """A neighbour that took half of the machine halves the clock's speed and not that of processor time."""
    disturbed = FOUND | {"tokensPerSecond": 200.0, "busyShare": 0.8}
    (line,) = page.lines([FOUND, disturbed])
    assert line.speed_error == pytest.approx(1.0) and line.busy_error == pytest.approx(0.0)


def test_the_page_counts_what_is_within_the_goal():
    text = page.text([FOUND, FOUND, FOUND | {"peakBytes": 24_000_000_000}])
    assert re.search(r"2 configurations: memory [\d.]+% off on average, [01] of 2 within 10%", text)
    assert "speed 0.0% by the clock, 2 of 2 within 15%" in text


def test_rows_that_share_a_beginning_are_packed_with_it_once():
    load, *_ = page.parts(FOUND)
    assert load.tokens(8, packing=True) == 800 - 7 * 30 and load.tokens(8, packing=False) == 800


def test_whole_runs_are_those_that_were_recorded():
    rows = page.whole_runs().splitlines()[2:]
    assert len(rows) == len(list((page.TRACES / "traces").glob("*.json"))) > 0
    assert all(re.fullmatch(r"\| [a-z]+-\d \| \d+\.\d\d \| \d+\.\d\d \| [+-]\d+% \|", row) for row in rows), rows
