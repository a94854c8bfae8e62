"""A real browser for pages, and whether people can read what it shows."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or "chromium"
READABLE = 4.5
"""Contrast of text that WCAG 2 asks for at level AA."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's chromium. It keeps a loop of this thread for as long as it runs."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def colour(tab: Page, selector: str, part: str) -> tuple[int, ...]:
    """A computed colour."""
    text = tab.locator(selector).first.evaluate(f"one => getComputedStyle(one).{part}")
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """As WCAG 2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: tuple[int, ...]) -> float:
    """Relative luminance of red, green and blue of 0 to 255."""
    parts = [value / 255 for value in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
