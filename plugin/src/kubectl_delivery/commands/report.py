"""`report`: one delivery as one HTML file."""

from pathlib import Path

import click

from delivery_api.delivery import Delivery

from .. import times
from ..kubectl import Kubectl, PluginError
from ..options import delivery_name, plain, print_json, where
from ..report import Curves, of_certificate, of_evidence, page
from ..report import report as made_of


@click.command()
@delivery_name
@click.option("-f", "--file", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it; NAME.html by default.")
@where
def report(cluster: Kubectl, as_json: bool, name: str, file: Path | None) -> None:
    """Write one HTML file: time line, loss beside probe, burn, verdicts. It needs no network and no scripts."""
    delivery = cluster.delivery(name)
    documents = _papers(cluster, delivery)
    made = made_of(delivery, times.now(), _curves(cluster, delivery, documents), documents)
    if as_json:
        return print_json(plain(made))
    path = file or Path(f"{name}.html")
    path.write_text(page(made), "utf-8")
    click.echo(str(path))


def _papers(cluster: Kubectl, delivery: Delivery) -> dict[str, str]:
    """Card, certificate and bill; who may not read them gets the rest of the page."""
    try:
        return cluster.certificate(delivery)
    except PluginError as error:
        click.echo(f"Without card, certificate and bill: {error.format_message()}", err=True)
        return {}


def _curves(cluster: Kubectl, delivery: Delivery, documents: dict[str, str]) -> Curves | None:
    """From the certificate; before it is issued, from the evidence for who may read that."""
    issued = of_certificate(documents)
    ledger = delivery.status.cost.ledger if delivery.status and delivery.status.cost else ()
    pods = [entry.pod for entry in ledger if entry.stage == "train"]
    if issued is not None or not pods:
        return issued
    evidence = cluster.evidence(delivery, pods[-1])
    return of_evidence(evidence) if evidence else None
