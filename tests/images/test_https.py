"""https:// sources over real TLS: trusted by certificate, opened by a token, pinned by digest."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from delivery_api.digests import sha256
from delivery_api.sources import Source
from delivery_io.fetch import Fetcher
from delivery_io.problems import WorkProblem
from delivery_io.settings import Settings

FIELD = "spec.terms.data.train"
ROWS = b"text,intent\na,b\n"


class Guarded(BaseHTTPRequestHandler):
    """Rows for who brings the token."""

    def do_GET(self) -> None:
        """One request."""
        if self.headers.get("Authorization") != "Bearer letmein":
            self.send_error(403)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(ROWS)))
        self.end_headers()
        self.wfile.write(ROWS)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    request = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ed25519",
        "-nodes",
        "-days",
        "1",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run([*request, *subject], check=True, capture_output=True)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Guarded)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}/data/rows.csv?version=3"
    server.shutdown()


@pytest.fixture
def fetcher(tmp_path: Path) -> Fetcher:
    (tmp_path / "secrets/web").mkdir(parents=True)
    (tmp_path / "secrets/web/token").write_text("letmein")
    return Fetcher(Settings(secrets=tmp_path / "secrets", work=tmp_path / "work"))


def test_a_token_opens_a_pinned_file(url: str, fetcher: Fetcher) -> None:
    path = fetcher.table(Source(uri=url, digest=sha256(ROWS), secret="web"), FIELD)
    assert path.read_bytes() == ROWS and path.name == "rows.csv"


def test_without_a_token_the_secret_field_is_named(url: str, fetcher: Fetcher) -> None:
    with pytest.raises(WorkProblem) as raised:
        fetcher.table(Source(uri=url, digest=sha256(ROWS)), FIELD)
    assert (raised.value.kind, raised.value.field) == ("Invalid", f"{FIELD}.secret")


def test_other_bytes_than_the_pinned_ones_are_refused(url: str, fetcher: Fetcher) -> None:
    with pytest.raises(WorkProblem) as raised:
        fetcher.table(Source(uri=url, digest=sha256("other"), secret="web"), FIELD)
    assert raised.value.kind == "DigestMismatch"


def test_a_model_cannot_come_by_https(url: str, fetcher: Fetcher) -> None:
    with pytest.raises(WorkProblem, match="cannot carry a model folder"):
        fetcher.model(Source(uri=url, digest=sha256(ROWS)), "spec.base")
