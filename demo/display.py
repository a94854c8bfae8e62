"""Show a delivery as it goes: a live table on a terminal, a line a change elsewhere.

The plain lines go into the transcript in both cases.
"""

from types import TracebackType

from rich import box
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from delivery_api.finding import Verdict
from delivery_api.stages import Stage

from .narrator import Narrator, clock
from .view import Row, View

REPEAT_SECONDS = 30
MARK = {Verdict.PASS: ("pass", "green"), Verdict.FAIL: ("FAIL", "red"), Verdict.UNKNOWN: ("...", "dim")}


class Display:
    """A context, entered as often as one likes, in which `show` tells what it has not told yet."""

    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator
        self._live = self._new_table()
        self._said: dict[Stage, str] = {}
        self._said_training = ""
        self._said_at = 0.0

    def __enter__(self) -> "Display":
        if self._narrator.console.is_terminal:
            self._live = self._new_table()
            self._live.start()
        return self

    def _new_table(self) -> Live:
        return Live(console=self._narrator.console, auto_refresh=False)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._narrator.console.is_terminal:
            self._live.stop()

    def show(self, view: View) -> None:
        for line in self._news(view):
            if self._narrator.console.is_terminal:
                self._narrator.note(line)
            else:
                self._narrator.say(line)
        if self._narrator.console.is_terminal:
            shown = Group(table(view, self._narrator.seconds), Text(view.current.message))
            self._live.update(shown, refresh=True)

    def _news(self, view: View) -> list[str]:
        lines = []
        for row in view.rows:
            heading = f"{row.verdict}/{row.reason}"
            if row.reason != "Waiting" and self._said.get(row.stage) != heading:
                self._said[row.stage] = heading
                lines.append(self._line(view, row, row.message))
        if self._due(view):
            self._said_training, self._said_at = view.training, self._narrator.seconds
            lines.append(self._line(view, view.current, view.training))
        return lines

    def _due(self, view: View) -> bool:
        new = bool(view.training) and view.training != self._said_training and view.current.stage is Stage.TRAIN
        looked = view.training.partition("probe")[2] != self._said_training.partition("probe")[2]
        return new and (looked or self._narrator.seconds - self._said_at >= REPEAT_SECONDS)

    def _line(self, view: View, row: Row, text: str) -> str:
        money = f"{view.cost:.4f} {view.currency}"
        return f"    {clock(self._narrator.seconds)}  {row.stage:<9}{mark(row)[0]:<5}{row.reason:<18}{money}  {text}"


def mark(row: Row) -> tuple[str, str]:
    """A word and its colour; what is settled without a verdict is not established, and says so."""
    return ("n.e.", "magenta") if row.settled and row.verdict is Verdict.UNKNOWN else MARK[row.verdict]


def table(view: View, seconds: float) -> Table:
    """The ten stages."""
    title = f"{view.name}   {view.cost:.4f} {view.currency}   {clock(seconds)}"
    shown = Table(title=title, title_justify="left", expand=True, box=box.SIMPLE_HEAD)
    for heading, width in (("stage", 8), ("", 4), ("state", 17), ("s", 4)):
        shown.add_column(heading, no_wrap=True, width=width, justify="right" if heading == "s" else "left")
    shown.add_column("what is known", no_wrap=True, overflow="ellipsis", ratio=1)
    for row in view.rows:
        word, style = mark(row)
        if row.stage is view.current.stage and row.verdict is Verdict.UNKNOWN:
            style = "yellow"
        training = f"{view.training}  " if row.stage is Stage.TRAIN and view.training else ""
        known = "" if row.reason == "Waiting" else training + row.message
        spent = f"{row.seconds:.0f}" if row.seconds >= 0.5 else ""
        shown.add_row(str(row.stage), Text(word, style=style), row.reason, spent, Text(known))
    return shown
