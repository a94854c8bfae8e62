"""Local servers and a tiny model for the tests of the images; they run by `images/test`, where torch is."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest

# The workspace's own environment has no torch on purpose; there, these files are not collected.
collect_ignore_glob = [] if find_spec("torch") and find_spec("delivery_io") else ["test_*.py"]

# user "reader", password "sesame"
HTPASSWD = "reader:$2y$05$mEOTXkgT2pUW.qv5s2.AdeaV6JaX9qU1RAhqln7zl8XUZ00Mpd8au\n"
DEADLINE_SECONDS = 20.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RegistryServer:
    """A real docker-registry that can be stopped and started again over the same storage."""

    def __init__(self, folder: Path, private: bool) -> None:
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.storage = folder / "storage"
        self._config = folder / "config.json"
        self._process: subprocess.Popen[bytes] | None = None
        config: dict[str, object] = {
            "version": 0.1,
            "log": {"level": "error"},
            "storage": {"filesystem": {"rootdirectory": str(self.storage)}},
            "http": {"addr": self.host},
        }
        if private:
            (folder / "htpasswd").write_text(HTPASSWD)
            config["auth"] = {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}}
        self._config.write_text(json.dumps(config))

    def start(self) -> None:
        """Start, and wait until it answers."""
        command = ["docker-registry", "serve", str(self._config)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + DEADLINE_SECONDS
        while not self._answers():
            assert time.monotonic() < until, "docker-registry did not start"

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://{self.host}/v2/", timeout=1).close()
        except HTTPError:
            return True
        except (URLError, OSError):
            return False
        return True

    def stop(self) -> None:
        """Stop at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _server(folder: Path, private: bool) -> Iterator[RegistryServer]:
    assert shutil.which("docker-registry"), "install the package docker-registry"
    server = RegistryServer(folder, private)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    """A registry that anybody may use."""
    yield from _server(tmp_path_factory.mktemp("registry"), private=False)


@pytest.fixture
def private_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    """A registry that asks for a password."""
    yield from _server(tmp_path_factory.mktemp("private"), private=True)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random Llama with a chat template."""
    from tests.images.tiny import make

    return make(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder of small files: files(name=content, ...)."""

    def make(**contents: str) -> Path:
        folder = tmp_path / "files"
        folder.mkdir(exist_ok=True)
        for name, content in contents.items():
            (folder / name.replace("_", ".")).write_text(content)
        return folder

    return make


os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
