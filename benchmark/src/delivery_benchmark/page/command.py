"""`delivery-benchmark page`: write the page."""

from pathlib import Path

import click

from . import papers, traces
from .build import page as made
from .ladder import of_run

FILE = click.Path(exists=True, path_type=Path)


@click.command("page")
@click.argument("run", required=False, type=FILE)
@click.option(
    "--delivery",
    "deliveries",
    multiple=True,
    type=FILE,
    help="`out` of a demo, a page of `kubectl delivery report`, or a DeliveryCertificate as JSON; repeatable. "
    "Left out: the three deliveries of a demo that come with this package.",
)
@click.option("--traces", "runs", type=FILE, default=Path("experiments/tbdl"), show_default=True, help="Folder of `make tbdl`.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/page.html"), show_default=True, help="File to write.")
def page(run: Path | None, deliveries: tuple[Path, ...], runs: Path, out: Path) -> None:
    """Write one static page of real results, with the pressure ladder of RUN where it has one: no server, no network."""
    try:
        ladder = of_run(run) if run else None
        text = made(papers.read(list(deliveries) or [papers.RECORDED]), traces.read(runs), ladder)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, "utf-8")
    click.echo(f"{out}: {len(text.encode()) / 1000:.0f} kB, open it in a browser")
