"""`verify`: hand what the cluster keeps of a delivery to `delivery-oracle verify`, which needs nothing of this cluster."""

import json
import sys
import tempfile
from pathlib import Path

import click

from delivery_oracle import cli

from ..kubectl import CERTIFICATES, JSON, VERSIONS, Kubectl, PluginError
from ..options import delivery_name, where

KINDS = ("modelversion/", "mv/")


@click.command()
@delivery_name
@click.option("--key", required=True, metavar="PUB", help="Public key that is trusted, PEM.")
@click.option("--insecure", is_flag=True, help="Speak plain HTTP to the registry.")
@click.option("--deep", is_flag=True, help="Read and hash every byte of the weights.")
@where
def verify(cluster: Kubectl, as_json: bool, name: str, key: str, insecure: bool, deep: bool) -> None:
    """Check ModelVersion and certificate against the registry and a public key.

    NAME is that of a Delivery or, once that is deleted, modelversion/NAME.

    Exit status 0 pass, 1 fail, 2 unknown, 64 bad input.
    """
    kept = _recorded(cluster, name) if name.startswith(KINDS) else _delivered(cluster, name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kept.json"
        path.write_text(json.dumps({"kind": "List", "items": kept}))
        flags = [*(["--insecure"] if insecure else []), *(["--deep"] if deep else [])]
        sys.exit(cli.main(["verify", str(path), "--key", key, "-o", "json" if as_json else "text", *flags]))


def _delivered(cluster: Kubectl, name: str) -> list[JSON]:
    """What is kept of a Delivery that is there."""
    delivery = cluster.delivery(name)
    issued = delivery.status.certificate if delivery.status else None
    if issued is None:
        raise PluginError(f"Delivery {name} has no certificate yet; see explain")
    version = cluster.version(delivery)
    return [cluster.get(CERTIFICATES, issued), *([version] if version else [])]


def _recorded(cluster: Kubectl, name: str) -> list[JSON]:
    """What is kept of a Delivery that may be gone."""
    version = cluster.get(VERSIONS, name.partition("/")[2])
    issued = version["spec"].get("certificate")
    return [version, *([cluster.get(CERTIFICATES, issued)] if issued else [])]
