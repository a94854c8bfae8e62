"""A real registry for checkpoints and artifacts, over a folder that outlives the process: a stopped run goes on from it."""

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(host: str) -> bool:
    try:
        urllib.request.urlopen(f"http://{host}/v2/", timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """host:port of a registry that lives as long as the block."""
    program = shutil.which("docker-registry")
    if program is None:
        raise SystemExit("docker-registry is not installed; install the package docker-registry")
    folder.mkdir(parents=True, exist_ok=True)
    host = f"127.0.0.1:{_free_port()}"
    storage = {"filesystem": {"rootdirectory": str(folder / "storage")}}
    settings = {"version": 0.1, "log": {"level": "error"}, "storage": storage, "http": {"addr": host}}
    (folder / "config.json").write_text(json.dumps(settings))
    # A session of its own: a Ctrl-C must reach the trainer, which then saves here.
    process = subprocess.Popen(
        [program, "serve", str(folder / "config.json")],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + START_SECONDS
    try:
        while not _answers(host):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"docker-registry did not start on {host}; run it with {folder / 'config.json'} to see why")
            time.sleep(0.05)
        yield host
    finally:
        process.terminate()
        process.wait()
