"""`verify`: hand the certificate of a delivery to `delivery-oracle verify`, which needs nothing of this cluster."""

import sys
import tempfile
from pathlib import Path

import click

from delivery_oracle import cli

from ..kubectl import Kubectl, PluginError
from ..options import delivery_name, where


@click.command()
@delivery_name
@click.option("--key", required=True, metavar="PUB", help="Public key that is trusted, PEM.")
@click.option("--insecure", is_flag=True, help="Speak plain HTTP to the registry.")
@click.option("--deep", is_flag=True, help="Read and hash every byte of the weights.")
@where
def verify(cluster: Kubectl, as_json: bool, name: str, key: str, insecure: bool, deep: bool) -> None:
    """Check a certificate against the registry and a public key.

    Exit status 0 pass, 1 fail, 2 unknown, 64 bad input.
    """
    issued = cluster.certificate(cluster.delivery(name))
    if "certificate.json" not in issued:
        raise PluginError(f"Delivery {name} has no certificate yet; see explain")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.json"
        path.write_text(issued["certificate.json"])
        flags = [*(["--insecure"] if insecure else []), *(["--deep"] if deep else [])]
        sys.exit(cli.main(["verify", str(path), "--key", key, "-o", "json" if as_json else "text", *flags]))
