"""Push a folder as an OCI artifact: one layer a file, titled, as ORAS does it. Same files, same digest.

A customer would use `oras push`; the demo installs no further program for four HTTP requests a file.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from .narrator import DemoError

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
TITLE = "org.opencontainers.image.title"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Registry:
    """A registry that takes pushes without a login."""

    host: str
    insecure: bool = True

    def __str__(self) -> str:
        return self.host

    @property
    def url(self) -> str:
        return f"{'http' if self.insecure else 'https'}://{self.host}/v2/"


def reach(host: str) -> Registry:
    """The registry at a host, with TLS where it speaks TLS."""
    for insecure in (False, True):
        registry = Registry(host, insecure)
        try:
            httpx.get(registry.url, timeout=10)
        except httpx.HTTPError:
            continue
        return registry
    raise DemoError(f"REGISTRY={host} answers neither HTTPS nor HTTP; give a registry that this machine and all pods reach")


@dataclass(frozen=True)
class Artifact:
    """What the registry now has."""

    uri: str
    bytes: int


def push(registry: Registry, repository: str, folder: Path, kind: str) -> Artifact:
    """Upload the files that the registry lacks, then the manifest that names them all."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    if not files:
        raise DemoError(f"{folder} has no files to push; remove the folder and run again")
    try:
        with httpx.Client(base_url=f"{registry.url}{repository}/", timeout=120) as client:
            layers = [_layer(client, path, path.relative_to(folder).as_posix()) for path in files]
            _upload(client, b"{}", _digest(b"{}"))
            raw = _manifest(layers, kind)
            client.put(f"manifests/{_digest(raw)}", content=raw, headers={"Content-Type": MANIFEST}).raise_for_status()
    except httpx.HTTPError as error:
        raise DemoError(f"Pushing {folder.name} to {registry}/{repository} failed: {error}; is the registry up?") from error
    return Artifact(f"oci://{registry}/{repository}@{_digest(raw)}", sum(layer["size"] for layer in layers))


def _layer(client: httpx.Client, path: Path, title: str) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    _upload(client, path, digest)
    size = path.stat().st_size
    return {"mediaType": "application/octet-stream", "digest": digest, "size": size, "annotations": {TITLE: title}}


def _upload(client: httpx.Client, content: Path | bytes, digest: str) -> None:
    if client.head(f"blobs/{digest}").is_success:
        return
    place = client.post("blobs/uploads/").raise_for_status().headers["Location"]
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    body = content if isinstance(content, bytes) else _chunks(content)
    address = httpx.URL(client.base_url.join(place)).copy_merge_params({"digest": digest})
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    client.put(address, content=body, headers=headers).raise_for_status()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _manifest(layers: list[dict[str, Any]], kind: str) -> bytes:
    body = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": f"application/vnd.ptaas.{kind}.v1",
        "config": {"mediaType": EMPTY, "digest": _digest(b"{}"), "size": 2},
        "layers": layers,
    }
    return json.dumps(body, separators=(",", ":")).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
