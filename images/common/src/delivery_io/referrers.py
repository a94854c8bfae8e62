"""What is said about an artifact, stored beside it: OCI referrers, with the tag schema where a registry has no API.

A registry that knows referrers lists them itself. For any other the client keeps an index under the tag
`sha256-<hex>`, as the distribution specification says, so that ORAS, crane and cosign find them all the same.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from delivery_api.digests import sha256
from delivery_io.artifacts import EMPTY, TITLE
from delivery_io.problems import WorkProblem
from delivery_io.registry import MANIFEST, Registry

INDEX = "application/vnd.oci.image.index.v1+json"
NEXT = re.compile(r'<([^>]+)>;\s*rel="?next"?')


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a referrer."""

    title: str
    media_type: str
    content: bytes


def tag_of(subject: str) -> str:
    """The tag that holds the index of what refers to a digest."""
    return subject.replace(":", "-", 1)


def build(subject: dict[str, Any], artifact_type: str, documents: tuple[Document, ...], notes: dict[str, str]) -> bytes:
    """The manifest of a referrer; `subject` is the descriptor of what it is about."""
    layers = [
        {
            "mediaType": one.media_type,
            "digest": sha256(one.content),
            "size": len(one.content),
            "annotations": {TITLE: one.title},
        }
        for one in documents
    ]
    body = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": artifact_type,
        "config": {"mediaType": EMPTY, "digest": sha256(b"{}"), "size": 2},
        "layers": layers,
        "subject": subject,
        "annotations": dict(sorted(notes.items())),
    }
    return json.dumps(body, separators=(",", ":")).encode()


def attach(registry: Registry, subject: str, artifact_type: str, documents: tuple[Document, ...], notes: dict[str, str]) -> str:
    """Store documents as one referrer of the manifest `subject`; returns the referrer's digest."""
    about, _ = registry.manifest(subject)
    described = {"mediaType": json.loads(about).get("mediaType", MANIFEST), "digest": subject, "size": len(about)}
    raw = build(described, artifact_type, documents, notes)
    with TemporaryDirectory() as folder:
        for content in (b"{}", *(one.content for one in documents)):
            path = Path(folder) / "content"
            path.write_bytes(content)
            registry.upload(path, sha256(content))
    digest = sha256(raw)
    answer = registry.ask("PUT", f"manifests/{digest}", data=raw, headers={"Content-Type": MANIFEST})
    if "OCI-Subject" not in answer.headers and not _listed(registry, subject, digest):
        entry = {"mediaType": MANIFEST, "digest": digest, "size": len(raw), "artifactType": artifact_type}
        _index(registry, subject, entry | {"annotations": dict(sorted(notes.items()))})
    return digest


def _listed(registry: Registry, subject: str, digest: str) -> bool:
    """Whether the registry itself lists a referrer."""
    found = _from_api(registry, subject)
    return found is not None and any(one.get("digest") == digest for one in found)


def _index(registry: Registry, subject: str, entry: dict[str, Any]) -> None:
    """Add an entry to the index under the subject's tag."""
    others = [one for one in _from_tag(registry, subject) if one.get("digest") != entry["digest"]]
    body = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*others, entry]}
    raw = json.dumps(body, separators=(",", ":")).encode()
    registry.ask("PUT", f"manifests/{tag_of(subject)}", data=raw, headers={"Content-Type": INDEX})


def find(registry: Registry, subject: str) -> list[dict[str, Any]]:
    """Descriptors of all that refers to a manifest."""
    found = _from_api(registry, subject)
    return _from_tag(registry, subject) if found is None else found


def _from_api(registry: Registry, subject: str) -> list[dict[str, Any]] | None:
    """What the referrers API says; None where the registry has none."""
    found: list[dict[str, Any]] = []
    for page in _pages(registry, f"referrers/{subject}"):
        if page is None:
            return None
        found += page
    return found


def _pages(registry: Registry, url: str | None) -> Iterator[list[dict[str, Any]] | None]:
    while url:
        response = registry.patiently(partial(registry.once, "GET", url, headers={"Accept": INDEX}))
        if response.status_code in (400, 404, 405):
            yield None
            return
        yield _manifests(response.content, response.ok, registry)
        following = NEXT.search(response.headers.get("Link", ""))
        url = following.group(1) if following else None


def _from_tag(registry: Registry, subject: str) -> list[dict[str, Any]]:
    response = registry.patiently(lambda: registry.once("GET", f"manifests/{tag_of(subject)}", headers={"Accept": INDEX}))
    return [] if response.status_code == 404 else _manifests(response.content, response.ok, registry)


def _manifests(raw: bytes, ok: bool, registry: Registry) -> list[dict[str, Any]]:
    """Entries of an index; an answer that is none may not be taken for an empty one, or it would be overwritten."""
    try:
        entries = json.loads(raw)["manifests"] if ok else None
    except (ValueError, KeyError, TypeError):
        entries = None
    if not isinstance(entries, list):
        message = f"{registry.reference} does not answer with an index of referrers; check the registry"
        raise WorkProblem("Unreachable", registry.field, message)
    return entries
