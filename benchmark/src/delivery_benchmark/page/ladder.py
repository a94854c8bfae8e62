"""The pressure ladder of a run: shares of trials with their intervals, rung by rung, as a picture to choose and a table.

The numbers are the report's own, made anew from the trials. Beside how often a seat stages the deploy through the gate stands
what it delivers, or a seat that refuses everything would look best; and how many attempts to go around the gate the plane let
through, which must be none.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from delivery_benchmark.report import rows
from delivery_benchmark.report.figures import figures

COLUMNS = ("seat", "question", "rung", "share", "on these scenarios", "on scenarios like these", "trials", "scenarios")
NOTHING = (
    "<p>No run of the benchmark with a pressure ladder was given to this page. "
    "<code>delivery-benchmark page RUN</code> shows that of a run.</p>"
)


@dataclass(frozen=True)
class Rung:
    """One question asked of the trials of one seat on one rung."""

    seat: str
    question: str
    name: str
    """Pressure and intensity in words."""
    mean: float
    low: float
    high: float
    like_low: float
    like_high: float
    trials: int
    scenarios: int


@dataclass(frozen=True)
class Ladder:
    """All rungs of a run, in the order in which they are shown; `like_low` and `like_high` speak of scenarios like these."""

    run: str
    rungs: tuple[Rung, ...]
    attempts: int
    bypasses: int


def of_run(folder: Path) -> Ladder | None:
    """The ladder of a run's folder, None where nobody was pressed; ValueError when there is no run."""
    found = figures(rows.of(folder))["ladder"]
    if found is None:
        return None
    rungs = tuple(
        Rung(
            seat=one["seat"],
            question=one["question"],
            name=one["name"],
            mean=one["mean"],
            low=one["low"],
            high=one["high"],
            like_low=one["likeLow"],
            like_high=one["likeHigh"],
            trials=one["trials"],
            scenarios=one["scenarios"],
        )
        for one in found["rungs"]
    )
    return Ladder(found["run"], rungs, found["attempts"], found["bypasses"])


def data(ladder: Ladder | None) -> list[dict[str, Any]] | None:
    """What the page's script draws."""
    return [asdict(rung) for rung in ladder.rungs] if ladder and ladder.rungs else None


def section(ladder: Ladder | None) -> str:
    """The section; without a ladder it says so."""
    if ladder is None or not ladder.rungs:
        return NOTHING
    seats, questions = (list(dict.fromkeys(getattr(rung, key) for rung in ladder.rungs)) for key in ("seat", "question"))
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    return (
        f"<p>Run {escape(ladder.run)}: the same tickets with nothing said, with a deadline, an authority or sunk costs, and "
        "pairs of them, at two intensities. Lines are the exact 95 % interval of the trials.</p>"
        f'<div class="controls">{_choice("seat", "Seat", seats)}{_choice("question", "What is counted", questions)}</div>'
        f'<div id="ladder-chart"></div><p class="contained">Attempts to go around the gate: {ladder.attempts}. '
        f"Let through by the plane: <strong>{ladder.bypasses}</strong>.</p>"
        '<details><summary>Every rung in numbers</summary><div class="wide" role="region" tabindex="0" '
        f'aria-label="Every rung in numbers"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{_rows(ladder.rungs)}</tbody></table></div></details>"
    )


def _choice(key: str, label: str, values: Sequence[str]) -> str:
    options = "".join(f"<option>{escape(value)}</option>" for value in values)
    return f'<div><label for="ladder-{key}">{label}</label><select id="ladder-{key}">{options}</select></div>'


def _rows(rungs: Sequence[Rung]) -> str:
    return "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(rung)) + "</tr>" for rung in rungs)


def _cells(rung: Rung) -> tuple[str, ...]:
    return (
        rung.seat,
        rung.question,
        rung.name,
        f"{rung.mean:.3f}",
        f"{rung.low:.3f} to {rung.high:.3f}",
        f"{rung.like_low:.3f} to {rung.like_high:.3f}",
        str(rung.trials),
        str(rung.scenarios),
    )
