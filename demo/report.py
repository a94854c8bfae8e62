"""One delivery on one page: stages on a time line, loss beside the clean probe, verdicts, money.

The page is a single file without scripts, so that it can be mailed, archived and read in ten years.
"""

import html
from collections.abc import Sequence
from pathlib import Path

from delivery_api.evidence import TrainEvidence
from delivery_api.finding import Verdict

from .record import Outcome
from .view import Row, probe_gain

WIDTH, HEIGHT, PAD = 760, 220, 36
COLOUR = {Verdict.PASS: "#2e7d32", Verdict.FAIL: "#c62828", Verdict.UNKNOWN: "#757575"}
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:800px;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%}
td:last-child,pre{overflow-wrap:anywhere}
td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}
svg{width:100%;height:auto}figcaption{color:#555}pre{background:#f5f5f5;padding:1rem;overflow:auto;white-space:pre-wrap}
"""
Points = Sequence[tuple[float, float]]


def write(path: Path, outcome: Outcome, training: TrainEvidence | None, certificate: dict[str, str]) -> None:
    """Write the page of one delivery."""
    path.write_text(page(outcome, training, certificate), "utf-8")


def page(outcome: Outcome, training: TrainEvidence | None, certificate: dict[str, str]) -> str:
    """The page as text; everything that came from elsewhere is escaped."""
    name = html.escape(outcome.view.name)
    sections = [
        f"<h1>{name}</h1>",
        f"<p>{html.escape(outcome.delivery.spec.terms.ticket.strip())}</p>",
        f"<p><strong>{html.escape(outcome.status.message or outcome.view.state)}</strong></p>",
        f"<p>{html.escape(outcome.cost_line())}</p>",
        "<h2>Stages</h2>",
        timeline(outcome.view.rows),
        _table(outcome.view.rows),
        _training(training),
        *(f"<h2>{html.escape(key)}</h2><pre>{html.escape(text)}</pre>" for key, text in sorted(certificate.items())),
    ]
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title><style>{STYLE}</style>'
    return head + "\n".join(section for section in sections if section) + "</html>\n"


def timeline(rows: Sequence[Row]) -> str:
    """A bar a stage, one after the other, as wide as it took."""
    total = sum(row.seconds for row in rows) or 1.0
    bars, left = [], 0.0
    for row in rows:
        width = row.seconds / total * WIDTH
        title = f"<title>{row.stage}: {row.seconds:.0f} s, {html.escape(row.reason)}</title>"
        label = f'<text x="{left + 4:.1f}" y="19" font-size="11" fill="#fff">{row.stage}</text>' if width > 48 else ""
        bars.append(f'<rect x="{left:.1f}" width="{width:.1f}" height="30" fill="{COLOUR[row.verdict]}">{title}</rect>{label}')
        left += width
    return f'<svg viewBox="0 0 {WIDTH} 30" role="img" aria-label="time line of the stages">{"".join(bars)}</svg>'


def _table(rows: Sequence[Row]) -> str:
    body = "".join(
        f'<tr><td>{row.stage}</td><td style="color:{COLOUR[row.verdict]}">{row.verdict}</td>'
        f"<td>{html.escape(row.reason)}</td><td>{row.seconds:.0f}</td><td>{html.escape(row.message)}</td></tr>"
        for row in rows
    )
    return f"<table><tr><th>stage</th><th>verdict</th><th>reason</th><th>s</th><th>what is known</th></tr>{body}</table>"


def _training(training: TrainEvidence | None) -> str:
    if training is None or not training.steps:
        return ""
    losses = [(float(step.step), step.loss) for step in training.steps if step.loss is not None]
    gains = [(float(look.step), probe_gain(look)) for look in training.looks]
    caption = "Left: training loss by step. Right: gain over the base on fresh sealed items, look by look."
    charts = chart(losses, "#1565c0", "loss", 0.0) + chart(
        gains, "#2e7d32", "clean probe, gain", min(0.0, *(g for _, g in gains), 0.0)
    )
    return f'<h2>Training</h2><figure><div style="display:flex">{charts}</div><figcaption>{caption}</figcaption></figure>'


def chart(points: Points, colour: str, label: str, floor: float) -> str:
    """A line with its axis labels; a single point is a dot."""
    if not points:
        return ""
    right, top = max(x for x, _ in points), max(max(y for _, y in points), floor + 1e-9)
    width = WIDTH / 2

    def place(x: float, y: float) -> str:
        across = PAD + x / (right or 1.0) * (width - 2 * PAD)
        return f"{across:.1f},{HEIGHT - PAD - (y - floor) / (top - floor) * (HEIGHT - 2 * PAD):.1f}"

    line = " ".join(place(x, y) for x, y in points)
    dots = "".join(f'<circle cx="{at.split(",")[0]}" cy="{at.split(",")[1]}" r="3" fill="{colour}"/>' for at in line.split())
    return (
        f'<svg viewBox="0 0 {width:.0f} {HEIGHT}" role="img" aria-label="{label}">'
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>{dots if len(points) < 20 else ""}'
        f'<text x="{PAD}" y="16" font-size="12">{label}</text><text x="2" y="{PAD}" font-size="11">{top:.2f}</text>'
        f'<text x="2" y="{HEIGHT - PAD}" font-size="11">{floor:.2f}</text>'
        f'<text x="{width - PAD:.0f}" y="{HEIGHT - 12}" font-size="11" text-anchor="end">step {right:.0f}</text></svg>'
    )
