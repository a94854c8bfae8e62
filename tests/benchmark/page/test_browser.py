"""The page as its readers meet it: all that can be pressed, by mouse and keyboard, by light and dark, on desk and phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from delivery_api.stages import STAGES
from tests.benchmark.page import world
from tests.benchmark.page.conftest import Opened
from tests.support.browser import READABLE, colour, contrast

Open = Callable[..., Opened]
REFUSED, LEARNED = "permuted labels, seed 1", "correct labels, seed 1"


def panel(tab: Page) -> str:
    """Words of the one panel that is shown."""
    seen = tab.locator("[role=tabpanel]:visible")
    assert seen.count() == 1
    return seen.inner_text()


def test_it_opens_on_the_first_delivery_and_stage(tab: Page):
    assert tab.title() == "Trains, but does not learn" and tab.get_by_text("Scripts are off").count() == 0
    assert "IntakeAccepted" in panel(tab) and "4200 training rows" in panel(tab)
    assert tab.get_by_role("tab", name="1 intake passes", exact=True).get_attribute("aria-selected") == "true"


HELD = {
    "intake": "minimum gain", "plan": "Completion", "config": "learning rate", "schedule": "2.00",
    "train": "339 s of 1 x cpu", "eval": "1.98e-65", "register": "272585019", "deploy": "approver",
    "cost": "0.012", "card": "Model card",
}  # fmt: skip
"""Something of each stage that only the evidence of this delivery holds."""


def test_every_stage_shows_its_verdict_and_evidence(tab: Page):
    """Of the delivery that went all the way."""
    rows = {row["name"]: row for row in world.deliveries()[0].certificate["stages"]}
    for number, stage in enumerate(STAGES, start=1):
        tab.get_by_role("tab", name=f"{number} {stage}").click()
        said, row = panel(tab), rows.get(stage, {})
        assert HELD[stage] in said
        assert all(row.get(key, "") in said for key in ("reason", "message", "evidence", "image"))
        assert tab.locator(".curve svg:visible").count() == (2 if stage == "train" else 0)


def test_a_refused_delivery_opens_where_it_failed(tab: Page):
    tab.get_by_label("acme/labels-permuted, not delivered").check()
    assert "LabelsUnrelated" in panel(tab) and "mend the labels" in panel(tab)
    tab.get_by_role("tab", name="5 train not established").click()
    assert "Waits for intake" in panel(tab) and "Nothing is on record" in panel(tab)
    tab.get_by_label("acme/labels-noisy, not delivered").check()
    assert "NotLearning" in panel(tab) and tab.locator(".curve circle.probe:visible").count() == 3
    assert tab.get_by_role("tab", name="5 train fails").get_attribute("aria-selected") == "true"


def test_a_model_card_unfolds(tab: Page):
    tab.get_by_role("tab", name="10 card").click()
    tab.locator("[role=tabpanel]:visible").get_by_text("Model card").click()
    assert "Fine-tuned from" in panel(tab)


def test_the_dashboard_is_green_and_its_other_side_is_not(tab: Page):
    tab.get_by_label("Recorded run").select_option(REFUSED)
    green = colour(tab, "#card", "borderTopColor")
    assert "Every light is green" in tab.locator("#card").inner_text()
    assert tab.locator(".lamps .lit").count() == 4 and tab.locator(".lamps .out").count() == 0
    tab.get_by_role("button", name="Show what the customer got").click()
    said, run = tab.locator("#card").inner_text(), next(run for run in world.shown() if run["title"] == REFUSED)
    assert "It trained and did not learn: nobody pays" in said and run["audit"]["message"] in said
    assert "to be stopped at step 20 of 100" in said and "LabelsUnrelated" in said
    red = colour(tab, "#card", "borderTopColor")
    assert green[1] > green[0] and red[0] > red[1]
    tab.get_by_role("button", name="Show what the customer got").click()
    assert "Every light is green" in tab.locator("#card").inner_text()


def test_what_is_said_of_a_run_is_what_the_oracle_says(tab: Page):
    for run in world.shown():
        tab.get_by_label("Recorded run").select_option(run["title"])
        assert tab.locator("#turn").get_attribute("aria-pressed") == "false"
        tab.locator("#turn").click()
        heading = tab.locator("#card h3").inner_text()
        assert ("is paid for" in heading) == (run["audit"]["verdict"] == "Pass")
        assert ("did not learn" in heading) == (run["learned"] == "no")
        assert tab.get_by_role("status").first.text_content() == heading
        bars = tab.locator("#card rect").evaluate_all("bars => bars.map(bar => Number(bar.getAttribute('width')))")
        assert bars[1] / bars[0] == pytest.approx(run["candidate"] / run["base"], rel=0.05)


def test_it_is_about_a_run_that_did_not_learn_until_one_chooses(tab: Page):
    first = next(run for run in world.shown() if run["learned"] == "no")
    for label in ("Recorded run", "Arm and seed"):
        assert tab.get_by_label(label).locator("option:checked").inner_text() == first["title"]


def test_a_keyboard_goes_everywhere(tab: Page):
    """Skip link, then sections, then the delivery, the stages by arrows, and on to the last control."""
    press, focused = tab.keyboard.press, tab.locator(":focus")
    press("Tab")
    assert focused.inner_text() == "Skip to the content"
    press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"
    press("Tab")
    press("ArrowDown")
    assert focused.get_attribute("value") == "delivery-1" and "LabelsUnrelated" in panel(tab)
    press("ArrowUp")
    press("Tab")
    assert (
        focused.inner_text().startswith("✓ 1 intake")
        and focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    )
    for key, stage in (
        ("ArrowRight", "plan"),
        ("End", "card"),
        ("ArrowRight", "intake"),
        ("ArrowLeft", "card"),
        ("Home", "intake"),
    ):
        press(key)
        assert focused.get_attribute("id") == f"delivery-0-{stage}-tab" and panel(tab).startswith(stage)
    press("Tab")
    assert focused.get_attribute("role") == "tabpanel"
    press("Tab")
    assert focused.get_attribute("id") == "run"
    press("Tab")
    press("Space")
    assert "nobody pays" in tab.locator("#card-said").inner_text() or "paid for" in tab.locator("#card-said").inner_text()


def test_links_lead_to_the_sections(tab: Page):
    for link in tab.locator("nav a").all():
        link.click()
        place = (link.get_attribute("href") or "").removeprefix("#")
        assert tab.url.endswith(f"#{place}") and tab.locator(f"#{place} h2").is_visible()
    tab.locator("#detector summary").click()
    assert tab.locator("#detector-rows").is_hidden()


def test_a_keyboard_moves_the_detector(tab: Page):
    tab.get_by_label("Arm and seed").select_option(LEARNED)
    for label, key, said in (("Margin δ", "ArrowRight", "0.21"), ("Looks seen", "ArrowLeft", "5 of 6")):
        tab.get_by_label(label).focus()
        tab.keyboard.press(key)
        assert said in tab.locator("#detector").inner_text()
    tab.get_by_role("button", name="Next look").focus()
    tab.keyboard.press("Enter")
    assert tab.locator("#detector-looks-said").inner_text() == "6 of 6"
    assert tab.locator("#detector").get_by_role("status").filter(has_text="6 looks, 768 fresh sealed items").count() == 1
    point = tab.locator("#detector-chart .mark").first
    assert point.locator(".tip").is_hidden()
    point.focus()
    assert point.locator(".tip").is_visible()
    assert (point.get_attribute("aria-label") or "").startswith("step 20: log wealth ")


def test_without_scripts_the_words_are_there(opened: Open):
    tab = opened(scripts=False).tab
    assert tab.get_by_text("Scripts are off").is_visible()
    assert tab.locator("[role=tabpanel]:visible").count() == 30


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_people_and_their_tools_can_read_it(opened: Open, shots: Path, scheme: str, width: int):
    """Names, roles and contrast by axe, on both sides of the dashboard; no sideways scrolling."""
    tab = opened(scheme=scheme, width=width).tab
    for side in ("dashboard", "customer"):
        if side == "customer":
            tab.locator("#turn").click()
        found = Axe().run(tab)
        assert found.violations_count == 0, found.generate_report()
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tab.screenshot(path=shots / f"{scheme}-{width}-{side}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_in_pictures_are_readable_too(opened: Open, scheme: str):
    """axe does not look inside of SVG."""
    tab = opened(scheme=scheme).tab
    assert (sum(colour(tab, "body", "backgroundColor")) > 600) == (scheme == "light")
    behind = colour(tab, "#detector svg", "backgroundColor")
    for what in ("svg .tick", "svg .name", "#detector svg .tick.flag", "#detector svg .tick.certify"):
        assert contrast(colour(tab, what, "fill"), behind) >= READABLE, (what, scheme)


def test_pictures_follow_the_window(tab: Page):
    """Letters keep their size on a phone that is turned."""
    before = tab.locator("#detector svg").get_attribute("viewBox")
    tab.set_viewport_size({"width": 400, "height": 800})
    tab.wait_for_function("box => document.querySelector('#detector svg').getAttribute('viewBox') !== box", arg=before)
    for name in ("#detector svg", "#card svg"):
        box = tab.locator(name).first
        assert box.evaluate("one => one.viewBox.baseVal.width / one.clientWidth") == pytest.approx(1.0, abs=0.1)
