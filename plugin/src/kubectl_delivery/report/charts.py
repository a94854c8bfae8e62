"""The three pictures: when stages worked, loss beside the clean probe, and money over time."""

from collections.abc import Sequence

from delivery_api.stages import STAGES

from ..times import duration, parse
from . import svg
from .curves import Curves
from .model import Point, Report, Span

ROW, TOP, PANEL = 26.0, 22.0, 150.0
MOST_DOTS = 60


def _seconds(moment: str) -> float:
    return parse(moment).timestamp()


def timeline(spans: Sequence[Span]) -> str:
    """A row a stage that worked or waited, on one axis of time."""
    rows = [str(stage) for stage in STAGES if any(span.stage == stage for span in spans)]
    if not rows:
        return ""
    first = min(_seconds(span.start) for span in spans)
    x = svg.across(0.0, max(max(_seconds(span.end) for span in spans) - first, 1.0))
    height = TOP + ROW * len(rows) + 24
    parts = [svg.below(x, height - 8, lambda value: f"+{duration(value)}")]
    for number, stage in enumerate(rows):
        parts.append(svg.text(svg.LEFT - 6, TOP + ROW * number + 16, stage, "end", "tick"))
    for span in spans:
        start, end = _seconds(span.start) - first, _seconds(span.end) - first
        words = f"{span.stage}: {duration(end - start)}, {span.what}"
        kind = "work" if span.kind == "Work" else "waiting"
        parts.append(svg.bar(x(start), TOP + ROW * rows.index(span.stage) + 4, x(end) - x(start), ROW - 8, kind, words))
    return svg.chart("Time line of the stages", height, parts)


def training(curves: Curves, minimum_gain: str) -> str:
    """Two panels over the same steps: what training says of itself, and what fresh sealed items say."""
    if not curves.loss:
        return ""
    x = svg.across(0.0, float(max(curves.planned_steps, curves.loss[-1][0], 1)))
    top = svg.Scale(0.0, max(loss for _, loss in curves.loss) or 1.0, TOP + PANEL, TOP)
    parts = [
        svg.text(svg.LEFT, 14, "training loss", kind="name"),
        svg.axes(x, top, str, lambda value: f"{value:.2f}", with_x=False),
        svg.line([(x(step), top(loss)) for step, loss in curves.loss], "loss"),
        *(svg.dot(x(step), top(loss), "loss", f"step {step}: loss {loss:.3f}") for step, loss in _some(curves.loss)),
    ]
    start = TOP + PANEL + 44
    parts += _probe(curves, float(minimum_gain), x, start)
    return svg.chart("Training loss, and the gain on fresh sealed items, by step", start + PANEL + 24, parts)


def _probe(curves: Curves, margin: float, x: svg.Scale, start: float) -> list[str]:
    gains = [gain for _, gain, _ in curves.probe]
    low, high = min(0.0, *gains, 0.0), max(margin, *gains, margin)
    y = svg.Scale(low, high, start + PANEL, start)
    looks = [(x(step), y(gain)) for step, gain, _ in curves.probe]
    dots = [
        svg.dot(x(step), y(gain), "probe", f"step {step}: gain {gain:+.3f} on {items} fresh sealed items")
        for step, gain, items in curves.probe
    ]
    none = [] if gains else [svg.text(svg.LEFT + 8, start + PANEL / 2, "no look yet", kind="tick")]
    return [
        svg.text(svg.LEFT, start - 8, "clean probe: gain over the base", kind="name"),
        svg.axes(x, y, lambda value: f"{value:.0f}", lambda value: f"{value:+.2f}"),
        svg.rule(x, y, margin, f"asked for {margin:+.2f}"),
        svg.line(looks, "probe"),
        *dots,
        *none,
    ]


def _some(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Few enough to tab through, the last among them."""
    step = max(1, len(points) // MOST_DOTS)
    return [*points[::step], *([] if (len(points) - 1) % step == 0 else [points[-1]])]


def burn(points: Sequence[Point], one: Report) -> str:
    """Money over time; the budget is drawn where it is in sight, and is said in words anyway."""
    if len(points) < 2:
        return ""
    first, limit = _seconds(points[0].at), float(one.money.limit)
    spent = [(_seconds(point.at) - first, float(point.amount)) for point in points]
    most = max(spent[-1][1], 1e-9)
    in_sight = limit <= 4 * most
    x, y = svg.across(0.0, spent[-1][0] or 1.0), svg.Scale(0.0, limit if in_sight else most, TOP + PANEL, TOP)
    currency = one.money.currency
    parts = [
        svg.text(svg.LEFT, 14, f"spent, {currency}", kind="name"),
        svg.axes(x, y, lambda value: f"+{duration(value)}", lambda value: f"{value:.4g}"),
        svg.line([(x(at), y(amount)) for at, amount in spent], "money"),
        *(svg.dot(x(at), y(amount), "money", f"+{duration(at)}: {amount:.6g} {currency}") for at, amount in spent),
        *([svg.rule(x, y, limit, f"budget {one.money.limit}")] if in_sight else []),
    ]
    return svg.chart(f"Money spent over time, of a budget of {one.money.limit} {currency}", TOP + PANEL + 24, parts)
