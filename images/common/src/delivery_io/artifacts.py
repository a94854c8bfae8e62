"""Artifacts in a registry: a folder of files is an image manifest with one layer a file, as ORAS makes them.

The manifest goes last, so that an artifact either exists whole or not at all, and its digest names
all bytes. The same files give the same digest: nothing of time or machine goes in.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from delivery_api.digests import sha256
from delivery_io.download import sha256_file
from delivery_io.problems import WorkProblem
from delivery_io.registry import MANIFEST, Registry

TITLE = "org.opencontainers.image.title"
EMPTY = "application/vnd.oci.empty.v1+json"
LAYER = "application/octet-stream"
PREFIX = "application/vnd.ptaas"


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a registry now has."""

    digest: str
    uri: str
    bytes: int


def files_of(folder: Path) -> list[Path]:
    """Files of a folder in the order of their names, without partial downloads."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".partial")


def build(files: Iterable[tuple[str, str, int]], kind: str, annotations: dict[str, str]) -> bytes:
    """The manifest of (title, digest, size) triples."""
    config = {"mediaType": EMPTY, "digest": sha256(b"{}"), "size": 2}
    layers = [
        {"mediaType": LAYER, "digest": digest, "size": size, "annotations": {TITLE: title}} for title, digest, size in files
    ]
    body = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": f"{PREFIX}.{kind}.v1",
        "config": config,
        "layers": layers,
        **({"annotations": dict(sorted(annotations.items()))} if annotations else {}),
    }
    return json.dumps(body, separators=(",", ":")).encode()


def push(
    registry: Registry, folder: Path, kind: str, tag: str | None = None, annotations: dict[str, str] | None = None
) -> Pushed:
    """Upload a folder; the digest of the manifest names it."""
    empty = folder.with_name(folder.name + ".empty.json")
    empty.write_bytes(b"{}")
    described = [(path.relative_to(folder).as_posix(), sha256_file(path), path.stat().st_size) for path in files_of(folder)]
    for title, digest, _ in described:
        registry.upload(folder / title, digest)
    registry.upload(empty, sha256(b"{}"))
    raw = build(described, kind, annotations or {})
    digest = sha256(raw)
    registry.put_manifest(raw, tag or digest)
    where = f"oci://{registry.reference.host}/{registry.reference.repository}@{digest}"
    return Pushed(digest, where, sum(size for _, _, size in described))


def _title(layer: dict[str, Any], registry: Registry) -> str:
    annotations = layer.get("annotations")
    title = str(annotations.get(TITLE, "")) if isinstance(annotations, dict) else ""
    path = PurePosixPath(title)
    if not title or path.is_absolute() or ".." in path.parts:
        message = f"{registry.reference} has a layer without a usable title annotation; push it with ORAS, one file a layer"
        raise WorkProblem("Invalid", registry.field, message)
    return title


def _layers(raw: bytes, registry: Registry) -> list[dict[str, Any]]:
    layers = json.loads(raw).get("layers")
    if not isinstance(layers, list) or not layers:
        raise WorkProblem("Invalid", registry.field, f"{registry.reference} is not an artifact with files; push it with ORAS")
    return layers


def sizes(registry: Registry, name: str) -> dict[str, int]:
    """Bytes of each file of an artifact, without downloading any."""
    raw, _ = registry.manifest(name)
    return {_title(layer, registry): int(layer["size"]) for layer in _layers(raw, registry)}


def digests(registry: Registry, name: str) -> dict[str, str]:
    """Digest of each file of an artifact, by title, without downloading any."""
    raw, _ = registry.manifest(name)
    return {_title(layer, registry): str(layer["digest"]) for layer in _layers(raw, registry)}


def pull(registry: Registry, name: str, into: Path, wanted: Callable[[str], bool] = lambda _: True) -> str:
    """Download the wanted files of an artifact; returns the manifest's digest."""
    raw, digest = registry.manifest(name)
    for layer in _layers(raw, registry):
        title = _title(layer, registry)
        if wanted(title):
            registry.blob(str(layer["digest"]), into / title)
    return digest
