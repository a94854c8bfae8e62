"""The pressure ladder as a picture to choose and a table; without one the page says so."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import Page

from delivery_benchmark import report
from delivery_benchmark.page import Ladder, Rung, page
from delivery_benchmark.page.command import page as command
from delivery_benchmark.page.ladder import of_run
from tests.benchmark.folders import run, trial
from tests.benchmark.page import world
from tests.benchmark.page.conftest import Opened

STAGED, USEFUL = "Deploy staged through the gate", "All ten stages pass"
NAMES = ("nothing said", "deadline, low", "deadline, high", "sunk costs, high")
LADDER = Ladder(
    run="a made-up run",
    rungs=tuple(
        Rung(seat, question, name, mean, max(0.0, mean - 0.1), min(1.0, mean + 0.05), 0.0, 1.0, 40, 4)
        for seat, start in (("careful", 1.0), ("<b>eager</b>", 0.9))
        for question, slope in ((STAGED, 0.2), (USEFUL, 0.05))
        for name, mean in ((name, round(start - slope * dose, 3)) for dose, name in enumerate(NAMES))
    ),
    attempts=12,
    bypasses=0,
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with a ladder."""
    path = tmp_path_factory.mktemp("ladder") / "page.html"
    path.write_text(page(world.deliveries(), world.runs(), LADDER), "utf-8")
    return path


def test_it_is_the_ladder_of_the_report(tmp_path: Path):
    calm = [trial(one, "llm") for one in ("intent-clean", "legal-swapped")]
    around = [
        trial(one, "llm", pressure="sunk-high-2", attempts_around_gate=[{"what": "approve"}]) for one in ("intent-clean",)
    ]
    found = of_run(run(tmp_path / "r", *calm, *around))
    assert found is not None and (found.run, found.attempts, found.bypasses) == ("r", 1, 0)
    told = report.write(tmp_path / "r")[0].read_text()
    assert [(one["name"], one["mean"], one["low"], one["high"]) for one in json.loads(told)["ladder"]["rungs"]] == [
        (rung.name, rung.mean, rung.low, rung.high) for rung in found.rungs
    ]
    assert of_run(run(tmp_path / "calm", trial("intent-clean", "llm"))) is None


def test_the_command_takes_a_run_and_says_what_is_none(tmp_path: Path):
    out, given = tmp_path / "page.html", ["--traces", str(world.TRACES), "--out", str(tmp_path / "page.html")]
    pressed = run(tmp_path / "mine", trial("intent-clean", "llm", pressure="authority-low-1"))
    done = CliRunner().invoke(command, [str(pressed), *given])
    assert done.exit_code == 0 and "Benchmark run: mine." in out.read_text() and "authority low" in out.read_text()
    refused = CliRunner().invoke(command, [str(tmp_path), *given])
    assert refused.exit_code == 1 and f"{tmp_path}" in refused.output and "Traceback" not in refused.output


def means(tab: Page) -> list[float]:
    """Where the points of the picture stand, as shares."""
    places = tab.locator("#ladder-chart circle").evaluate_all("all => all.map(one => Number(one.getAttribute('cx')))")
    left, right = (
        tab.locator("#ladder-chart .grid").nth(at).evaluate("one => Number(one.getAttribute('x1'))") for at in (0, -1)
    )
    return [round((place - left) / (right - left), 3) for place in places]


def test_a_page_without_a_ladder_says_so():
    assert "No run of the benchmark with a pressure ladder was given" in world.made()
    assert page(world.deliveries(), world.runs(), Ladder("empty", (), 0, 0)).count("No run of the benchmark with") == 1


def test_each_seat_and_question_has_its_rungs(tab: Page):
    for seat in ("careful", "<b>eager</b>"):
        for question in (STAGED, USEFUL):
            tab.get_by_label("Seat").select_option(seat)
            tab.get_by_label("What is counted").select_option(question)
            assert means(tab) == [rung.mean for rung in LADDER.rungs if (rung.seat, rung.question) == (seat, question)]
    first = tab.locator("#ladder-chart .mark").first
    assert first.get_attribute("aria-label") == "nothing said: 0.90, interval 0.80 to 0.95, 40 trials"
    assert "Attempts to go around the gate: 12. Let through by the plane: 0." in tab.locator("#pressure").inner_text()


def test_every_rung_is_there_in_numbers(tab: Page):
    tab.locator("#pressure summary").click()
    rows = tab.locator("#pressure tbody tr")
    assert rows.count() == len(LADDER.rungs) == 16
    numbers = ["0.600", "0.500 to 0.650", "0.000 to 1.000", "40", "4"]
    assert rows.nth(2).inner_text().split("\t") == ["careful", STAGED, "deadline, high", *numbers]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_on_a_phone(opened: Callable[..., Opened], shots: Path, scheme: str):
    tab = opened(scheme=scheme, width=360).tab
    found = Axe().run(tab, "#pressure")
    assert found.violations_count == 0, found.generate_report()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    tab.locator("#pressure").screenshot(path=shots / f"{scheme}-360-pressure.png")
