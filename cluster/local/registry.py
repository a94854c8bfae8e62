"""An OCI registry over plain HTTP; what was pushed stays in the cache from one cluster to the next."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

from . import process
from .description import Description
from .paths import State, cache


def up(state: State, cluster: Description) -> None:
    process.start(state, "registry", ["docker-registry", "serve", str(_config(state, cluster))])
    process.wait(state, "the registry", lambda: ready(cluster), ["registry"])


def ready(cluster: Description) -> bool:
    try:
        with urllib.request.urlopen(f"http://{cluster.registry}/v2/", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def folder(state: State, cluster: Description) -> Path:
    """The node's registry is a cache; a test cluster's goes with the test."""
    return cache() / "registry" if cluster.node else state.root / "registry"


def _config(state: State, cluster: Description) -> Path:
    content = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(folder(state, cluster))},
            "delete": {"enabled": True},
            "maintenance": {"uploadpurging": {"enabled": True, "age": "24h", "interval": "24h", "dryrun": False}},
        },
        "http": {"addr": cluster.registry},
    }
    path = state.config / "registry.yml"
    path.write_text(json.dumps(content, indent=1))
    return path
