"""What a cluster is: chosen once by the first `up`, read by every command after it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from . import ports
from .paths import State

# The node's bridge: one address that the host, containerd and pods can all reach.
NODE_ADDRESS = "10.244.0.1"
POD_SUBNET = "10.244.0.0/24"
SERVICE_SUBNET = "10.96.0.0/16"
API_CLUSTER_IP = "10.96.0.1"
DNS_CLUSTER_IP = "10.96.0.10"
# Not 5000, where a registry installed as a system service would listen already.
REGISTRY_PORT = 5050


@dataclass(frozen=True)
class Description:
    """Mode, extras and ports of one cluster."""

    node: bool
    kwok: bool
    registry: str
    api: int
    etcd: int
    etcd_peer: int
    controller_manager: int
    scheduler: int
    kwok_server: int

    @property
    def address(self) -> str:
        return NODE_ADDRESS if self.node else "127.0.0.1"

    @property
    def server(self) -> str:
        return f"https://{self.address}:{self.api}"


def choose(node: bool, kwok: bool, registry: bool) -> Description:
    """A new cluster's description. Full clusters have fixed addresses, since image references contain them."""
    api, etcd, peer, manager, scheduler, fake, images = ports.free(7)
    where = f"{NODE_ADDRESS}:{REGISTRY_PORT}" if node else f"127.0.0.1:{images}" if registry else ""
    return Description(node, kwok, where, 6443 if node else api, etcd, peer, manager, scheduler, fake)


def read(state: State) -> Description | None:
    if not state.description.exists():
        return None
    return Description(**json.loads(state.description.read_text()))


def write(state: State, description: Description) -> None:
    unfinished = state.description.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(asdict(description), indent=1) + "\n")
    unfinished.rename(state.description)
