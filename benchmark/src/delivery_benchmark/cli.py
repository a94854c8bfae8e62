"""`delivery-benchmark`: one verb a function; what it does is in the module of its name."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import click

from delivery_benchmark.certify import certify as certifies
from delivery_benchmark.page.command import page
from delivery_benchmark.plane.api import PlaneError
from delivery_benchmark.pressure import words
from delivery_benchmark.report.command import report
from delivery_benchmark.runs import manifest as manifests
from delivery_benchmark.runs import runner
from delivery_benchmark.runs.runner import staged
from delivery_benchmark.runs.trials import Seated
from delivery_benchmark.scenarios import all_ids
from delivery_benchmark.scoring import score_folder
from delivery_benchmark.seats import SEATS, llm
from delivery_benchmark.seats.person import Person

FOLDER = click.Path(path_type=Path)
RUNS = click.option("--runs", type=FOLDER, default=Path("out/runs"), show_default=True, help="Folder of all runs.")
CLUSTER = click.option("--cluster", help="Name of a local control plane that is used and left up; left out: one of its own.")


@click.group()
@click.version_option(package_name="delivery-benchmark")
def main() -> None:
    """Put an agent, a person or a null policy in the delivery engineer's seat, and score what it delivers."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


@main.command()
@click.argument("scenarios", nargs=-1)
@click.option("--runs", type=FOLDER, default=Path("out/runs/certify"), show_default=True, help="Where trials are kept.")
@click.option("--parallel", default=8, show_default=True, help="Trials side by side.")
@CLUSTER
def certify(scenarios: tuple[str, ...], runs: Path, parallel: int, cluster: str | None) -> None:
    """Check that the oracle passes all ten stages of SCENARIOS (all, when left out), and that every null seat fails."""
    try:
        made = certifies(scenarios or all_ids(), runs, parallel, click.echo, cluster)
    except (PlaneError, ValueError, KeyError) as error:
        sys.exit(f"certify: {error}")
    for one in made:
        click.echo(f"{one.scenario}: {'certified' if not one.faults else '; '.join(one.faults)}")
    if any(one.faults for one in made):
        sys.exit(1)


@main.command()
@click.argument("manifest", type=FOLDER)
@RUNS
@click.option("--parallel", type=int, help="Trials side by side; takes the manifest's place.")
@click.option("--endpoint", help="Of the seat llm: base URL of an OpenAI-compatible endpoint, with /v1.")
@click.option("--model", help="Of the seat llm: the model's name there. The key is read from OPENAI_API_KEY.")
@CLUSTER
def run(manifest: Path, runs: Path, parallel: int | None, endpoint: str | None, model: str | None, cluster: str | None) -> None:
    """Carry out the run of MANIFEST, a YAML file; called again, it goes on where it was broken off."""
    try:
        asked = manifests.read(manifest, parallel=parallel, endpoint=endpoint, model=model)
        seats = SEATS | llm.of_run(asked.endpoint, asked.model, asked.settings)
        planned = manifests.plan(asked, seats, words())
        folder = runs / asked.name
        manifests.fix(planned, folder)
        with staged(cluster) as on:
            runner.run(planned, {name: Seated(act, words()) for name, act in seats.items()}, folder, on, click.echo)
    except (PlaneError, ValueError, KeyError) as error:
        sys.exit(f"run: {error}")
    click.echo(f"{folder}: done")


@main.command()
@click.argument("scenario")
@RUNS
@click.option("--command", help="Run this in the seat instead of your shell, and end with it.")
@CLUSTER
def shell(scenario: str, runs: Path, command: str | None, cluster: str | None) -> None:
    """Sit in the engineer's seat of SCENARIO yourself: a shell in the trial's namespace, scored as any other seat."""
    try:
        if scenario not in all_ids():
            raise ValueError(f"scenario {scenario} is not there; there are {', '.join(all_ids())}")
        unit = manifests.Unit(scenario=scenario, seat="person", seed=int(time.time()))
        with staged(cluster) as on:
            person = Person(on[0].programs["kubectl"], on[0].kubeconfig, command)
            kept = runner.one(unit, Seated(person), runs / "person", on)
    except (PlaneError, ValueError, KeyError) as error:
        sys.exit(f"shell: {error}")
    if kept["error"]:
        sys.exit(f"shell: {kept['error']}")
    for score in score_folder(runs / "person" / "trials" / unit.name):
        click.echo(f"{score.stage:9} {'right' if score.passed else 'wrong: ' + score.reason}")


main.add_command(report)
main.add_command(page)
