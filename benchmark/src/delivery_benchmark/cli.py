"""`delivery-benchmark`: one verb a function; what it does is in the module of its name."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from delivery_benchmark.certify import certify as certifies
from delivery_benchmark.page.command import page
from delivery_benchmark.plane.api import PlaneError
from delivery_benchmark.scenarios import all_ids


@click.group()
@click.version_option(package_name="delivery-benchmark")
def main() -> None:
    """Put an agent, a person or a null policy in the delivery engineer's seat, and score what it delivers."""


main.add_command(page)


@main.command()
@click.argument("scenarios", nargs=-1)
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs/certify"), show_default=True, help="Where trials are kept."
)
@click.option("--parallel", default=8, show_default=True, help="Trials side by side.")
@click.option("--cluster", help="Name of a local control plane that is used and left up; left out: one of its own.")
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
