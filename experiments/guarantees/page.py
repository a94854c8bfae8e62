"""The page: every figure from figures.json, which is where they come from and what a test compares it with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from experiments.tbdl.paper import ROWS

Json = dict[str, Any]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def yes(holds: bool) -> str:
    return "yes" if holds else "**no**"


def broken(name: str, found: list[Json]) -> list[str]:
    """One line for each measured thing that does not hold."""
    return [f"{name}: {one} does not hold" for one in found if not one.get("holds", True)]


def page(figures: Json, folder: str, mutated: Json | None = None) -> str:
    """The whole page; `mutated` is what mutation testing found, where it was run."""
    sections = (
        opening(), alarms(figures, folder), habits(figures), conformance(figures), power(figures), paper(figures, folder),
        corruption(figures), speed(figures),
    )  # fmt: skip
    return "\n\n".join((*sections, *([mutants(mutated, folder)] if mutated else []))) + "\n"


def opening() -> str:
    return """# Guarantees, measured

Written by `make guarantees` (`python -m experiments.guarantees`) from simulations with fixed seeds; the figures are in
[figures.json](guarantees/figures.json). What a flag means is in [the statistics](../explanation/statistics.md)."""


def alarms(figures: Json, folder: str) -> str:
    rows = [
        (one["process"], one["law"], one["says"], f"{one['alpha']:g}", f"{one['runs']:,}", f"{one['rate']:.4f}",
         f"{one['upper']:.4f}", yes(one["holds"]))
        for one in figures["alarms"]
    ]  # fmt: skip
    head = ("process", "law", "which", "alpha", "runs", "decided against", "upper bound", "below alpha")
    items = figures["looks"] * 64
    return f"""## False alarms

![Healthy runs that are stopped]({folder}/alarms.svg)

Runs that are exactly on the boundary of the null, under laws chosen badly, read after each of {items} items, which is more
often than any probe looks. `flag`: the gain is the floor, rising from {figures["margin"] / 2:.2f} to {figures["margin"]:.2f}.
`certify`: the gain is the margin {figures["margin"]:.2f}.
The bound is Clopper and Pearson's, one-sided at {figures["confidence"]:.0%}. The adversary knows every bet
and picks the law of each item; it does not pick the order of the items, which a keyed permutation fixes.

{table(head, rows)}"""


def habits(figures: Json) -> str:
    head = ("habit", "how", "runs", *(f"stopped at alpha {alpha:g}" for alpha in figures["alphas"]))
    rows = [
        (one["name"], one["says"], f"{one['runs']:,}", *(f"{rate:.3f}" for rate in one["rates"])) for one in figures["habits"]
    ]
    return f"""### What not to do, beside it

A run that gains exactly the floor of {figures["floor"]:.2f}, {figures["habit_looks"]} looks of 64 items,
{figures["changed"]:.0%} of the items changed.

{table(head, rows)}"""


def conformance(figures: Json) -> str:
    vectors = [
        (one["name"], f"{one['expected']:.6f}", f"{one['found']:.6f}", yes(one["holds"])) for one in figures["conformance"]
    ]
    crossing = [
        (f"{one['mean']:g}", f"{one['runs']:,}", f"{one['items']:,}", f"{one['share']:.4f}", yes(one["holds"]))
        for one in figures["crossing"]
    ]
    return f"""## Conformance

D = 0, -1, 0, 0, 1, -1, -1, 0, -1, 0, four times over, against `flag`; exact one-sided McNemar.

{table(("what", "expected", "ours", "agrees"), vectors)}

Bernoulli(m) tested at its own mean after every item, alpha {figures["crossing_alpha"]:g}:

{table(("m", "runs", "items", "ever crossed", "below alpha"), crossing)}"""


def medians(one: Json) -> str:
    shown = (f"{items}" if items is not None else "never" for items in one["medians"])
    return " / ".join(shown)


def power(figures: Json) -> str:
    names = list(dict.fromkeys((one["scenario"]["name"], one["changed"]) for one in figures["power"]))
    rows = []
    for name, changed in names:
        bets = {one["bets"]: one for one in figures["power"] if (one["scenario"]["name"], one["changed"]) == (name, changed)}
        scenario = bets["mixture"]["scenario"]
        expected = " / ".join(map(str, scenario["expected"])) if scenario["expected"] and changed != "independent" else ""
        gain = scenario["candidate"] - scenario["base"]
        flagged = f"{bets['mixture']['flagged'][1]:.1%}"
        rows.append(
            (
                name,
                f"{gain:+.3f}",
                f"{scenario['delta']:g}",
                changed,
                expected,
                *(medians(bets[kind]) for kind in bets),
                flagged,
            )
        )
    head = ("scenario", "gain", "delta", "items changed", "known", "mixture", "plug-in", "aGRAPA", "mixture flags at .01")
    costs = [
        (one["scenario"]["name"], one["changed"], one["bets"], f"{one['flagged'][1]:.1%}", one["medians"][1] or "never",
         one["step"] or "none", f"{one['hours']:.3f}", f"{one['dollars']:.2f}")
        for one in figures["power"]
    ]  # fmt: skip
    cost_head = (
        "scenario",
        "items changed",
        "bets",
        "flagged",
        "median items",
        "median step",
        "GPU-hours until then",
        "dollars",
    )
    return f"""## Power

Median items until the flag at alpha .05 / .01, of runs of 1,500 fresh items. `known` are the medians that were known
before, which fit 31 % of the items changed. If base and candidate were right independently of each other, more items would
change and it takes longer.

{table(head, rows)}

The same at alpha .01 as steps and money: 64 fresh items every ten steps from step {figures["warmup_end"]} to
{figures["steps"]}. A median beyond the last look is no step, and the whole run is paid for. What a step costs is assumed as in
the next section.

{table(cost_head, costs)}"""


def paper(figures: Json, folder: str) -> str:
    head = (
        "base",
        "arm",
        "gain",
        "flagged",
        "certified",
        "undecided",
        "median step",
        "GPU-hours of a run",
        "saved",
        "saved, $",
    )
    parts = []
    for margin, schedule in dict.fromkeys((one["margin"], one["schedule"]) for one in figures["paper"]):
        seen = [one for one in figures["paper"] if (one["margin"], one["schedule"]) == (margin, schedule)]
        rows = [
            (one["base"], one["arm"], f"{one['gain']:+.3f}", f"{one['flagged']:.1%}", f"{one['certified']:.1%}",
             f"{one['undecided']:.1%}", one["median_step"] or "", f"{one['hours']:.2f}", f"{one['hours_saved']:.2f}",
             f"{one['dollars_saved']:.2f}")
            for one in seen
        ]  # fmt: skip
        parts.append(f"### Margin {margin:.2f}, {schedule}\n\n{table(head, rows)}")
    healthy = [one for one in figures["paper"] if one["arm"] in ("correct", "mask")]
    tables = "\n\n".join(parts)
    stopped = sum(round(one["flagged"] * one["runs"]) for one in healthy)
    return f"""## Beside the paper's detector

![Stopped at which step]({folder}/delays.svg)

Its published record: {figures["detector"]}; its example alarm is at step {figures["alarm_step"]} of {figures["steps"]}.
Ours are simulations of the probe on the {len(ROWS)} bases of its table. Of {sum(one["runs"] for one in healthy):,} healthy runs
(correct, mask) below, {stopped} were stopped.

Assumptions: gains are those of the published table, {figures["changed"]:.0%} of the items change (more where the gain
needs it); a failing run has its gain from the end of the warm-up (step {figures["warmup_end"]}) on; a healthy one approaches
it with a time constant of 15 % of the run; items are fresh; alpha .01 to flag, .05 to certify; the floor rises from half the
margin to the margin.
GPU-hours: LoRA, 4 FLOPs a parameter and token, {figures["tokens_a_step"]:,} tokens a step, {figures["utilisation"]:.0%} of an
H200's 989 TFLOP/s, at ${figures["dollars_an_hour"]:.2f} an hour; looks not counted.

{tables}

The paper's own noise run on 32B gains +.079: at a margin of .10 it is **Undecided** in most runs, as it should be:
neither clearly learning nor clearly not. Compare all rows at one margin."""


def corruption(figures: Json) -> str:
    rows = [
        (f"{one['share']:.0%}", one["seeds"], f"{one['covered']:.1%}", f"{one['estimate']:.3f}", f"{one['width']:.2f}",
         ", ".join(f"{song} {count}" for song, count in one["songs"].items()), yes(one["holds"]))
        for one in figures["corruption"]
    ]  # fmt: skip
    head = ("labels replaced", "seeds", "95 % interval covers", "mean estimate", "mean width", "the canary says", "holds")
    return f"""## Share of random labels, from the intake canary

BANKING77, 10,003 training rows of which a share got uniform random labels; each seed draws 256 sealed items.
The width is the noise of the 256 sealed items among themselves, which predict each other in a third of the cases.

{table(head, rows)}"""


def speed(figures: Json) -> str:
    rows = [
        (one["name"], f"{one['processor']:.2f}", f"{one['seconds']:.2f}", f"{one['limit']:g}", yes(one["holds"]))
        for one in figures["speed"]
    ]
    return f"""## Speed

Limits are held against processor seconds: other programs used the two cores meanwhile, which the seconds by the clock show.

{table(("what", "processor seconds", "seconds", "limit", "holds"), rows)}"""


def mutants(found: Json, folder: str) -> str:
    rows = [
        (f"`{name}`", sum(counts.values()), counts.get("killed", 0), counts.get("timeout", 0), counts.get("survived", 0))
        for name, counts in found["counts"].items()
    ]
    lived = [(f"`{one['module']}`", code(one["line"]), code(one["mutant"]), one["why"]) for one in found["survivors"]]
    return f"""## Mutation testing

`python -m experiments.guarantees.mutants` changes the code that decides, one small thing at a time, with mutmut, and runs the
fast tests against each change. A change that no test notices lives; each that does is listed with the reason why it changes no
verdict. Decorated functions mutmut leaves alone: properties, and lines that keep a function's answers
([mutants.json]({folder}/mutants.json)).

{table(("module", "mutants", "killed", "never ended", "lived"), rows)}

{table(("module", "line", "lives as", "why that is harmless"), lived)}"""


def code(line: str) -> str:
    """A line of code in a table."""
    return "`" + line.replace("|", "\\|") + "`"
