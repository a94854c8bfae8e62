"""One line a step with the elapsed time, so that a long first build never looks stuck."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_STARTED = time.monotonic()


class ClusterError(Exception):
    """Something the person running the command can act on; printed as one line."""


def line(text: str) -> None:
    """Print to standard error: standard output belongs to `-o json`."""
    minutes, seconds = divmod(time.monotonic() - _STARTED, 60)
    print(f"[{int(minutes):02d}:{seconds:04.1f}] {text}", file=sys.stderr, flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Announce a step that may take long, and how long it took."""
    line(f"{text} ...")
    began = time.monotonic()
    yield
    line(f"{text}: done in {time.monotonic() - began:.1f} s")
