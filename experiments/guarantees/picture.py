"""Two pictures as SVG text: false alarms against their limit, and how soon the probe stops what does not learn."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

GREEN, RED, GREY, INK, BLUE = "#15803d", "#b91c1c", "#94a3b8", "#334155", "#0369a1"
ROW, LEFT, RIGHT, TOP = 24, 330, 60, 64
WIDTH = 900
Json = dict[str, Any]


def page(height: int, title: str, parts: Sequence[str]) -> str:
    """An SVG with a title for those who cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" '
        f'font-size="13" fill="{INK}" role="img"><title>{escape(title)}</title>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>'
        f'<text x="20" y="28" font-size="17" font-weight="600">{escape(title)}</text>{"".join(parts)}</svg>\n'
    )


def bar(row: int, label: str, share: float, limit: float, scale: float, colour: str) -> str:
    """A labelled bar, with its figure behind it."""
    y, length = TOP + row * ROW, share * scale
    return (
        f'<text x="{LEFT - 10}" y="{y + 13}" text-anchor="end">{escape(label)}</text>'
        f'<rect x="{LEFT}" y="{y + 2}" width="{max(1.0, length):.1f}" height="14" fill="{colour}"/>'
        f'<text x="{LEFT + max(length, limit * scale) + 8:.1f}" y="{y + 13}">{share:.2%}</text>'
    )


def alarms(figures: Json, alpha: float = 0.05) -> str:
    """Share of runs on the boundary that are decided against, by law and by habit; the line is what was promised."""
    rows = [(f"{one['process']}: {one['law']}", one["rate"], GREEN) for one in figures["alarms"] if one["alpha"] == alpha]
    place = figures["alphas"].index(alpha)
    habits = [one for one in figures["habits"] if one["runs"] > 1 and not one["name"].startswith("ours")]
    rows += [(one["name"], one["rates"][place], RED) for one in habits]
    scale = (WIDTH - LEFT - RIGHT) / max(share for _, share, _ in rows)
    parts = [bar(row, label, share, alpha, scale, colour) for row, (label, share, colour) in enumerate(rows)]
    line = LEFT + alpha * scale
    bottom = TOP + len(rows) * ROW
    parts.append(f'<line x1="{line:.1f}" x2="{line:.1f}" y1="{TOP - 6}" y2="{bottom}" stroke="{INK}" stroke-dasharray="4 3"/>')
    parts.append(f'<text x="{line:.1f}" y="{TOP - 10}" text-anchor="middle">promised: at most {alpha:.0%}</text>')
    return page(bottom + 20, "Healthy runs that are stopped, in the worst cases", parts)


def delays(figures: Json, margin: float = 0.20, schedule: str = "25 looks of 64") -> str:
    """For each failing arm of the paper: the step at which the probe stops the median run, beside the detector's alarm."""
    seen = [
        one
        for one in figures["paper"]
        if (one["margin"], one["schedule"]) == (margin, schedule) and one["arm"] in ("permute", "noise")
    ]
    seen.sort(key=lambda one: (one["arm"], one["base"]), reverse=True)
    steps, alarm = figures["steps"], figures["alarm_step"]
    scale = (WIDTH - LEFT - RIGHT - 120) / steps
    warmup = figures["warmup_end"] * scale
    parts = [
        f'<rect x="{LEFT}" y="{TOP - 6}" width="{warmup:.1f}" height="{len(seen) * ROW + 6}" fill="#f1f5f9"/>',
        f'<text x="{LEFT + 4}" y="{TOP - 12}">warm-up</text>',
        f'<text x="{LEFT + alarm * scale:.1f}" y="{TOP - 12}" text-anchor="middle">its example alarm: step {alarm}</text>',
        f'<line x1="{LEFT + alarm * scale:.1f}" x2="{LEFT + alarm * scale:.1f}" y1="{TOP - 6}" y2="{TOP + len(seen) * ROW}" '
        f'stroke="{INK}" stroke-dasharray="4 3"/>',
    ]
    for row, one in enumerate(seen):
        y = TOP + row * ROW
        stop = one["median_step"] or steps
        parts.append(
            f'<text x="{LEFT - 10}" y="{y + 13}" text-anchor="end">{escape(one["arm"])} on {escape(one["base"])}, '
            f'gain {one["gain"]:+.3f}</text><rect x="{LEFT}" y="{y + 4}" width="{stop * scale:.1f}" height="10" fill="{RED}"/>'
            f'<rect x="{LEFT + stop * scale:.1f}" y="{y + 4}" width="{(steps - stop) * scale:.1f}" height="10" fill="#dcfce7"/>'
            f'<text x="{LEFT + steps * scale + 8:.1f}" y="{y + 13}">step {stop}, {one["flagged"]:.0%} flagged</text>'
        )
    return page(TOP + len(seen) * ROW + 20, f"Stopped at which of {steps} steps (red: paid for, green: saved)", parts)
