"""The stage, set up once; when all attacks are over, nothing on it may have changed."""

import os
from collections.abc import Iterator

import pytest

from tests.attacks.stage import Stage, set_up
from tests.chart.conftest import start, stop

ALLOWED = ("named", "blink", "again")
"""Deliveries that are approved in one's own name, approved and withdrawn, or deleted and ordered again."""


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """A control plane with everybody on it."""
    name = f"attacks-{os.getpid()}"
    try:
        made = set_up(start(name))
        before = made.everything()
        yield made
        after = made.everything()
        # What was let through without effect leaves a new object, or an approval in one's own name, and nothing else.
        changed = {key for key in before if before[key] != after.get(key) and key.rsplit(" ", 1)[1] not in ALLOWED}
        assert not changed, f"changed by an attack that was said to be refused: {sorted(changed)}"
    finally:
        stop(name)
