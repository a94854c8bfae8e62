"""`delivery-benchmark`: one verb a line; each verb is a thin module of its own."""

import click

from .page.command import page


@click.group()
@click.version_option(package_name="delivery-benchmark")
def main() -> None:
    """Put an agent, a person or a null policy in the delivery engineer's seat, and score what it delivers."""


main.add_command(page)
