"""The node's network: one bridge whose address the host, containerd and pods can all reach.

The bridge stands for the machine's own interface, so nothing depends on what network, if any, the
machine has, and nothing of the cluster is offered to it.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from . import sysctl
from .description import NODE_ADDRESS, POD_SUBNET, SERVICE_SUBNET
from .paths import State
from .say import ClusterError

BRIDGE = "ptaas0"
TABLE = "ptaas"
NETWORK = "ptaas"
CNI_RESULTS = Path("/var/lib/cni/results")

# Pods reach the outside as the machine; among themselves and to Services they keep their addresses.
MASQUERADE = f"""
table ip {TABLE} {{
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    ip saddr {POD_SUBNET} ip daddr != {{ {POD_SUBNET}, {SERVICE_SUBNET} }} masquerade
  }}
}}
"""


def owner() -> str | None:
    """The state folder of the cluster that holds the bridge; "" when somebody else made it."""
    if not Path(f"/sys/class/net/{BRIDGE}").exists():
        return None
    return Path(f"/sys/class/net/{BRIDGE}/ifalias").read_text().strip()


def claim(state: State) -> None:
    """Refuse a second node on this machine: bridge, cgroups and addresses are the machine's."""
    holder = owner()
    if holder not in (None, str(state.root)):
        whose = holder or "another program"
        raise ClusterError(f"bridge {BRIDGE} belongs to {whose}: take that cluster down, or use --control-plane")


def up(state: State) -> None:
    sysctl.remember(state)
    sysctl.forward()
    if owner() is None:
        _run("ip", "link", "add", BRIDGE, "type", "bridge")
        _run("ip", "link", "set", BRIDGE, "alias", str(state.root))
    prefix = POD_SUBNET.partition("/")[2]
    _run("ip", "address", "replace", f"{NODE_ADDRESS}/{prefix}", "dev", BRIDGE)
    _run("ip", "link", "set", BRIDGE, "up")
    # The host's own way to Services, also on a machine without a default route.
    _run("ip", "route", "replace", SERVICE_SUBNET, "dev", BRIDGE)
    _drop_table("ip", TABLE)
    _run("nft", "-f", "-", given=MASQUERADE)
    _write_cni(state)


def _write_cni(state: State) -> None:
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isDefaultGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(state.root / "cni" / "leases"),
            "ranges": [[{"subnet": POD_SUBNET, "rangeStart": "10.244.0.10", "gateway": NODE_ADDRESS}]],
        },
    }
    folder = configuration(state)
    folder.mkdir(parents=True, exist_ok=True)
    network = {"cniVersion": "1.0.0", "name": NETWORK, "plugins": [bridge]}
    (folder / "10-ptaas.conflist").write_text(json.dumps(network, indent=1))


def configuration(state: State) -> Path:
    return state.root / "cni" / "net.d"


def down(state: State) -> None:
    """Undo all of it, kube-proxy's rules included."""
    if owner() != str(state.root):
        return
    for family, table in (("ip", TABLE), ("ip", "kube-proxy"), ("ip6", "kube-proxy")):
        _drop_table(family, table)
    _run("ip", "link", "delete", BRIDGE)
    for result in CNI_RESULTS.glob("*"):
        if str(state.root) in result.read_text(errors="replace"):
            result.unlink()


def _drop_table(family: str, table: str) -> None:
    subprocess.run(["nft", "delete", "table", family, table], capture_output=True)


def _run(*command: str, given: str = "") -> None:
    done = subprocess.run(command, input=given, capture_output=True, text=True)
    if done.returncode:
        raise ClusterError(f"{' '.join(command)} failed: {done.stderr.strip() or done.stdout.strip()}")
