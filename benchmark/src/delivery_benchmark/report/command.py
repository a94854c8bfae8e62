"""`delivery-benchmark report RUN`: write the report of a run."""

from __future__ import annotations

from pathlib import Path

import click

from delivery_benchmark.report.write import write


@click.command("report")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="another folder than the run's own")
def report(run: Path, into: Path | None) -> None:
    """Make every table and figure of RUN, a run's folder, anew from its files."""
    try:
        made = write(run, into)
    except (ValueError, KeyError) as error:
        raise click.ClickException(str(error)) from error
    for path in made:
        click.echo(path)
