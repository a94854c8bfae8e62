"""`explain`: why a delivery stands where it stands."""

import click

from .. import show
from ..kubectl import Kubectl
from ..options import delivery_name, print_json, where
from ..waiting import explain as explained


@click.command()
@delivery_name
@where
def explain(cluster: Kubectl, as_json: bool, name: str) -> None:
    """Say why a delivery waits: one typed reason, who is next to act, and the command that they need."""
    told = explained(cluster.delivery(name))
    print_json(told) if as_json else show.console().print(show.explanation(told))
