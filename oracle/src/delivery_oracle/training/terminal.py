"""A run in the terminal: drawn anew in place at every change, or, where the output is no terminal, a line a look."""

from __future__ import annotations

import math
import shutil
from typing import TextIO

from plotille import Figure

from delivery_oracle.training.looks import Probe

CLEAR = "\x1b[H\x1b[2J"
SMALLEST_WIDTH, LARGEST_WIDTH, AXIS = 40, 110, 24
LOSS_HEIGHT, WEALTH_HEIGHT = 8, 9
SMALLEST_LOG = -30.0


class Screen:
    """Where a run is shown. `live` is for a terminal only; left out, it is found out."""

    def __init__(self, out: TextIO, live: bool | None = None) -> None:
        self._out = out
        self.live = out.isatty() if live is None else live

    def show(self, probe: Probe, looked: bool) -> None:
        """The run as it stands; without a terminal, only what a look changed."""
        if self.live:
            self._out.write(f"{CLEAR}{drawing(probe)}\n")
        elif looked:
            self._out.write(f"{line(probe)}\n")
        self._out.flush()

    def say(self, text: str) -> None:
        """A line."""
        self._out.write(f"{text}\n")
        self._out.flush()


def line(probe: Probe) -> str:
    """The last look in one line."""
    seen, looks = probe.assessment, probe.evidence.looks
    step = looks[-1].step if looks else 0
    flag, certify = (wealth.last / math.log(10) for wealth in (seen.flag, seen.certify))
    return (
        f"clean probe step {step}/{probe.steps}: {seen.outcome}, gain {seen.gain:+.3f} on {probe.counted} sealed rows, "
        f"evidence of not learning 10^{flag:.1f}, of learning 10^{certify:.1f}"
    )


def drawing(probe: Probe) -> str:
    """Loss and log wealth as text, as wide as the terminal."""
    width = max(SMALLEST_WIDTH, min(LARGEST_WIDTH, shutil.get_terminal_size().columns - AXIS))
    parts = []
    losses = [(step.step, step.loss) for step in probe.evidence.steps if step.loss is not None]
    if losses:
        loss = figure(width, LOSS_HEIGHT, probe.steps)
        loss.y_label = "loss"
        loss.plot([step for step, _ in losses], [value for _, value in losses], lc="green")
        parts.append(loss.show())
    seen = probe.assessment
    wealth = figure(width, WEALTH_HEIGHT, probe.steps)
    wealth.y_label = "log wealth"
    legend: list[str] = []
    paths = (("not learning", seen.flag, probe.alpha_flag, "red"), ("learning", seen.certify, probe.alpha_certify, "blue"))
    for name, path, alpha, colour in paths:
        values = [0.0, *(max(SMALLEST_LOG, value) for value in path.log_wealth.tolist())]
        threshold = -math.log(alpha)
        wealth.plot([0, *seen.steps], values, lc=colour)
        wealth.plot([0, probe.steps], [threshold, threshold], lc=colour)
        legend.append(f"{colour}: evidence of {name}, decides at {threshold:.1f}")
    parts += [wealth.show(), "; ".join(legend), line(probe)]
    return "\n".join(parts)


def figure(width: int, height: int, steps: int) -> Figure:
    """An empty figure over the steps of a run."""
    made = Figure()
    made.width, made.height, made.color_mode, made.x_label = width, height, "names", "step"
    made.register_label_formatter(float, label)
    made.set_x_limits(min_=0, max_=steps)
    return made


def label(value: float, chars: int, delta: float, left: bool = False) -> str:
    """A number at an axis, in `chars` places; whole where the axis spans much."""
    text = f"{value:.0f}" if delta > 20 else f"{value:.2f}"
    return text.ljust(chars) if left else text.rjust(chars)
