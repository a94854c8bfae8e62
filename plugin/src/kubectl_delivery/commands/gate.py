"""`approve` and `reject`: what is asked for is shown first; the API server decides who may answer."""

import sys

import click

from .. import show
from ..asking import annotations_for, request
from ..kubectl import DELIVERIES, Kubectl, PluginError
from ..options import delivery_name, plain, print_json, where

yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
dry_option = click.option("--show", "only_show", is_flag=True, help="Show what is asked for, and do nothing.")


@click.command()
@delivery_name
@yes_option
@dry_option
@click.option("--reason", help="Why; it is recorded with the approval.")
@where
def approve(cluster: Kubectl, as_json: bool, name: str, yes: bool, only_show: bool, reason: str | None) -> None:
    """Show exactly what an approval would approve, ask, and approve it."""
    _decide(cluster, name, "approve", as_json, yes, only_show, reason)


@click.command()
@delivery_name
@yes_option
@dry_option
@click.option("--reason", required=True, help="Why; people will ask.")
@where
def reject(cluster: Kubectl, as_json: bool, name: str, yes: bool, only_show: bool, reason: str) -> None:
    """Show what is asked for, ask, and reject it."""
    _decide(cluster, name, "reject", as_json, yes, only_show, reason)


def _decide(cluster: Kubectl, name: str, verb: str, as_json: bool, yes: bool, only_show: bool, reason: str | None) -> None:
    delivery = cluster.delivery(name)
    asked = request(delivery)
    if not as_json:
        show.console().print(show.request(asked))
    if only_show:
        return print_json(asked) if as_json else None
    if not yes:
        if as_json or not sys.stdin.isatty():
            raise PluginError(f"nobody is there to ask; read the above with --show and add --yes to {verb} it")
        click.confirm(f"{verb.capitalize()} exactly this?", abort=True)
    cluster.run("annotate", DELIVERIES, name, "--overwrite", *annotations_for(delivery, verb, reason))
    done = {"approve": "approved", "reject": "rejected"}[verb]
    if as_json:
        print_json({done: True, "request": plain(asked)})
    else:
        click.echo(f"{done} {asked.digest}")
