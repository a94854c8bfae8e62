"""`watch`: a delivery as it goes, until it is over."""

import sys

import click
from rich.live import Live

from .. import show, times
from ..kubectl import Kubectl, PluginError
from ..looking import Look, look
from ..options import delivery_name, print_json, where


@click.command()
@delivery_name
@click.option("--once", is_flag=True, help="Look once.")
@where
def watch(cluster: Kubectl, as_json: bool, name: str, once: bool) -> None:
    """Show stages, progress, time to go and burn until the delivery is over.

    Exit status 0 when it was delivered, 1 when it ended otherwise.
    """
    if once:
        return _once(look(cluster.delivery(name), times.now()), as_json)
    if as_json or not sys.stdout.isatty():
        return _end(_log(cluster, name, as_json))
    last = None
    with Live(console=show.console(), refresh_per_second=4) as live:
        for delivery in cluster.watch(name):
            last = look(delivery, times.now())
            live.update(show.look(last), refresh=True)
            if last.over:
                break
    _end(last)


def _once(seen: Look, as_json: bool) -> None:
    print_json(seen) if as_json else show.console().print(show.look(seen))


def _log(cluster: Kubectl, name: str, as_json: bool) -> Look | None:
    """A line a change, for pipes and logs."""
    before: Look | None = None
    for delivery in cluster.watch(name):
        seen = look(delivery, times.now())
        if as_json:
            print_json(seen)
        else:
            for line in show.lines(before, seen):
                click.echo(line)
        sys.stdout.flush()
        before = seen
        if seen.over:
            break
    return before


def _end(last: Look | None) -> None:
    if last is None or not last.over:
        raise PluginError("the watch ended before the delivery did; watch again")
    if not last.delivered:
        sys.exit(1)
