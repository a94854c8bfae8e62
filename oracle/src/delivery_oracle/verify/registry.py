"""Read one repository of an OCI registry. What comes back has the digest that was asked for, or is refused."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import requests
from oras.auth import get_auth_backend
from oras.container import Container

from delivery_api.digests import sha256

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
TITLE = "org.opencontainers.image.title"
REFERENCE = re.compile(r"^oci://(?P<host>[^/@\s]+)/(?P<repository>[^@\s]+?)@(?P<digest>sha256:[0-9a-f]{64})$")
NEXT = re.compile(r'<([^>]+)>;\s*rel="?next"?')
TIMEOUT = (10.0, 60.0)
LARGEST_PAPER = 16 * 2**20
CHUNK = 1 << 20


class Unreadable(Exception):
    """The registry did not answer: nothing is known."""


class Forged(Exception):
    """What the registry returned is not what was asked for."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One manifest."""

    host: str
    repository: str
    digest: str

    def __str__(self) -> str:
        return f"oci://{self.host}/{self.repository}@{self.digest}"


def parse(uri: str) -> Reference | None:
    """Read oci://host/repository@sha256:...; None when it is something else."""
    match = REFERENCE.match(uri)
    return Reference(match["host"], match["repository"], match["digest"]) if match else None


class Repository:
    """The repository of a reference; logs in as the docker config says, if the registry asks."""

    def __init__(self, reference: Reference, insecure: bool = False) -> None:
        self.reference = reference
        self._session = requests.Session()
        self._insecure = insecure
        self._root = f"{'http' if insecure else 'https'}://{reference.host}/v2/{reference.repository}/"
        self._login: dict[str, str] = {}

    def _ask(self, method: str, url: str, accept: str, stream: bool = False) -> requests.Response:
        address = urljoin(self._root, url)
        try:
            for login in (self._login, None):
                headers = {"Accept": accept} | (self._login if login is None else login)
                response = self._session.request(method, address, headers=headers, timeout=TIMEOUT, stream=stream)
                if response.status_code != 401 or login is None or not self._log_in(response):
                    return response
        except requests.RequestException as error:
            raise Unreadable(f"{self.reference.host} does not answer ({type(error).__name__}); check the address") from error
        return response

    def _log_in(self, asked: requests.Response) -> bool:
        """Whether there is a login to try."""
        kind = "basic" if asked.headers.get("Www-Authenticate", "").lower().startswith("basic") else "token"
        backend = get_auth_backend(kind, self._session, self._insecure)
        folder = os.environ.get("DOCKER_CONFIG")
        configs = [f"{folder}/config.json"] if folder else None
        backend.load_configs(Container(f"{self.reference.host}/{self.reference.repository}"), configs)
        if kind == "basic" and not getattr(backend, "_basic_auth", None):
            return False
        self._login, changed = backend.authenticate_request(asked, {})
        return bool(changed)

    def _good(self, method: str, url: str, accept: str, stream: bool = False) -> requests.Response:
        response = self._ask(method, url, accept, stream)
        if not response.ok:
            where = url if len(url) < 40 else f"{url[:39]}..."
            login = "; log in with `docker login`" if response.status_code in (401, 403) else ""
            raise Unreadable(f"{self.reference.host} answers HTTP {response.status_code} for {where}{login}")
        return response

    def manifest(self, digest: str) -> dict[str, Any]:
        """A manifest by digest."""
        raw = self._good("GET", f"manifests/{digest}", f"{MANIFEST}, {INDEX}").content
        if sha256(raw) != digest:
            raise Forged(f"{self.reference.host} returned a manifest with digest {sha256(raw)} for {digest}")
        return _object(raw, "a manifest")

    def blob(self, digest: str) -> bytes:
        """A small blob, whole."""
        with self._good("GET", f"blobs/{digest}", "*/*", stream=True) as response:
            content = b""
            for chunk in response.iter_content(CHUNK):
                content += chunk
                if len(content) > LARGEST_PAPER:
                    raise Forged(f"a paper with digest {digest} is larger than {LARGEST_PAPER} bytes")
        if sha256(content) != digest:
            raise Forged(f"{self.reference.host} returned bytes with digest {sha256(content)} for {digest}")
        return content

    def measure(self, digest: str, deep: bool) -> int:
        """Bytes of a blob as the registry says; with `deep` every byte is read and hashed."""
        if not deep:
            return int(self._good("HEAD", f"blobs/{digest}", "*/*").headers.get("Content-Length", -1))
        total, count = hashlib.sha256(), 0
        with self._good("GET", f"blobs/{digest}", "*/*", stream=True) as response:
            for chunk in response.iter_content(CHUNK):
                total.update(chunk)
                count += len(chunk)
        if (found := f"sha256:{total.hexdigest()}") != digest:
            raise Forged(f"{self.reference.host} returned bytes with digest {found} for {digest}")
        return count

    def referrers(self) -> list[str]:
        """Digests of all that refers to the reference: by the API, or by the tag of its digest where there is none."""
        found: list[str] = []
        url: str | None = f"referrers/{self.reference.digest}"
        while url:
            response = self._ask("GET", url, INDEX)
            if response.status_code in (400, 404, 405):
                return self._tagged()
            found += _entries(response)
            following = NEXT.search(response.headers.get("Link", ""))
            url = following.group(1) if following else None
        return found

    def _tagged(self) -> list[str]:
        response = self._ask("GET", f"manifests/{self.reference.digest.replace(':', '-', 1)}", INDEX)
        return [] if response.status_code == 404 else _entries(response)


def _entries(response: requests.Response) -> list[str]:
    if not response.ok:
        raise Unreadable(f"the list of referrers is refused (HTTP {response.status_code})")
    entries = _object(response.content, "a list of referrers").get("manifests")
    if not isinstance(entries, list):
        raise Forged("the list of referrers has no manifests")
    return [str(one.get("digest")) for one in entries if isinstance(one, dict)]


def _object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        read = json.loads(raw)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Forged(f"{what} is not a JSON object")
    return read


def files(manifest: dict[str, Any]) -> dict[str, tuple[str, int]]:
    """Title to (digest, size) of a manifest's layers."""
    layers = manifest.get("layers")
    if not isinstance(layers, list):
        raise Forged("a manifest has no layers")
    found: dict[str, tuple[str, int]] = {}
    for layer in layers:
        title = (layer.get("annotations") or {}).get(TITLE)
        if not isinstance(title, str) or title in found or not str(layer.get("digest", "")).startswith("sha256:"):
            raise Forged("a manifest has a layer without a title of its own, or without a sha256 digest")
        found[title] = (str(layer["digest"]), int(layer.get("size", -1)))
    return found
