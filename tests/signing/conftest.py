"""Two real registries and a delivery in each: Debian's docker-registry without, Google's with the referrers API.

What signs is the auditor image's own code, from its folder, with the libraries that the oracle's `dev` group locks too.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest

from delivery_oracle import cli
from tests.images.conftest import RegistryServer, free_port
from tests.signing.delivered import ROOT, Delivered, Report, Verify, deliver, keypair

sys.path.insert(0, str(ROOT / "cluster"))

from local import build, install
from local.paths import cache, locked

SOURCE = Path(__file__).parent / "registry/main.go"
DEADLINE_SECONDS = 20.0


@pytest.fixture(scope="session")
def referrers_program() -> Path:
    """The program of `registry/main.go`, built once for its source and modules."""
    named = hashlib.sha256(SOURCE.read_bytes() + (build.tools.source / "go.mod").read_bytes()).hexdigest()[:12]
    program = cache() / "bin" / f"referrers-{named}"
    with locked("build-referrers"):
        if not program.exists():
            flags = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
            command = ["go", "build", "-p", "2", "-o", f"{program}.new", str(SOURCE)]
            done = subprocess.run(command, cwd=build.tools.source, env=flags, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            Path(f"{program}.new").rename(program)
    return program


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host of a registry that has no referrers API."""
    install.packages({"docker-registry": "docker-registry"})
    server = RegistryServer(tmp_path_factory.mktemp("plain"), private=False)
    server.start()
    yield server.host
    server.stop()


@pytest.fixture(scope="module")
def modern(referrers_program: Path) -> Iterator[str]:
    """Host of a registry that has it."""
    host = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen([str(referrers_program), "serve", host])
    until = time.monotonic() + DEADLINE_SECONDS
    while not _answers(host):
        assert time.monotonic() < until, "the registry did not start"
    yield host
    process.kill()
    process.wait()


def _answers(host: str) -> bool:
    try:
        urllib.request.urlopen(f"http://{host}/v2/", timeout=1).close()
    except (URLError, OSError):
        return False
    return True


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the Secret `signing` and its public key `signing.pub`."""
    return keypair(tmp_path_factory.mktemp("keys"), "signing")


@pytest.fixture(scope="module")
def delivered(plain: str, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    """A delivery, signed, in the registry without the API."""
    return deliver(plain, keys, tmp_path_factory.mktemp("delivered"))


@pytest.fixture
def own(tmp_path: Path, keys: Path) -> Iterator[tuple[RegistryServer, Delivered]]:
    """A delivery in a registry of its own, to do harm to: (server, delivery)."""
    server = RegistryServer(tmp_path, private=False)
    server.start()
    yield server, deliver(server.host, keys, tmp_path / "work")
    server.stop()


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str], keys: Path) -> Verify:
    """The command as typed, with the right key unless another is given: exit status and report."""

    def run(what: str, *more: str, key: Path | None = None) -> tuple[int, Report]:
        capsys.readouterr()
        status = cli.main(["verify", what, "--key", str(key or keys / "signing.pub"), "--insecure", "-o", "json", *more])
        return status, json.loads(capsys.readouterr().out)

    return run
