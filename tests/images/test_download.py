"""Downloads over connections that break: resumed where they were cut, checked, and explained when they cannot work."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from delivery_api.digests import sha256
from delivery_io.download import download
from delivery_io.problems import WorkProblem

BODY = bytes(range(256)) * 1024
FIELD = "spec.terms.data.train"


class Flaky(BaseHTTPRequestHandler):
    """Serves BODY; cuts the connection after `cut` bytes the first `cuts` times."""

    cut, cuts, ranges, status = 0, 0, True, 200
    asked: list[str | None]

    def do_GET(self) -> None:
        """One request."""
        kind = type(self)
        kind.asked.append(self.headers.get("Range"))
        if kind.status != 200:
            self.send_error(kind.status)
            return
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1]) if kind.ranges else 0
        rest = BODY[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if kind.cuts:
            kind.cuts -= 1
            self.wfile.write(rest[: kind.cut])
            self.close_connection = True
        else:
            self.wfile.write(rest)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def serving(**behaviour: object) -> Iterator[tuple[str, type[Flaky]]]:
    kind = type("Handler", (Flaky,), {"asked": [], **behaviour})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/rows.csv", kind
    server.shutdown()


def fetch(url: str, path: Path, digest: str | None = None, patience: float = 10.0) -> Path:
    return download(lambda headers: requests.get(url, headers=headers, stream=True), path, digest, FIELD, "rows.csv", patience)


def test_a_cut_download_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    with serving(cuts=2, cut=(1 << 16) + 9) as (url, server):
        path = fetch(url, tmp_path / "rows.csv", sha256(BODY))
    assert path.read_bytes() == BODY
    assert server.asked == [None, "bytes=65536-", "bytes=131072-"]


def test_a_server_without_ranges_starts_over(tmp_path: Path) -> None:
    with serving(cuts=1, cut=50_000, ranges=False) as (url, _):
        assert fetch(url, tmp_path / "rows.csv", sha256(BODY)).read_bytes() == BODY


def test_a_partial_file_of_an_earlier_pod_is_used(tmp_path: Path) -> None:
    (tmp_path / "rows.csv.partial").write_bytes(BODY[:70_000])
    with serving() as (url, server):
        assert fetch(url, tmp_path / "rows.csv", sha256(BODY)).read_bytes() == BODY
    assert server.asked == ["bytes=70000-"]


def test_a_wrong_digest_leaves_nothing_behind(tmp_path: Path) -> None:
    with serving() as (url, _), pytest.raises(WorkProblem) as raised:
        fetch(url, tmp_path / "rows.csv", "sha256:" + "0" * 64)
    assert raised.value.kind == "DigestMismatch"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "kind", "field"),
    [
        (404, "Invalid", FIELD),
        (403, "Invalid", f"{FIELD}.secret"),
        (401, "Invalid", f"{FIELD}.secret"),
        (503, "Unreachable", FIELD),
    ],
)
def test_a_refusal_names_kind_and_field(tmp_path: Path, status: int, kind: str, field: str) -> None:
    with serving(status=status) as (url, _), pytest.raises(WorkProblem) as raised:
        fetch(url, tmp_path / "rows.csv", patience=0.5)
    assert (raised.value.kind, raised.value.field) == (kind, field)


def test_a_server_that_always_cuts_is_given_up(tmp_path: Path) -> None:
    with serving(cuts=10**6, cut=0) as (url, _), pytest.raises(WorkProblem, match="cannot be reached"):
        fetch(url, tmp_path / "rows.csv", patience=0.5)
