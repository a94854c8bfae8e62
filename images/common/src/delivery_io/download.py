"""Download one file to a path: it goes on where a cut connection left off, and the bytes are checked.

The partial file keeps its name (`.partial`) between attempts and between pods on one volume; only
bytes that have the digest ever get the final name.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from delivery_io.problems import WorkProblem

CHUNK = 1 << 16
PATIENCE_SECONDS = 120.0
TIMEOUT = (10.0, 60.0)
Get = Callable[[dict[str, str]], requests.Response]


class _CutShort(requests.RequestException):
    """Fewer bytes came than were announced."""


def sha256_file(path: Path) -> str:
    """Digest of a file."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def check(path: Path, digest: str | None, field: str, what: str) -> None:
    """Raise unless the file has the digest; a wrong file is removed, so that it cannot be resumed."""
    if digest is None or (found := sha256_file(path)) == digest:
        return
    path.unlink()
    raise WorkProblem(
        "DigestMismatch", field, f"{what} has digest {found}, the spec pins {digest}; correct the digest or the file"
    )


def refused(status: int, what: str, field: str) -> WorkProblem:
    """What an HTTP status means to the owner of the spec."""
    if status in (401, 403):
        return WorkProblem(
            "Invalid", f"{field}.secret", f"{what} refuses access (HTTP {status}); name a Secret that may read it"
        )
    if status in (404, 410):
        return WorkProblem("Invalid", field, f"{what} does not exist (HTTP {status}); correct the address")
    return WorkProblem("Unreachable", field, f"{what} answers HTTP {status}; it is tried again")


def _append(get: Get, partial: Path, what: str, field: str) -> None:
    have = partial.stat().st_size if partial.exists() else 0
    with get({"Range": f"bytes={have}-"} if have else {}) as response:
        if response.status_code == 416:
            return
        if response.status_code >= 500 or response.status_code == 429:
            raise requests.HTTPError(f"HTTP {response.status_code}")
        if not response.ok:
            raise refused(response.status_code, what, field)
        resumed = response.status_code == 206
        expected = int(response.headers.get("Content-Length", -1))
        received = 0
        with partial.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_content(CHUNK):
                received += file.write(chunk)
        if "Content-Encoding" not in response.headers and received < expected:
            raise _CutShort(f"{received} of {expected} bytes")


def download(get: Get, path: Path, digest: str | None, field: str, what: str, patience: float = PATIENCE_SECONDS) -> Path:
    """Fetch into `path` by a function that makes the request with extra headers; retry within a bound."""
    if path.exists():
        check(path, digest, field, what)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    again = Retrying(
        retry=retry_if_exception_type((requests.RequestException, OSError)),
        stop=stop_after_delay(patience),
        wait=wait_exponential(multiplier=0.2, max=15),
        reraise=True,
    )
    try:
        again(_append, get, partial, what, field)
    except (requests.RequestException, OSError) as error:
        reason = type(error).__name__ if not isinstance(error, requests.HTTPError) else str(error)
        raise WorkProblem(
            "Unreachable", field, f"{what} cannot be reached ({reason}); check the address and the network"
        ) from error
    check(partial, digest, field, what)
    partial.rename(path)
    return path
