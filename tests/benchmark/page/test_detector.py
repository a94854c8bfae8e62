"""The detector computed in the page is the library's: every number to 1e-6, in a real Chromium."""

import itertools
import math
import random
from typing import Any

import pytest
from playwright.sync_api import Page

from delivery_api.evidence import TrainEvidence
from delivery_api.evidence.train import Look, Outcome
from delivery_benchmark.page import build, traces
from delivery_oracle import probe
from delivery_oracle.statistics.eprocess import Process, ramp, wealth
from tests.benchmark.page import world

NEAR = 1e-6
VECTOR = [0, -1, 0, 0, 1, -1, -1, 0, -1, 0] * 4
"""The conformance vector of the science page."""


def computed(tab: Page, cases: list[list[Any]]) -> list[dict[str, Any]]:
    """What the page's own function says."""
    return list(tab.evaluate("cases => cases.map(one => assess(...one))", cases))


def agree(page: dict[str, Any], library: probe.Assessment) -> None:
    assert (page["outcome"], page["decidedAt"]) == (library.outcome, library.decided_at)
    assert [look["step"] for look in page["looks"]] == list(library.steps)
    assert [look["flag"] for look in page["looks"]] == pytest.approx(list(library.flag.log_wealth), abs=NEAR)
    assert [look["certify"] for look in page["looks"]] == pytest.approx(list(library.certify.log_wealth), abs=NEAR)


def test_every_arm_at_every_margin_and_level(tab: Page):
    margins, levels = (0.01, 0.1, 0.2, 0.35, 0.6), zip(build.ALPHAS, reversed(build.ALPHAS), strict=True)
    asked = list(itertools.product(range(len(world.runs())), margins, levels))
    cases = [[number, margin, *alphas] for number, margin, alphas in asked]
    told = tab.evaluate("cases => cases.map(([number, ...chosen]) => assess(known.runs[number], ...chosen))", cases)
    outcomes = set()
    for found, (number, margin, (flag, certify)) in zip(told, asked, strict=True):
        train = world.runs()[number].train
        library = probe.assess([train], margin=margin, planned_steps=100, alpha_flag=flag, alpha_certify=certify)
        agree(found, library)
        outcomes.add(library.outcome)
    assert outcomes == set(probe.Outcome)


def scattered(seed: int) -> TrainEvidence:
    """A run nobody made: looks of uneven size before and after the warm-up, scores anywhere in [0, 1]."""
    dice = random.Random(seed)
    planned = dice.randint(5, 400)
    steps = sorted(dice.sample(range(1, planned + 1), dice.randint(1, min(8, planned))))

    def look(step: int) -> Look:
        items = tuple(
            Outcome(id=f"{step}-{number}", base=dice.random(), candidate=dice.choice((0.0, 1.0, dice.random())))
            for number in range(dice.randint(1, 300))
        )
        return Look(step=step, items=items, seconds=0.0)

    return TrainEvidence(delivery_uid="u", inputs="i", attempt=1, pod="p", planned_steps=planned, looks=tuple(map(look, steps)))


def test_scores_that_are_not_right_or_wrong(tab: Page):
    made = [scattered(seed) for seed in range(60)]
    cases: list[list[Any]] = [
        [{"planned": one.planned_steps, "warmup": round(0.2 * one.planned_steps), "looks": traces.looks(one)}, 0.15, 0.01, 0.05]
        for one in made
    ]
    for found, one in zip(computed(tab, cases), made, strict=True):
        agree(found, probe.assess([one], margin=0.15, planned_steps=one.planned_steps))


def test_a_run_that_was_certified_and_then_forgets_is_stopped(tab: Page):
    """The flag speaks last, whichever came first."""
    looks = tuple(
        Look(step=step, seconds=0.0, items=tuple(
            Outcome(id=f"{step}-{number}", base=1.0 - right, candidate=right) for number in range(200)
        ))
        for step, right in ((30, 1.0), (60, 0.0), (90, 0.0))
    )  # fmt: skip
    one = TrainEvidence(delivery_uid="u", inputs="i", attempt=1, pod="p", planned_steps=100, looks=looks)
    library = probe.assess([one], margin=0.2, planned_steps=100)
    assert library.certify.first_crossing(0.05) == 1 and (library.flag.first_crossing(0.01) or 0) > 1
    agree(computed(tab, [[{"planned": 100, "warmup": 20, "looks": traces.looks(one)}, 0.2, 0.01, 0.05]])[0], library)


def test_a_certain_zero_is_not_made_of_a_long_healthy_run(tab: Page):
    """20,000 items that all gain: the wealth underflows a double, its logarithm does not."""
    run = {"planned": 10, "warmup": 2, "looks": [{"step": 5, "differences": [[1, 20_000]]}]}
    known = wealth(Process.FLAG, [1.0] * 20_000, ramp(5, 2, 10, 0.2)).last
    look = computed(tab, [[run, 0.2, 0.01, 0.05]])[0]["looks"][0]
    assert look["flag"] == pytest.approx(known, rel=1e-9) and known < -1000 and math.isfinite(look["certify"])


def test_the_conformance_vector(tab: Page):
    """One item a look and a floor that does not rise: margin and floor are .1 at the last step."""
    looks = [{"step": 100, "differences": [[value, 1]]} for value in VECTOR]
    found = computed(tab, [[{"planned": 100, "warmup": 100, "looks": looks}, 0.1, 0.01, 0.05]])[0]["looks"]
    assert [math.exp(found[items - 1]["flag"]) for items in (10, 20, 40)] == pytest.approx(
        [3.353894, 13.309885, 259.137471], abs=5e-7
    )


def choose(tab: Page, run: str, margin: float, flag: float, certify: float) -> None:
    """As a reader does it."""
    tab.get_by_label("Arm and seed").select_option(run)
    tab.get_by_label("Margin δ").fill(str(margin))
    tab.get_by_label("α of stopping a run").select_option(f"{flag:g}")
    tab.get_by_label("α of certifying it").select_option(f"{certify:g}")


@pytest.mark.parametrize(("name", "margin", "flag", "certify"), [
    ("noise-1", 0.2, 0.01, 0.05),
    ("permute-1", 0.05, 0.001, 0.2),
    ("correct-1", 0.4, 0.2, 0.01),
    ("mask-1", 0.1, 0.05, 0.001),
])  # fmt: skip
def test_what_a_reader_chooses_is_what_is_shown(tab: Page, name: str, margin: float, flag: float, certify: float):
    run = world.run(name)
    choose(tab, traces.shown(run)["title"], margin, flag, certify)
    known = probe.assess([run.train], margin=margin, planned_steps=100, alpha_flag=flag, alpha_certify=certify)
    rows = tab.locator("#detector-rows tr")
    cells = rows.evaluate_all("rows => rows.map(row => [...row.querySelectorAll('td')].map(one => Number(one.dataset.value)))")
    assert [row[3] for row in cells] == pytest.approx(list(known.flag.log_wealth), abs=NEAR)
    assert [row[4] for row in cells] == pytest.approx(list(known.certify.log_wealth), abs=NEAR)
    said = tab.locator("#detector-said").inner_text()
    assert str(known.outcome) in said and (known.decided_at is None or f"step {known.decided_at}" in said)
    assert tab.locator("#detector-chart circle.flag").count() == known.looks == 6


def test_looks_come_one_by_one(tab: Page):
    """A reader who has seen two looks knows what the library knows after two, and the axes hold still."""
    run = world.run("correct-1")
    choose(tab, traces.shown(run)["title"], 0.2, 0.01, 0.05)
    top = tab.locator("#detector-chart .rule.flag").get_attribute("y1")
    for _ in range(4):
        tab.get_by_role("button", name="Previous look").click()
    two = run.train.model_copy(update={"looks": run.train.looks[:2]})
    known = probe.assess([two], margin=0.2, planned_steps=100)
    assert tab.locator("#detector-rows tr").count() == 2
    assert "2 looks, 256 fresh sealed items: Undecided" in tab.locator("#detector-said").inner_text()
    assert known.outcome is probe.Outcome.UNDECIDED and tab.locator("#detector-looks-said").inner_text() == "2 of 6"
    assert tab.locator("#detector-chart .rule.flag").get_attribute("y1") == top
    for _ in range(2):
        tab.get_by_role("button", name="Previous look").click()
    assert tab.get_by_role("button", name="Previous look").is_disabled() and tab.locator("#detector-rows tr").count() == 0
    tab.get_by_role("button", name="Next look").click()
    assert tab.locator("#detector-rows th").all_inner_texts() == ["20"]
