"""The HTML report as its readers meet it: a real browser, by light and by dark, with a keyboard and without a network."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from kubectl_delivery.report import page, report
from tests.oracle import world
from tests.plugin.standing import curves, delivery
from tests.support.browser import READABLE, chromium, colour, contrast
from tests.support.fake import FakeCluster

HOSTILE = '<script>document.title="owned"</script><img src="http://192.0.2.1/x.png"> & "quoted"'


async def healthy() -> str:
    """The page of a delivered one, with a ticket that means no good."""
    fake = await FakeCluster(spec=world.spec(terms__ticket=HOSTILE)).go_on()
    documents = fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]["papers"]
    return page(report(delivery(fake), fake.now, curves(fake), documents))


@pytest.fixture(scope="module")
def browser(file: Path) -> Iterator[Browser]:
    """Started after the page is made, for both keep a loop of this thread."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as a file."""
    path = tmp_path_factory.mktemp("report") / "router.html"
    path.write_text(asyncio.run(healthy()), "utf-8")
    return path


def opened(browser: Browser, file: Path, scheme: str = "light", width: int = 900) -> Page:
    """The page in a fresh tab."""
    tab = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    tab.goto(file.as_uri())
    return tab


def test_it_asks_for_nothing_and_complains_of_nothing(browser: Browser, file: Path):
    """One file: no request, no script, no error, and hostile text stays text."""
    tab = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(file.as_uri())
    assert asked == [file.as_uri()] and said == []
    assert tab.title() == "Delivery acme/router"
    assert HOSTILE in tab.locator("#summary dd").first.inner_text()


def test_it_shows_what_is_known(browser: Browser, file: Path):
    """Verdicts, curves, money and papers."""
    tab = opened(browser, file)
    assert tab.locator("#verdicts tbody tr").count() == 10
    assert tab.locator("#verdicts tr.pass").count() == 10
    assert tab.locator("#training circle.probe").count() == 6
    assert "asked for +0.20" in (tab.locator("#training svg").text_content() or "")
    assert "billed 0.0075" in tab.locator("#cost > p").inner_text()
    assert tab.locator("#timeline rect.work").count() == 4 and tab.locator("#timeline rect.waiting").count() == 1
    papers = tab.locator("#papers summary").all_inner_texts()
    assert {"README.md", "bill.json", "certificate.json"} <= set(papers)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_by_light_and_by_dark(browser: Browser, file: Path, scheme: str):
    """At least 4.5 to 1 for all text that is shown."""
    tab = opened(browser, file, scheme)
    background = colour(tab, "body", "backgroundColor")
    assert (sum(background) > 600) == (scheme == "light")
    panel = colour(tab, "#training svg", "backgroundColor")
    for what, behind, part in (
        ("body", background, "color"), ("dt", background, "color"), ("footer", background, "color"),
        ("tr.pass td:nth-child(2)", background, "color"), ("nav a", background, "color"),
        ("svg .tick", panel, "fill"), ("svg .name", panel, "fill"),
    ):  # fmt: skip
        assert contrast(colour(tab, what, part), behind) >= READABLE, (what, scheme)


def test_a_keyboard_reaches_everything(browser: Browser, file: Path):
    """Skip link first, then sections, every point with its words, and every fold."""
    tab = opened(browser, file)
    tab.keyboard.press("Tab")
    assert tab.locator(":focus").inner_text() == "Skip to the report"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"
    tab.keyboard.press("Tab")
    first = tab.locator(":focus")
    assert (first.get_attribute("aria-label") or "").startswith("intake: ")
    assert first.locator(".tip").is_visible()
    assert tab.locator(".mark:not(:focus) .tip").first.is_hidden()
    reachable = tab.locator(".mark[tabindex='0'][aria-label]").count()
    assert reachable == tab.locator(".mark").count() > 60
    fold = tab.locator("#verdicts ~ #papers summary").first
    fold.focus()
    tab.keyboard.press("Enter")
    assert tab.locator("#papers details").first.get_attribute("open") is not None
    assert fold.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"


@pytest.mark.parametrize("width", [360, 1600])
def test_no_window_is_too_narrow(browser: Browser, file: Path, width: int):
    tab = opened(browser, file, width=width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
