"""The command line: `kubectl delivery COMMAND`."""

import click

from .commands.cost import cost
from .commands.explain import explain
from .commands.gate import approve, reject
from .commands.report import report
from .commands.verify import verify
from .commands.watch import watch


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kubectl-delivery")
def cli() -> None:
    """See how deliveries stand, why they wait, what an approval would approve, and what they cost."""


for command in (watch, explain, approve, reject, cost, report, verify):
    cli.add_command(command)


def main() -> None:
    """Entry point; kubectl calls it `kubectl delivery`."""
    cli(prog_name="kubectl delivery")
