"""Speak to one OCI registry: manifests, blobs and tags, with whatever login it asks for.

ORAS exchanges credentials for bearer tokens; uploads are streamed here, because ORAS reads a whole
file into memory and cannot go on with a partial download.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin

import oras.auth
import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from delivery_api.digests import sha256
from delivery_io.credentials import ANONYMOUS, Credentials
from delivery_io.download import PATIENCE_SECONDS, TIMEOUT, download, refused
from delivery_io.problems import WorkProblem

Answer = TypeVar("Answer")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
REFERENCE = re.compile(r"^oci://(?P<host>[^/@\s]+)/(?P<repository>[^@\s]+?)(@(?P<digest>sha256:[0-9a-f]{64}))?$")


class _Busy(requests.RequestException):
    """The registry answers that it cannot answer now."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A repository of a registry, and perhaps one manifest in it."""

    host: str
    repository: str
    digest: str | None = None

    def __str__(self) -> str:
        return f"oci://{self.host}/{self.repository}" + (f"@{self.digest}" if self.digest else "")


def parse(uri: str, field: str) -> Reference:
    """Read oci://host/repository[@sha256:...]."""
    match = REFERENCE.match(uri)
    if match is None:
        raise WorkProblem("Invalid", field, f"{uri} is not oci://host/repository@sha256:...; correct it")
    return Reference(match["host"], match["repository"], match["digest"])


class Registry:
    """One repository of a registry, as one identity. Requests are repeated for `patience` seconds."""

    def __init__(
        self,
        reference: Reference,
        field: str,
        credentials: Credentials = ANONYMOUS,
        insecure: bool = False,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.reference, self.field, self.patience = reference, field, patience
        self._credentials = credentials
        self._session = requests.Session()
        self._tokens = oras.auth.get_auth_backend("token", self._session, insecure)
        if credentials.username:
            self._tokens.set_basic_auth(credentials.username, credentials.password)
        self._authorization: dict[str, str] = credentials.header if credentials.token else {}
        self._root = f"{'http' if insecure else 'https'}://{reference.host}/v2/{reference.repository}/"

    def once(self, method: str, url: str, **rest: Any) -> requests.Response:
        """One request, logged in when the registry asks for it."""
        address = urljoin(self._root, url)
        headers = {**rest.pop("headers", {}), **self._authorization}
        response = self._session.request(method, address, headers=headers, timeout=TIMEOUT, **rest)
        if response.status_code != 401 or not self._log_in(response):
            return response
        response.close()
        if hasattr(rest.get("data"), "seek"):
            rest["data"].seek(0)
        return self._session.request(method, address, headers=headers | self._authorization, timeout=TIMEOUT, **rest)

    def _log_in(self, asked: requests.Response) -> bool:
        challenge = asked.headers.get("Www-Authenticate", "").lower()
        if challenge.startswith("basic"):
            fresh = self._credentials.header
        else:
            fresh, _ = self._tokens.authenticate_request(asked, {}, refresh=True)
        changed = bool(fresh) and fresh != self._authorization
        self._authorization = fresh or self._authorization
        return changed

    def ask(self, method: str, url: str, **rest: Any) -> requests.Response:
        """A request that is repeated while the registry is down or busy; raises on any refusal."""

        def attempt() -> requests.Response:
            response = self.once(method, url, **rest)
            if response.status_code >= 500 or response.status_code == 429:
                raise _Busy(f"HTTP {response.status_code}")
            return response

        response = self.patiently(attempt)
        if not response.ok:
            raise refused(response.status_code, f"{self.reference}", self.field)
        return response

    def patiently(self, attempt: Callable[[], Answer]) -> Answer:
        """Repeat a call that fails for reasons that may heal."""
        again = Retrying(
            retry=retry_if_exception_type((requests.RequestException, OSError)),
            stop=stop_after_delay(self.patience),
            wait=wait_exponential(multiplier=0.2, max=10),
            reraise=True,
        )
        try:
            return again(attempt)
        except (requests.RequestException, OSError) as error:
            why = str(error) if isinstance(error, _Busy) else type(error).__name__
            message = f"Registry {self.reference.host} did not answer for {self.patience:.0f} s ({why}); check that it is up"
            raise WorkProblem("Unreachable", self.field, message) from error

    def manifest(self, name: str) -> tuple[bytes, str]:
        """(bytes, digest) of a manifest by digest or tag; by digest they are checked."""
        raw = self.ask("GET", f"manifests/{name}", headers={"Accept": MANIFEST}).content
        digest = sha256(raw)
        if name.startswith("sha256:") and digest != name:
            raise WorkProblem("DigestMismatch", self.field, f"{self.reference.host} returned a manifest {digest} for {name}")
        return raw, digest

    def tags(self) -> list[str]:
        """All tags of the repository; none when it does not exist yet."""
        response = self.patiently(lambda: self.once("GET", "tags/list"))
        return list(response.json().get("tags") or ()) if response.ok else []

    def blob(self, digest: str, path: Path) -> Path:
        """Download a blob, resumed and checked."""

        def get(headers: dict[str, str]) -> requests.Response:
            return self.once("GET", f"blobs/{digest}", headers={"Accept-Encoding": "identity", **headers}, stream=True)

        return download(get, path, digest, self.field, f"{path.name} of {self.reference}", self.patience)

    def upload(self, path: Path, digest: str) -> None:
        """Upload a blob unless the registry has it; the whole exchange is repeated when cut."""

        def attempt() -> None:
            if self.once("HEAD", f"blobs/{digest}").ok:
                return
            session = self.once("POST", "blobs/uploads/")
            _accept(session, self.reference, self.field)
            where = urljoin(self._root, session.headers["Location"])
            joined = f"{where}{'&' if '?' in where else '?'}digest={digest}"
            with path.open("rb") as file:
                length = {"Content-Type": "application/octet-stream", "Content-Length": str(path.stat().st_size)}
                done = self.once("PUT", joined, data=file if path.stat().st_size else b"", headers=length)
            _accept(done, self.reference, self.field)

        self.patiently(attempt)

    def put_manifest(self, raw: bytes, name: str) -> None:
        """Store a manifest under a tag or its digest: the moment an artifact exists."""
        self.ask("PUT", f"manifests/{name}", data=raw, headers={"Content-Type": MANIFEST})


def _accept(response: requests.Response, reference: Reference, field: str) -> None:
    if response.status_code >= 500 or response.status_code == 429:
        raise _Busy(f"HTTP {response.status_code}")
    if not response.ok:
        raise refused(response.status_code, f"{reference}", field)
