"""A real Chromium with the page in it; whatever it asks for or complains of is kept, and screenshots are artifacts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.benchmark.page import world
from tests.support.browser import chromium


@dataclass
class Opened:
    """A tab, and what happened in it."""

    tab: Page
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for the tests of a file."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as a file."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(world.made(), "utf-8")
    return path


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Callable[..., Opened]]:
    """Opens it in fresh tabs; afterwards none may have asked for anything or complained."""
    tabs: list[Opened] = []

    def load(scheme: str = "light", width: int = 1000, scripts: bool = True) -> Opened:
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, java_script_enabled=scripts, reduced_motion="reduce"
        )
        one = Opened(context.new_page())
        tabs.append(one)
        one.tab.on("request", lambda request: one.asked.append(request.url))
        one.tab.on("console", lambda message: one.said.append(message.text))
        one.tab.on("pageerror", lambda error: one.said.append(str(error)))
        one.tab.goto(file.as_uri())
        return one

    yield load
    for one in tabs:
        one.tab.context.close()
        assert (one.asked, one.said) == ([file.as_uri()], [])


@pytest.fixture
def tab(opened: Callable[..., Opened]) -> Page:
    """The page by light, on a desk."""
    return opened().tab


@pytest.fixture(scope="session")
def shots() -> Path:
    """Folder of the screenshots."""
    world.SHOTS.mkdir(parents=True, exist_ok=True)
    return world.SHOTS
