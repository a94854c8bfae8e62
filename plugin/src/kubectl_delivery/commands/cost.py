"""`cost`: what a delivery has cost, what it burns, and who pays."""

import click

from .. import show, times
from ..kubectl import Kubectl
from ..options import delivery_name, print_json, where
from ..spending import spending


@click.command()
@delivery_name
@where
def cost(cluster: Kubectl, as_json: bool, name: str) -> None:
    """Show every pod that was paid for, what burns now, and how far the budget reaches."""
    told = spending(cluster.delivery(name), times.now())
    print_json(told) if as_json else show.console().print(show.spending(told))
