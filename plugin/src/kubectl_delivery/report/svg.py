"""Small charts as SVG: axes, lines and bars whose every point can be reached by keyboard and read by a screen reader."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT = 760.0, 64.0, 16.0
TICKS = 4


@dataclass(frozen=True, slots=True)
class Scale:
    """Values to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value is."""
        return self.start + (value - self.low) / ((self.high - self.low) or 1.0) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Evenly, both ends among them."""
        return [self.low + (self.high - self.low) * number / TICKS for number in range(TICKS + 1)]


def across(low: float, high: float) -> Scale:
    """A horizontal scale over the whole width."""
    return Scale(low, high, LEFT, WIDTH - RIGHT)


def chart(label: str, height: float, parts: Sequence[str]) -> str:
    """The picture; its label is what somebody hears who does not see it."""
    inside = "".join(parts)
    return f'<svg viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="group" aria-label="{escape(label)}">{inside}</svg>'


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> str:
    """A label."""
    look = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{look}>{escape(words)}</text>'


def axes(x: Scale, y: Scale, show_x: Callable[[float], str], show_y: Callable[[float], str], with_x: bool = True) -> str:
    """Grid lines and numbers."""
    parts = []
    for value in y.ticks():
        at = y(value)
        parts.append(f'<line class="grid" x1="{x.start}" x2="{x.end}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(text(x.start - 6, at + 4, show_y(value), "end", "tick"))
    if with_x:
        parts.append(below(x, y.start + 16, show_x))
    return "".join(parts)


def below(x: Scale, y: float, show_x: Callable[[float], str]) -> str:
    """Numbers along the axis; those at its ends stay inside."""
    anchors = ["start", *["middle"] * (TICKS - 1), "end"]
    return "".join(text(x(value), y, show_x(value), anchor, "tick") for value, anchor in zip(x.ticks(), anchors, strict=True))


def rule(x: Scale, y: Scale, value: float, words: str) -> str:
    """A line that something is compared with."""
    at = y(value)
    line = f'<line class="rule" x1="{x.start}" x2="{x.end}" y1="{at:.1f}" y2="{at:.1f}"/>'
    return line + text(x.end, at - 4, words, "end", "tick")


def line(points: Sequence[tuple[float, float]], kind: str) -> str:
    """A line through points that are in pixels already."""
    return f'<polyline class="line {kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'


def dot(x: float, y: float, kind: str, words: str) -> str:
    """A point that can be reached by keyboard; its words appear while it has the focus or the pointer."""
    anchor = "end" if x > WIDTH / 2 else "start"
    shift = -8 if anchor == "end" else 8
    shape = f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' + text(x + shift, y - 8, words, anchor, "tip")
    return f'<g class="mark" tabindex="0" role="img" aria-label="{escape(words)}">{shape}</g>'


def bar(x: float, y: float, width: float, height: float, kind: str, words: str) -> str:
    """A stretch of time, as reachable as a point."""
    anchor = "end" if x > WIDTH / 2 else "start"
    at = x + width if anchor == "end" else x
    shape = f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(4.0, width):.1f}" height="{height:.1f}" rx="2"/>'
    tip = text(at, y - 3, words, anchor, "tip")
    return f'<g class="mark" tabindex="0" role="img" aria-label="{escape(words)}">{shape}{tip}</g>'
