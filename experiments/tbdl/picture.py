"""The picture: the training dashboard of every arm is green, the clean probe beside it is red where nothing was learned.

SVG as text, so that the same traces give the same bytes and the repository carries no plotting library for one figure.
"""

import math
from collections.abc import Sequence
from html import escape

from delivery_oracle.probe import ALPHA_FLAG

from .manifest import Arm, Manifest
from .verdicts import Run, by_arm

WIDTH, PANEL, HEIGHT, GAP = 236, 212, 118, 46
LEFT, TOP = 78, 66
GREEN, RED, GREY, INK = "#15803d", "#b91c1c", "#94a3b8", "#334155"
SHADES = ("#0369a1", "#0ea5e9", "#7dd3fc")
TITLES: dict[Arm, str] = {
    "correct": "correct labels",
    "permute": "permuted labels",
    "noise": "random labels",
    "mask": "prompt left in the loss",
}
FLAG = -math.log(ALPHA_FLAG)
"""Log wealth at which a run is stopped."""
Point = tuple[float, float]


class Axes:
    """One panel: data to places, with ticks."""

    def __init__(self, column: int, row: int, across: tuple[float, float], up: tuple[float, float]) -> None:
        self.left, self.top = LEFT + column * WIDTH, TOP + row * (HEIGHT + GAP)
        self.across, self.up = across, up
        box = f'<rect x="{self.left}" y="{self.top}" width="{PANEL}" height="{HEIGHT}" fill="#f8fafc" stroke="#cbd5e1"/>'
        self.parts = [box]

    def x(self, value: float) -> float:
        """Place of a step."""
        low, high = self.across
        return self.left + (value - low) / (high - low) * PANEL

    def y(self, value: float) -> float:
        """Place of a value; what lies outside stays at the edge."""
        low, high = self.up
        share = min(1.0, max(0.0, (value - low) / (high - low)))
        return self.top + HEIGHT - share * HEIGHT

    def line(self, points: Sequence[Point], colour: str, marks: bool = False) -> None:
        """A curve."""
        places = [(self.x(a), self.y(b)) for a, b in points]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        if marks:
            self.parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.4" fill="{colour}"/>' for a, b in places]

    def threshold(self, value: float, colour: str) -> None:
        """A dashed level."""
        at = f"{self.y(value):.1f}"
        right = self.left + PANEL
        self.parts.append(f'<path d="M{self.left} {at}H{right}" stroke="{colour}" stroke-width="1" stroke-dasharray="4 3"/>')

    def ticks(self, values: Sequence[float]) -> None:
        """Labels of the vertical axis."""
        for value in values:
            self.parts.append(text(self.left - 6, self.y(value) + 4, f"{value:g}", 10.5, GREY, "end"))

    def light(self, colour: str, said: str) -> None:
        """The lamp above the panel, with its word."""
        self.parts.append(f'<circle cx="{self.left + 6}" cy="{self.top - 10}" r="5" fill="{colour}"/>')
        self.parts.append(text(self.left + 17, self.top - 6, said, 11.5, colour))


def text(x: float, y: float, said: str, size: float, colour: str, anchor: str = "start", weight: int = 400) -> str:
    """A line of text."""
    style = f'font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(said)}</text>'


def top_of(values: Sequence[float], step: float) -> float:
    """The next round number above all values."""
    return step * (int(max(values) / step) + 1)


def curves(axes: Axes, runs: Sequence[Run], values: str) -> None:
    """One curve a seed, of losses or norms."""
    for run, shade in zip(runs, SHADES, strict=False):
        axes.line(list(enumerate(getattr(run, values), start=1)), shade)


def training(runs: Sequence[Run], column: int, row: int, values: str, top: float, steps: int) -> Axes:
    """A panel of the training dashboard."""
    axes = Axes(column, row, (1, steps), (0, top))
    curves(axes, runs, values)
    good = all(run.green for run in runs)
    what = "loss falls" if values == "losses" else "gradient norm bounded"
    axes.light(GREEN if good else RED, what if good else "not healthy")
    if column == 0:
        axes.ticks((0, top / 2, top))
    return axes


def probing(runs: Sequence[Run], column: int, row: int, bounds: tuple[float, float], steps: int) -> Axes:
    """The panel of the clean probe: log wealth against the run, with the level at which it is stopped."""
    axes = Axes(column, row, (1, steps), bounds)
    axes.threshold(FLAG, RED)
    for place, anchor, said in ((1.0, "start", "step 1"), (float(steps), "end", str(steps))):
        axes.parts.append(text(axes.x(place), axes.top + HEIGHT + 14, said, 10.5, GREY, anchor))
    for run in runs:
        flagged = run.flagged_at is not None
        points = list(zip(run.probe.steps, map(float, run.probe.flag.log_wealth), strict=True))
        axes.line(points, RED if flagged else GREEN, marks=True)
    steps_flagged = sorted(run.flagged_at for run in runs if run.flagged_at is not None)
    if steps_flagged:
        where = ", ".join(map(str, sorted(set(steps_flagged))))
        axes.light(RED, f"not learning: {len(steps_flagged)} of {len(runs)}, at step {where}")
    else:
        axes.light(GREEN, f"never flagged: {len(runs)} of {len(runs)}")
    if column == 0:
        axes.ticks((bounds[0], round(FLAG, 1), bounds[1]))
    return axes


def outcome(runs: Sequence[Run], column: int) -> list[str]:
    """The audit in words, under the column."""
    at = TOP + 3 * (HEIGHT + GAP) - 6
    base = sum(run.comparison.base for run in runs) / len(runs)
    held = sum(run.comparison.candidate for run in runs) / len(runs)
    learned, tbdl = sum(run.learned for run in runs), sum(run.tbdl for run in runs)
    said = f"Learned {learned} of {len(runs)}" if learned else f"trains, does not learn: {tbdl} of {len(runs)}"
    left = LEFT + column * WIDTH
    return [
        text(left, at, f"audit: {base:.3f} to {held:.3f} held out", 12, INK, weight=600),
        text(left, at + 17, said, 12, GREEN if learned == len(runs) else RED, weight=600),
    ]


def draw(manifest: Manifest, runs: Sequence[Run]) -> str:
    """The whole picture."""
    arms = by_arm(runs)
    loss = top_of([value for run in runs for value in run.losses], 2.0)
    norm = top_of([value for run in runs for value in run.norms], 2.0)
    logs = [float(value) for run in runs for value in run.probe.flag.log_wealth]
    bounds = (-10.0 * (int(-min(*logs, 0.0) / 10) + 1), top_of([*logs, FLAG], 10.0))
    width, height = LEFT + len(arms) * WIDTH, TOP + 3 * (HEIGHT + GAP) + 22
    label = "Loss and gradient norm of all arms look healthy; the clean probe tells which do not learn"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" '
        f'role="img" aria-label="{escape(label)}">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for row, name in enumerate(("loss", "gradient norm", "probe: log wealth")):
        x, y = 16, TOP + row * (HEIGHT + GAP) + HEIGHT / 2
        parts.append(f'<g transform="rotate(-90 {x} {y})">{text(x, y + 4, name, 12, INK, "middle", 600)}</g>')
    for column, (arm, found) in enumerate(arms.items()):
        parts.append(text(LEFT + column * WIDTH, 28, TITLES[arm], 15, INK, weight=600))
        panels = (
            training(found, column, 0, "losses", loss, manifest.steps),
            training(found, column, 1, "norms", norm, manifest.steps),
            probing(found, column, 2, bounds, manifest.steps),
        )
        parts += [part for panel in panels for part in panel.parts]
        parts += outcome(found, column)
    return "\n".join([*parts, "</svg>", ""])
