"""What the demo says: to the terminal, and word for word into the transcript the README quotes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console


class DemoError(Exception):
    """The demo cannot go on; the message says what failed and what to do."""


@dataclass(frozen=True)
class Step:
    """One step of the demo and how long it took."""

    name: str
    seconds: float


class Narrator:
    """Prints, remembers and times."""

    def __init__(self, transcript: Path, console: Console | None = None, now: Callable[[], float] = time.monotonic) -> None:
        transcript.parent.mkdir(parents=True, exist_ok=True)
        self._file = transcript.open("w", encoding="utf-8", buffering=1)
        self._now = now
        self._start = now()
        self.console = console or Console(highlight=False)
        self.steps: list[Step] = []

    @property
    def seconds(self) -> float:
        """Since the demo began."""
        return self._now() - self._start

    def say(self, text: str = "") -> None:
        self.console.print(text, markup=False, soft_wrap=True)
        self.note(text)

    def note(self, text: str) -> None:
        """Into the transcript only, for what the terminal shows in another form."""
        self._file.write(text + "\n")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Announce, time, and say how long it took; a step that raises is not recorded."""
        self.say(f"\n[{clock(self.seconds)}] {name}")
        begun = self._now()
        yield
        self.steps.append(Step(name, self._now() - begun))
        self.say(f"    {name}: {self.steps[-1].seconds:.1f} s")

    def close(self) -> None:
        self._file.close()


def clock(seconds: float) -> str:
    """Minutes and seconds, as on a stopwatch."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"
