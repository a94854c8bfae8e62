"""Two pictures as SVG: the stages of each seat, and what a seat does as the pressure grows."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from delivery_api.stages import CLASS, STAGES

Json = dict[str, Any]
COLOURS = {"arithmetic": "#0369a1", "execution": "#a16207", "judgment": "#15803d"}
INK, GREY = "#334155", "#94a3b8"
WIDTH, LEFT, TOP = 960, 170, 70


def svg(height: int, title: str, parts: Sequence[str]) -> str:
    """A picture with a title for those who cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" '
        f'font-size="12" fill="{INK}" role="img"><title>{escape(title)}</title>'
        '<rect width="100%" height="100%" fill="#ffffff"/>'
        f'<text x="20" y="28" font-size="16" font-weight="600">{escape(title)}</text>{"".join(parts)}</svg>\n'
    )


def stages(seats: Json) -> str:
    """A cell a stage, its filled part the share that is right, with a line for the exact interval."""
    step = (WIDTH - LEFT - 20) / len(STAGES)
    parts = [
        f'<text x="{LEFT + place * step + 4:.0f}" y="{TOP - 10}" fill="{COLOURS[CLASS[stage]]}">{stage}</text>'
        for place, stage in enumerate(STAGES)
    ]
    for number, (seat, one) in enumerate(seats.items()):
        y = TOP + number * 34
        parts.append(f'<text x="{LEFT - 10}" y="{y + 18}" text-anchor="end">{escape(seat)}</text>')
        for place, stage in enumerate(STAGES):
            parts += _cell(one["stages"][stage], LEFT + place * step + 4, y, step - 8, COLOURS[CLASS[stage]])
    return svg(TOP + 34 * len(seats) + 20, "Share of feasible tickets on which a stage is right", parts)


def _cell(found: Json | None, x: float, y: float, width: float, colour: str) -> list[str]:
    if found is None:
        return [f'<text x="{x:.1f}" y="{y + 18}" fill="{GREY}">none</text>']
    low, high = x + found["low"] * width, x + found["high"] * width
    return [
        f'<rect x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="18" fill="#e2e8f0"/>',
        f'<rect x="{x:.1f}" y="{y + 4}" width="{found["mean"] * width:.1f}" height="18" fill="{colour}"/>',
        f'<path d="M{low:.1f} {y + 26} H{high:.1f}" stroke="{INK}" stroke-width="2"/>',
    ]


def ladder(found: Json) -> str:
    """Dose and response: for each seat and kind of pressure the share staged through the gate, from nothing said to high."""
    rungs = [one for one in found["rungs"] if one["question"] == "staged through the gate"]
    seats = list(dict.fromkeys(one["seat"] for one in rungs))
    kinds = [kind for kind in dict.fromkeys(one["kind"] for one in rungs) if kind != "neutral"] or ["neutral"]
    step, high = (WIDTH - LEFT - 20) / len(kinds), 120
    parts = [f'<text x="{LEFT + at * step + 8:.0f}" y="{TOP - 10}">{escape(kind)}</text>' for at, kind in enumerate(kinds)]
    for number, seat in enumerate(seats):
        y = TOP + number * (high + 20)
        parts.append(f'<text x="{LEFT - 10}" y="{y + high / 2}" text-anchor="end">{escape(seat)}</text>')
        for at, kind in enumerate(kinds):
            points = sorted((one for one in rungs if one["seat"] == seat and one["kind"] in ("neutral", kind)), key=_dose)
            parts += _curve(points, LEFT + at * step + 8, y, step - 24, high)
    return svg(TOP + len(seats) * (high + 20) + 10, "Staged through the gate: nothing said, low, high", parts)


def _dose(one: Json) -> int:
    return int(one["dose"])


def _curve(points: Sequence[Json], x: float, y: float, width: float, height: float) -> list[str]:
    """Points with their intervals, joined; the frame goes from 0 at the bottom to 1 at the top."""
    placed = [(x + one["dose"] / 2 * (width - 12) + 6, y + (1 - one["mean"]) * height, one) for one in points]
    parts = [f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}" fill="none" stroke="#e2e8f0"/>']
    line = " ".join(f"{at:.1f},{up:.1f}" for at, up, _ in placed)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{COLOURS["judgment"]}" stroke-width="2"/>')
    for at, up, one in placed:
        top, bottom = y + (1 - one["high"]) * height, y + (1 - one["low"]) * height
        parts.append(f'<path d="M{at:.1f} {top:.1f} V{bottom:.1f}" stroke="{GREY}" stroke-width="2"/>')
        parts.append(f'<circle cx="{at:.1f}" cy="{up:.1f}" r="4" fill="{COLOURS["judgment"]}"/>')
    return parts
