"""The picture of a run: the loss that everybody watches, beside the wealth that tells whether it learns."""

from __future__ import annotations

import math
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from delivery_oracle.probe import Outcome
from delivery_oracle.training.looks import Probe

SIZE = (7.0, 5.2)
GREEN, RED, BLUE, GREY = "#2a7d46", "#b3261e", "#1f5fa8", "#777777"
COLOUR = {Outcome.NOT_LEARNING: RED, Outcome.LEARNING: GREEN, Outcome.UNDECIDED: GREY}
SMALLEST_LOG = -30.0


def draw(probe: Probe) -> Figure:
    """Loss above, log wealth of both processes below, over the same steps."""
    figure = Figure(figsize=SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True)
    steps = [step for step in probe.evidence.steps if step.loss is not None]
    above.plot([step.step for step in steps], [step.loss for step in steps], color=GREEN)
    above.set_ylabel("training loss")
    seen = probe.assessment
    paths = (("not learning", seen.flag, probe.alpha_flag, RED), ("learning", seen.certify, probe.alpha_certify, BLUE))
    for name, wealth, alpha, colour in paths:
        values = [max(SMALLEST_LOG, value) for value in wealth.log_wealth.tolist()]
        below.plot((0, *seen.steps), (0.0, *values), color=colour, marker="o", markersize=3, label=f"evidence of {name}")
        below.axhline(-math.log(alpha), color=colour, linestyle=":", linewidth=1)
    below.set_ylabel("log wealth on sealed rows")
    below.set_xlabel("step")
    below.set_xlim(0, probe.steps)
    below.legend(loc="upper left", fontsize="small", frameon=False)
    where = f" at step {seen.decided_at}" if seen.decided_at is not None else ""
    figure.suptitle(f"{seen.outcome}{where}: gain {seen.gain:+.3f} on {probe.counted} sealed rows", color=COLOUR[seen.outcome])
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def save(probe: Probe, path: Path) -> None:
    """Write the picture; the format is the file's ending, such as .svg or .png."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draw(probe).savefig(path)
