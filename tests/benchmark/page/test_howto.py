"""The how-to page names what there is: every option, every link, every file."""

import re

import click

from delivery_benchmark.page.command import page
from tests.benchmark.page import world

PAGE = world.ROOT / "docs/how-to/results-page.md"


def test_every_option_is_told_and_no_other():
    told = set(re.findall(r"^\| `(--[a-z]+)` \|", PAGE.read_text(), re.MULTILINE))
    there = {name for one in page.params if isinstance(one, click.Option) for name in one.opts}
    assert told == there


def test_every_file_it_names_is_there():
    named = re.findall(r"`((?:benchmark|tests|experiments)/[^`]*)`", PAGE.read_text())
    assert len(named) >= 3 and [name for name in named if not (world.ROOT / name).exists()] == []


def test_make_knows_what_it_tells_to_type():
    rules = (world.ROOT / "Makefile").read_text()
    assert "\npage:" in rules
    for variable in set(re.findall(r"make page ([A-Z]+)=", PAGE.read_text())):
        assert f"$({variable})" in rules
