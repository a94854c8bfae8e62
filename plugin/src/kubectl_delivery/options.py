"""Options that every command has: where, as whom, and how to print."""

import dataclasses
import functools
import json
from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from .kubectl import Kubectl, PluginError


def where(command: Callable[..., Any]) -> Callable[..., Any]:
    """kubectl's own flags, gathered into a `Kubectl`."""

    @click.option("-n", "--namespace", metavar="NAMESPACE", help="Namespace; the context's by default.")
    @click.option("--context", metavar="CONTEXT", help="Context of the kubeconfig.")
    @click.option("--kubeconfig", metavar="FILE", help="Path of the kubeconfig.")
    @click.option("--as", "as_user", metavar="USER", help="User to impersonate.")
    @click.option(
        "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
    )
    @functools.wraps(command)
    def with_cluster(
        namespace: str | None, context: str | None, kubeconfig: str | None, as_user: str | None, output: str, **rest: Any
    ) -> Any:
        given = {"--context": context, "--kubeconfig": kubeconfig, "--as": as_user}
        flags = tuple(f"{flag}={value}" for flag, value in given.items() if value)
        return command(Kubectl(namespace, flags), as_json=output == "json", **rest)

    return with_cluster


def complete_name(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of deliveries in the namespace typed so far; silence where the cluster does not answer."""
    typed = ctx.params
    flags = tuple(
        f"{flag}={typed[name]}"
        for flag, name in (("--context", "context"), ("--kubeconfig", "kubeconfig"), ("--as", "as_user"))
        if typed.get(name)
    )
    try:
        names = [str(one.metadata["name"]) for one in Kubectl(typed.get("namespace"), flags).deliveries()]
    except PluginError:
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


delivery_name = click.argument("name", shell_complete=complete_name)


def camel(name: str) -> str:
    """A field as the API spells it."""
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def plain(value: Any) -> Any:
    """Dataclasses as JSON, absent values left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {camel(name): plain(one) for name, one in fields.items() if one is not None}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def print_json(value: Any) -> None:
    """One JSON document a line."""
    click.echo(json.dumps(plain(value), ensure_ascii=False))
