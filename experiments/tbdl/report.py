"""`experiments/tbdl/report`: docs/reference/tbdl.md and its picture, made of the committed traces alone."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from string import Template

from delivery_oracle.probe import WARMUP_SHARE
from delivery_oracle.stages.evaluation import FREE_TOLERANCE

from . import paper, verdicts
from .manifest import ARMS, Manifest
from .picture import FLAG, draw
from .verdicts import LARGEST_NORM, MOST_MINUTES, WINDOW, Claim, Run, by_arm, claims

HERE = Path(__file__).parent
TRAINING = (
    "run",
    "intake",
    "loss, first to last ten",
    "largest gradient norm",
    "dashboard",
    "execution stage, blind to the probe",
    "minutes",
)
JUDGING = ("run", "probe", "log wealth at the looks", "base", "held out", "free output", "gain", "the audit as a stage", "")
PAGE = HERE.parents[1] / "docs" / "reference" / "tbdl.md"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return "\n".join([lines[0], f"|{'---|' * len(head)}", *lines[1:], ""])


def claim_rows(found: Sequence[Claim]) -> list[list[str]]:
    """Each claim with its count."""
    return [[claim.sentence, f"{claim.held} of {claim.of}", "holds" if claim.holds else "**does not hold**"] for claim in found]


def beside_the_paper(manifest: Manifest, runs: Sequence[Run]) -> list[list[str]]:
    """Our row, then theirs."""
    name = manifest.base.uri.removeprefix("pvc://base/")
    untuned = sum(run.comparison.base for run in runs) / len(runs)
    arms = by_arm(runs)
    ours = [f"**{name}**, {manifest.steps} steps", f"{untuned:.3f}", *(our_cell(arms.get(arm, [])) for arm in ARMS)]
    theirs = [
        [f"{row.base}, {paper.STEPS} steps [P]", f"{row.untuned:.3f}", *(their_cell(*row.arms[arm]) for arm in ARMS)]
        for row in paper.ROWS
    ]
    return [ours, *theirs]


def our_cell(runs: Sequence[Run]) -> str:
    """Mean held-out accuracy and the TBDL count."""
    if not runs:
        return ""
    mean = sum(run.comparison.candidate for run in runs) / len(runs)
    return f"{mean:.3f} ({sum(run.tbdl for run in runs)}/{len(runs)})"


def their_cell(accuracy: float, count: int | None) -> str:
    """As published."""
    return f"{accuracy:.3f}" + (f" ({count}/3)" if count is not None else "")


def training_row(run: Run) -> list[str]:
    """What a dashboard shows of a run, and what the canary said before it."""
    return [
        run.case.name,
        f"{run.intake.verdict}: {run.intake.reason}",
        f"{run.first_loss:.2f} to {run.last_loss:.2f}",
        f"{max(run.norms):.1f}",
        "green" if run.green else "red",
        f"{run.mechanics.verdict}: {run.mechanics.reason}",
        f"{run.minutes:.1f}",
    ]


def judging_row(run: Run) -> list[str]:
    """What the probe and the audit said."""
    path = ", ".join(f"{value:+.1f}" for value in run.probe.flag.log_wealth)
    seen, probe = run.comparison, run.probe
    decided = f"{probe.outcome} at step {probe.decided_at}" if probe.decided_at else str(probe.outcome)
    gain = f"{seen.gain:+.3f} [{seen.interval.low:+.3f}, {seen.interval.high:+.3f}]"
    kind = "TBDL" if run.tbdl else "Learned" if run.learned else "neither"
    free = sum(item.free for item in run.trace.evaluate.items) / len(run.trace.evaluate.items)
    scores = [f"{seen.base:.3f}", f"{seen.candidate:.3f}", f"{free:.3f}", gain]
    return [run.case.name, decided, path, *scores, f"{run.audit.verdict}: {run.audit.reason}", kind]


def saved(runs: Sequence[Run]) -> str:
    """What a flag would have saved."""
    flagged = [run for run in runs if run.flagged_at is not None]
    if not flagged:
        return ""
    steps = [(run.flagged_at or 0, step) for run in flagged for step in run.trace.train.steps]
    share = sum(step.seconds for at, step in steps if step.step <= at) / sum(step.seconds for _, step in steps)
    return (
        f"Stopped at its flag, a run that does not learn costs {share:.0%} of its training time ({len(flagged)} runs); refused "
        f"by the canary, none. The paper's example alarm comes at step {paper.ALARM_STEP} of {paper.STEPS}; its detector: "
        f"{paper.DETECTOR} [P]. Base, steps and margin differ, so this is no race.\n\n"
    )


def withheld(runs: Sequence[Run]) -> str:
    """Runs that learned and that the audit refuses nevertheless."""
    lost = [run for run in runs if run.learned and not run.deliverable]
    if not lost:
        return ""
    names = ", ".join(f"`{run.case.name}`" for run in lost)
    return (
        f"Learned is the paired test within the label set. The audit as a stage asks more: {names} learned and would not be "
        f"paid for, as free output lies more than {FREE_TOLERANCE:.2f} below ({lost[0].audit.reason}).\n\n"
    )


def looks(runs: Sequence[Run]) -> str:
    """What the probe cost beside training."""
    spent = sum(look.seconds for run in runs for look in run.trace.train.looks)
    stepped = sum(step.seconds for run in runs for step in run.trace.train.steps)
    asked = sum(run.trace.train.base_scoring_seconds for run in runs)
    return (
        f"All looks, those after a flag included, took {100 * spent / stepped:.0f} % of the time of the training steps, "
        f"{100 * asked / stepped:.0f} % for the base's answers."
    )


def time(runs: Sequence[Run], planned: int) -> str:
    """Time of the runs by their own clocks, against what all of them may take, and of processors."""
    each = [run.minutes for run in runs]
    minutes = sum(each)
    devices = ", ".join(sorted({run.trace.device for run in runs}))
    said = f"{'All ' if len(runs) == planned else ''}{len(runs)} runs took {minutes:.0f} minutes by the clock on {devices}"
    said += f", from {min(each):.1f} to {max(each):.1f} each"
    if len(runs) == planned:
        said += f": {within(minutes)}."
    else:
        whole = minutes / len(runs) * planned
        said += f"; at this pace all {planned} take {whole:.0f}: {within(whole)}."
    measured = [run for run in runs if run.trace.processor_seconds]
    if not measured:
        return said
    used = sum(sum(run.trace.processor_seconds.values()) for run in measured) / len(measured) / 60
    return f"{said} A run used {used:.1f} processor-minutes of all cores together (mean of {len(measured)} runs)."


def within(minutes: float) -> str:
    """Against the limit of the whole experiment."""
    return f"{'within' if minutes <= MOST_MINUTES else '**more than**'} the {MOST_MINUTES:.0f} minutes that all may take"


def sources(runs: Sequence[Run]) -> str:
    """By which sources of the workers the runs were made."""
    made: dict[str, list[str]] = {}
    for run in runs:
        made.setdefault(run.trace.code, []).append(run.case.name)
    if len(made) == 1:
        return f"All were made by the same sources of the workers, digest `{next(iter(made))}`."
    listed = "; ".join(f"`{code}`: {', '.join(names)}" for code, names in made.items())
    return f"The workers' sources changed between runs, digest and runs: {listed}."


def facts(manifest: Manifest) -> dict[str, object]:
    """What the manifest fixed."""
    config, versions = manifest.config, sorted(manifest.versions.items())
    return {
        "digest": manifest.id,
        "rank": config.rank,
        "steps": manifest.steps,
        "rows": config.micro_batch_size,
        "precision": config.precision,
        "rate": config.learning_rate,
        "warmup": config.warmup_steps,
        "seeds": ", ".join(map(str, manifest.seeds)),
        "margin": manifest.margin,
        "floor": f"{float(manifest.margin) / 2:.2f}",
        "start": f"{WARMUP_SHARE:.0%}",
        "items": manifest.look_items,
        "at": ", ".join(map(str, manifest.look_steps)),
        "flag": f"{FLAG:.1f}",
        "holdout": manifest.holdout_items,
        "versions": ", ".join(f"{name} {number}" for name, number in versions),
        "window": WINDOW,
        "norm": f"{LARGEST_NORM:.0f}",
    }


def page(manifest: Manifest, runs: Sequence[Run]) -> str:
    """The whole page."""
    planned = len(manifest.arms) * len(manifest.seeds)
    missing = f"**{len(runs)} of {planned} runs are done; of the others nothing is known.**\n\n" if len(runs) < planned else ""
    return Template((HERE / "page.md").read_text("utf-8")).substitute(
        facts(manifest),
        missing=missing,
        claims=table(("claim", "runs", ""), claim_rows(claims(runs))),
        paper=table(("base", "untuned", *(f"`{arm}`" for arm in ARMS)), beside_the_paper(manifest, runs)),
        training=table(TRAINING, [training_row(run) for run in runs]),
        judging=table(JUDGING, [judging_row(run) for run in runs]),
        withheld=withheld(runs),
        saved=saved(runs),
        looks=looks(runs),
        time=time(runs, planned),
        sources=sources(runs),
    )


def main() -> None:
    """Write page and picture."""
    parser = argparse.ArgumentParser(prog="experiments/tbdl/report", description=__doc__)
    parser.add_argument("--results", type=Path, default=HERE)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    manifest, runs = verdicts.judge_all(options.results)
    if not runs:
        raise SystemExit(f"{options.results} has no traces; run experiments/tbdl/run first")
    options.page.write_text(page(manifest, runs), "utf-8")
    options.page.with_suffix(".svg").write_text(draw(manifest, runs), "utf-8")
    for claim in claims(runs):
        print(f"{'holds' if claim.holds else 'DOES NOT HOLD':14} {claim.held:2} of {claim.of:2}  {claim.sentence}")
    if not all(claim.holds for claim in claims(runs)):
        raise SystemExit("Not every claim holds; the table says which")


if __name__ == "__main__":
    main()
