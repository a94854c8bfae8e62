"""The Hugging Face hub's own API paths, served here for one repository: pinned, filtered, and checked file by file."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from delivery_api.sources import Source
from delivery_io.fetch import Fetcher
from delivery_io.problems import WorkProblem
from delivery_io.settings import Settings

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPO = "acme/tiny"
FILES = {
    "config.json": b'{"architectures": ["LlamaForCausalLM"]}',
    "model.safetensors": bytes(range(256)) * 64,
    "pytorch_model.bin": b"a pickle",
    "train.csv": b"text,intent\na,b\n",
}


def blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub(BaseHTTPRequestHandler):
    """repo_info and resolve, for a model and a dataset of the same name; gated when `token` is set."""

    token: str | None = None
    forged: frozenset[str] = frozenset()
    fetched: list[str]

    def do_HEAD(self) -> None:
        """Metadata of a file."""
        self._answer(with_body=False)

    def do_GET(self) -> None:
        """A file, or the description of the repository."""
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        kind, path = type(self), self.path.split("?")[0]
        if kind.token and self.headers.get("Authorization") != f"Bearer {kind.token}":
            return self._send(401, b"{}", {"X-Error-Code": "GatedRepo"})
        for prefix in ("", "/datasets"):
            if path == f"/api{prefix or '/models'}/{REPO}/revision/{COMMIT}":
                return self._send(200, json.dumps(self._info()).encode(), {}, with_body)
            if path.startswith(f"{prefix}/{REPO}/resolve/{COMMIT}/"):
                return self._file(path.rsplit("/", 1)[-1], with_body)
        self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def _info(self) -> dict[str, object]:
        siblings = []
        for name, content in FILES.items():
            about: dict[str, object] = {"rfilename": name, "size": len(content), "blobId": blob_id(content)}
            if name.endswith(".safetensors"):
                about["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
            siblings.append(about)
        return {"id": REPO, "sha": COMMIT, "siblings": siblings, "private": False, "tags": [], "downloads": 0, "likes": 0}

    def _file(self, name: str, with_body: bool) -> None:
        content = FILES[name]
        served = bytes(reversed(content)) if name in type(self).forged else content
        if with_body:
            type(self).fetched.append(name)
        etag = hashlib.sha256(content).hexdigest() if name.endswith(".safetensors") else blob_id(content)
        self._send(200, served, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}, with_body)

    def _send(self, status: int, body: bytes, headers: dict[str, str], with_body: bool = True) -> None:
        self.send_response(status)
        for key, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def hub() -> Iterator[tuple[str, type[Hub]]]:
    kind = type("OneHub", (Hub,), {"fetched": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", kind
    server.shutdown()


def fetcher(url: str, folder: Path) -> Fetcher:
    return Fetcher(Settings(secrets=folder / "secrets", work=folder / "work", hub=url))


def test_a_model_comes_without_pickles(hub: tuple[str, type[Hub]], tmp_path: Path) -> None:
    folder = fetcher(hub[0], tmp_path).model(Source(uri=f"hf://{REPO}@{COMMIT}"), "spec.base")
    assert (folder / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert not (folder / "pytorch_model.bin").exists() and "pytorch_model.bin" not in hub[1].fetched


def test_a_description_leaves_the_weights_where_they_are(hub: tuple[str, type[Hub]], tmp_path: Path) -> None:
    folder, size = fetcher(hub[0], tmp_path).description(Source(uri=f"hf://{REPO}@{COMMIT}"), "spec.base")
    assert (folder / "config.json").exists() and size == len(FILES["model.safetensors"])
    assert "model.safetensors" not in hub[1].fetched


def test_a_table_of_a_dataset(hub: tuple[str, type[Hub]], tmp_path: Path) -> None:
    path = fetcher(hub[0], tmp_path).table(Source(uri=f"hf://datasets/{REPO}@{COMMIT}/train.csv"), "spec.terms.data.train")
    assert path.read_bytes() == FILES["train.csv"]


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_bytes_that_the_commit_does_not_pin_are_refused(hub: tuple[str, type[Hub]], tmp_path: Path, name: str) -> None:
    hub[1].forged = frozenset({name})
    with pytest.raises(WorkProblem) as raised:
        fetcher(hub[0], tmp_path).model(Source(uri=f"hf://{REPO}@{COMMIT}"), "spec.base")
    assert raised.value.kind == "DigestMismatch" and name in raised.value.message


def test_a_gated_model_needs_a_secret_and_takes_it(hub: tuple[str, type[Hub]], tmp_path: Path) -> None:
    hub[1].token = "hf_secret"
    with pytest.raises(WorkProblem, match="name a Secret"):
        fetcher(hub[0], tmp_path).model(Source(uri=f"hf://{REPO}@{COMMIT}"), "spec.base")
    (tmp_path / "secrets/hf").mkdir(parents=True)
    (tmp_path / "secrets/hf/token").write_text("hf_secret\n")
    folder = fetcher(hub[0], tmp_path).model(Source(uri=f"hf://{REPO}@{COMMIT}", secret="hf"), "spec.base")
    assert (folder / "config.json").exists()


def test_a_base_that_does_not_exist_is_said_so(hub: tuple[str, type[Hub]], tmp_path: Path) -> None:
    with pytest.raises(WorkProblem) as raised:
        fetcher(hub[0], tmp_path).model(Source(uri=f"hf://acme/none@{COMMIT}"), "spec.base")
    assert (raised.value.kind, raised.value.field) == ("Invalid", "spec.base")


def test_a_hub_that_is_down_may_heal(tmp_path: Path) -> None:
    with pytest.raises(WorkProblem) as raised:
        fetcher("http://127.0.0.1:9", tmp_path).model(Source(uri=f"hf://{REPO}@{COMMIT}"), "spec.base")
    assert raised.value.kind == "Unreachable"
