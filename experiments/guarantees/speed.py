"""How long a million items and a delivery's ten verdicts take, by the library and through the command line."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from delivery_oracle.statistics.eprocess import Bets, Process, wealth
from delivery_oracle.statistics.learned import compare
from experiments.guarantees.simulate import Report
from tests.oracle.files import record

ITEMS = 1_000_000


@dataclass(frozen=True)
class Timing:
    """Seconds by the clock and of processor time; the latter is held against the limit, as others may use the machine."""

    name: str
    seconds: float
    processor: float
    limit: float

    @property
    def holds(self) -> bool:
        return self.processor < self.limit


def timed(name: str, limit: float, work: Callable[[], object], who: int) -> Timing:
    """Runs the work once."""
    begun, spent = time.perf_counter(), used(who)
    work()
    return Timing(name, time.perf_counter() - begun, used(who) - spent, limit)


def used(who: int) -> float:
    """Processor seconds of this process or of its children so far."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def command(*arguments: str, text: bytes = b"") -> None:
    """The command line in a process of its own, its output thrown away."""
    done = subprocess.run(
        [sys.executable, "-m", "delivery_oracle.cli", *arguments], input=text, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    if done.returncode not in (0, 1, 2):
        raise RuntimeError(done.stderr.decode())


def measure(scale: float, report: Report) -> Iterator[Timing]:
    """Library first, then the command line."""
    items = max(10_000, round(ITEMS * scale))
    generator = np.random.default_rng(1)
    gains = generator.choice([-1.0, 0.0, 1.0], items)
    base, candidate = generator.random(items), generator.random(items)
    own, children = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    many = f"{items:,} items"
    for bets in Bets:
        yield timed(f"library: wealth of {many}, {bets}", 2.0, partial(wealth, Process.FLAG, gains, 0.1, bets), own)
    yield timed(f"library: learned, {many} of 0/1 scores", 2.0, lambda: compare(base > 0.5, candidate > 0.4, 0.1), own)
    yield timed(f"library: learned, {many} of other scores", 2.0, lambda: compare(base, candidate, 0.1), own)
    report(0.5)
    one = "\n".join(map(str, gains.astype(int).tolist())).encode()
    arguments = ("wealth", "--process", "flag", "--delta", "0.1")
    yield timed(f"command line: wealth of {many}", 6.0, lambda: command(*arguments, text=one), children)
    buffer = io.StringIO()
    np.savetxt(buffer, np.column_stack((base, candidate)), fmt="%.4f")
    two = buffer.getvalue().encode()
    yield timed(f"command line: learned, {many}", 6.0, lambda: command("learned", "--delta", "0.1", text=two), children)
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder))
        yield timed("command line: judge a delivery", 1.0, lambda: command("judge", folder), children)
    report(1.0)
