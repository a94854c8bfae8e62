"""The commands `up`, `down`, `status` and `install`."""

from __future__ import annotations

import argparse
import json
import os
import sys

from . import guard, lifecycle, report, say
from . import install as installer
from .paths import State


def _parser(about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=sys.argv[0], description=about)
    parser.add_argument("--name", default="default", help="which cluster (default: %(default)s)")
    return parser


def up() -> int:
    """Start a cluster, or start again what died of it."""
    parser = _parser("Start a local Kubernetes cluster; instant when it is up already.")
    parser.add_argument("--control-plane", action="store_true", help="no node: etcd, API server, controllers, scheduler")
    parser.add_argument("--kwok", action="store_true", help="also run kwok for fake nodes (control plane only)")
    parser.add_argument("--registry", action="store_true", help="also run a registry on loopback (control plane only)")
    parser.add_argument(
        "--for", dest="owner", type=int, metavar="PID", help="take it down when this process has ended, however"
    )
    parser.add_argument("-o", "--output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    if not asked.control_plane and (asked.kwok or asked.registry):
        parser.error("--kwok and --registry need --control-plane: a full cluster has real nodes and a registry")
    state = State(asked.name)
    lifecycle.up(state, not asked.control_plane, asked.kwok, asked.registry)
    if asked.owner is not None:
        guard.start(state, asked.owner)
    _print(report.report(state), asked.output)
    return 0


def down() -> int:
    """Stop a cluster and leave nothing running or mounted."""
    parser = _parser("Stop a local cluster: processes, mounts, network. Caches and logs stay.")
    parser.add_argument("--purge", action="store_true", help="delete the logs too")
    asked = parser.parse_args()
    lifecycle.down(State(asked.name), asked.purge)
    return 0


def status() -> int:
    """Say whether a cluster is up, and where everything is; exit code 1 when it is not."""
    parser = _parser("Show a local cluster: health, addresses, kubeconfigs, programs, memory.")
    parser.add_argument("-o", "--output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    told = report.report(State(asked.name))
    _print(told, asked.output)
    return 0 if told["up"] else 1


def install() -> int:
    """Install the Debian packages and build the programs of a full cluster."""
    argparse.ArgumentParser(description="Install Debian packages and build all programs; up does it when needed.").parse_args()
    installer.everything()
    return 0


def _print(told: report.Report, output: str) -> None:
    if output == "json":
        print(json.dumps(told, indent=1))
        return
    for name, value in told.items():
        if isinstance(value, dict):
            print(f"{name}:")
            for key, entry in value.items():
                print(f"  {key}: {entry}")
        else:
            print(f"{name}: {value}")


def main(command: str) -> None:
    try:
        sys.exit({"up": up, "down": down, "status": status, "install": install}[command]())
    except say.ClusterError as error:
        sys.exit(f"cluster/{command}: {error}")
    except BrokenPipeError:
        os._exit(0)  # the reader, such as `head`, has seen enough
    except KeyboardInterrupt:
        sys.exit(f"cluster/{command}: interrupted; run it again to go on, or cluster/down to clean up")
