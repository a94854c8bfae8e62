"""The estimator against the table of published runs: what issue 5 demands of it, and a page that tells the truth."""

from __future__ import annotations

import math
import re

import pytest

from delivery_oracle.configurator.coefficients import fitted
from experiments.estimate import fit, validate
from experiments.estimate.__main__ import PAGE
from experiments.estimate.published import ROOT, further, read, shared

MOST_MEMORY_ERROR, MOST_SPEED_ERROR, WIDEST = 0.10, 0.15, 1.6


@pytest.fixture(scope="module")
def pairs() -> list[fit.Pair]:
    try:
        return fit.paired(read())
    except FileNotFoundError as error:
        pytest.fail(str(error))


def errors(pairs: list[fit.Pair], what: str) -> list[float]:
    return [abs(ratio - 1) for _, ratio, _ in validate.ratios(pairs, fitted(), what)]


def test_memory_is_right_where_the_source_says_what_it_means(pairs):
    missed = errors(pairs, "memory")
    assert len(missed) >= 80 and sum(missed) / len(missed) <= MOST_MEMORY_ERROR


def test_speed_is_right(pairs):
    missed = errors(pairs, "speed")
    assert len(missed) >= 250 and sum(missed) / len(missed) <= MOST_SPEED_ERROR


def test_no_run_that_ran_out_of_memory_is_said_to_fit_and_those_that_ran_are(pairs):
    seen = validate.verdicts(pairs)
    assert seen.failed >= 8 and seen.failed_true == 0
    assert seen.ran_true >= 0.9 * seen.ran and seen.unknown <= 0.1 * (seen.ran + seen.failed)


def test_no_run_looked_up_afterwards_that_failed_is_said_to_fit():
    assert validate.verdicts(fit.paired(further())).failed_true == 0


@pytest.mark.parametrize("what", ["memory", "speed"])
def test_intervals_are_narrow_enough_to_say_something_and_hold(pairs, what):
    c = fitted()
    span = validate.span_of(c, what)
    assert span[0] < 1 < span[1] and (validate.width(pairs, c) if what == "speed" else span[1] / span[0]) <= WIDEST
    assert validate.summary(validate.misses(validate.ratios(pairs, c, what), span)).inside >= 0.85


def test_a_window_holds_as_much_as_any_of_its_width(pairs):
    found = validate.ratios(pairs, fitted(), "memory")[:5]
    low, high = validate.window([(row, 1.0, 1.0) for row, *_ in found], 1.5)
    assert low == pytest.approx(1 / math.sqrt(1.5), rel=0.01) and high == pytest.approx(math.sqrt(1.5), rel=0.01)


def test_a_spread_is_in_the_median_as_wide_as_it_may_be_and_wider_where_the_doubt_is(pairs):
    """Three runs that are 30 % off: the one whose parts are best known has no excuse."""
    rows = [row for row, *_ in validate.ratios(pairs, fitted(), "speed")[:3]]
    found = [(row, 1.3, doubt) for row, doubt in zip(rows, (0.05, 0.1, 0.2), strict=True)]
    low, high = validate.spread(found, 1.6)
    assert low * high == pytest.approx(1) and high**0.1 / low**0.1 == pytest.approx(1.6)
    assert [miss.inside for miss in validate.misses(found, (low, high))] == [False, False, True]


def test_speed_is_right_for_sources_it_was_not_fitted_to():
    """As the page has it, whose figures the next test holds against the numbers that are shipped."""
    part = PAGE.read_text().split("## Speed")[1]
    found = re.search(r"each source left out in turn \| \d+ \| ([\d.]+)% \|.*\| (\d+)% \|\n", part)
    assert float(found.group(1)) <= 15.0 and int(found.group(2)) >= 85


def test_the_page_shows_the_numbers_that_are_shipped():
    text = PAGE.read_text()
    for name, value in vars(fitted()).items():
        assert f"| `{name}` | {value:.4g} |" in text, f"{name} changed; run experiments/estimate/run"


def test_the_page_shows_the_errors_of_the_numbers_that_are_shipped(pairs):
    for what in ("memory", "speed"):
        mean = sum(errors(pairs, what)) / len(errors(pairs, what))
        part = PAGE.read_text().split("## Memory" if what == "memory" else "## Speed")[1]
        shown = float(re.search(r"nothing left out \| \d+ \| ([\d.]+)%", part).group(1)) / 100
        assert shown == pytest.approx(mean, abs=0.0006), "run experiments/estimate/run"


def test_every_row_of_the_table_is_read(pairs):
    table = (shared() / "data/finetune_measurements.csv").read_text()
    assert len(pairs) == len(table.splitlines()) - 1


def test_the_experiment_is_started_from_the_root_of_the_checkout():
    assert (ROOT / "experiments/estimate/run").stat().st_mode & 0o111
