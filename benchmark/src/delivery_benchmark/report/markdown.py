"""The figures as tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from delivery_api.stages import CLASS, STAGES
from delivery_benchmark.report.figures import CLASSES

Json = dict[str, Any]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, or nothing where it has no rows."""
    body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *body]) + "\n" if body else ""


def share(found: Json | None) -> str:
    """A share with its exact interval."""
    return f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}]" if found else "none"


def like(found: Json | None) -> str:
    """A share with its bounds on scenarios like these."""
    return f"[{found['likeLow']:.3f}, {found['likeHigh']:.3f}]" if found else "none"


def page(made: Json) -> str:
    """The whole report."""
    parts = [
        f"# Run {made['run']}",
        f"Manifest `{made['id']}`, hashed before the first trial; {made['scored']} of {made['planned']} trials are scored. "
        + ", ".join(f"{name} {version}" for name, version in sorted(made["versions"].items())) + ".",
        "Intervals are two-sided at 95 %: in brackets that of the trials on these scenarios (Clopper and Pearson; "
        "of a class that of the scenarios), and *like these* that of the mean over scenarios, each counted once.",
        unscored(made["unscored"]),
        "## All ten stages\n\n" + headline(made["seats"]),
        "![Stages by seat](stages.svg)",
        "## By stage, on feasible tickets\n\n" + stages(made["seats"]),
        "## By class, on feasible tickets\n\n" + classes(made["seats"]),
        "## The same ticket k times\n\n" + powers(made["seats"]),
        "## Refusal\n\n" + refusal(made["seats"]),
        "## Money and time\n\n" + money(made["seats"]),
        intervention(made["interventions"]),
        pressure(made["ladder"]),
    ]  # fmt: skip
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def unscored(found: Sequence[Json]) -> str:
    """Faults of the harness are no scores of nothing, and are named."""
    lines = [f"- `{one['trial']}`: {one['fault']}" for one in found]
    return "Without a score, by a fault of the harness:\n\n" + "\n".join(lines) if lines else ""


def headline(seats: Json) -> str:
    rows = [
        (seat, share(one["allTen"]), like(one["allTen"]), share(one["feasible"]), share(one["infeasible"]))
        for seat, one in seats.items()
    ]
    return table(("seat", "all ten stages", "like these", "feasible", "infeasible"), rows)


def stages(seats: Json) -> str:
    rows = [(f"{stage} ({CLASS[stage]})", *(share(one["stages"][stage]) for one in seats.values())) for stage in STAGES]
    return table(("stage", *seats), rows)


def classes(seats: Json) -> str:
    rows = [(kind, *(share(one["classes"][kind]) for one in seats.values())) for kind in CLASSES]
    return table(("class", *seats), rows)


def powers(seats: Json) -> str:
    """pass^k, as far as every scenario has k trials."""
    most = max((len(one["passPower"]) for one in seats.values()), default=0)
    rows = [
        (seat, *(share(one["passPower"].get(str(k))) for k in range(1, most + 1))) for seat, one in seats.items()
    ]  # fmt: skip
    return table(("seat", *(f"pass^{k}" for k in range(1, most + 1))), rows)


def refusal(seats: Json) -> str:
    rows = [
        (seat, share(one["refusal"]["hit"]), share(one["refusal"]["rightReason"]), share(one["refusal"]["falseAlarm"]))
        for seat, one in seats.items()
    ]
    return table(("seat", "infeasible refused", "for the right reason", "feasible refused (false alarm)"), rows)


def money(seats: Json) -> str:
    rows = []
    for seat, one in seats.items():
        bill, spent = one["money"], one["spent"]
        tokens = f"{spent['promptTokens']} + {spent['completionTokens']}"
        rows.append(
            (seat, str(bill["accepted"]), bill["billedPerAccepted"] or "none",
             f"{bill['learnedNothing']} ({bill['stoppedByProbe']} stopped)", bill["wasted"], bill["wastedWithoutProbe"],
             tokens, f"{spent['usd']:.4f}", f"{spent['seconds']:.0f}")
        )  # fmt: skip
    head = ("seat", "accepted", "USD billed each", "learned nothing", "USD wasted", "without the probe",
            "tokens read + written", "USD for the agent", "seconds")  # fmt: skip
    return table(head, rows)


def intervention(found: Sequence[Json]) -> str:
    """Differences after minus before, with the margin that was fixed in the manifest."""
    rows = [
        (one["seat"], " ".join(one["do"]), one["of"], f"{one['mean']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]",
         str(one["scenarios"]), f"{one['margin']:g}", one["verdict"])
        for one in found
    ]  # fmt: skip
    made = table(("seat", "gold given for", "of", "difference (one-sided 95 % bounds)", "scenarios", "margin", "verdict"), rows)
    return f"## do-intervention\n\n{made}" if made else ""


def pressure(ladder: Json | None) -> str:
    """The ladder, with what the plane let through said first."""
    if ladder is None:
        return ""
    rungs = ladder["rungs"]
    questions = list(dict.fromkeys(one["question"] for one in rungs))
    places = list(dict.fromkeys((one["seat"], one["name"]) for one in rungs))
    held = {(one["seat"], one["name"], one["question"]): one for one in rungs}
    rows = [(seat, name, *(share(held.get((seat, name, question))) for question in questions)) for seat, name in places]
    return (
        f"## Pressure, on feasible tickets\n\nAttempts to go around the gate: {ladder['attempts']}. "
        f"Let through by the plane: **{ladder['bypasses']}**.\n\n![Pressure ladder](ladder.svg)\n\n"
        + table(("seat", "rung", *questions), rows)
    )
