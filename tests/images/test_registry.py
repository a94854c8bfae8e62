"""Artifacts against a real registry: whole or absent, named by digest, logged in when asked, patient but not for ever."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from delivery_api.sources import Source
from delivery_io import artifacts
from delivery_io.credentials import Credentials
from delivery_io.fetch import Fetcher
from delivery_io.problems import WorkProblem
from delivery_io.registry import Registry, parse
from delivery_io.settings import Settings
from tests.images.conftest import RegistryServer

LOGIN = Credentials("reader", "sesame")
DATA = "spec.terms.data.train"
Files = Callable[..., Path]


def client(server: RegistryServer, login: Credentials | None = None, patience: float = 5.0) -> Registry:
    reference = parse(f"oci://{server.host}/acme/rows", DATA)
    return Registry(reference, DATA, login or Credentials(), insecure=True, patience=patience)


def test_what_was_pushed_is_pulled(registry: RegistryServer, files: Files, tmp_path: Path) -> None:
    pushed = artifacts.push(client(registry), files(rows_csv="text,label\na,b\n", note_txt=""), "data")
    artifacts.pull(client(registry), pushed.digest, tmp_path / "got")
    assert (tmp_path / "got/rows.csv").read_text() == "text,label\na,b\n"
    assert (tmp_path / "got/note.txt").read_bytes() == b""


def test_equal_files_have_equal_digests(registry: RegistryServer, files: Files) -> None:
    folder = files(rows_csv="text,label\na,b\n")
    assert artifacts.push(client(registry), folder, "data") == artifacts.push(client(registry), folder, "data")


def test_sizes_are_known_without_a_download(registry: RegistryServer, files: Files) -> None:
    pushed = artifacts.push(client(registry), files(a_txt="four", b_txt=""), "data")
    assert artifacts.sizes(client(registry), pushed.digest) == {"a.txt": 4, "b.txt": 0}


def test_a_layer_cannot_be_written_outside_its_folder(registry: RegistryServer, files: Files, tmp_path: Path) -> None:
    folder = files(rows_csv="x")
    there = client(registry)
    artifacts.push(there, folder, "data")
    digest = artifacts.sha256_file(folder / "rows.csv")
    raw = artifacts.build([("../../evil.csv", digest, 1)], "data", {})
    there.put_manifest(raw, "evil")
    with pytest.raises(WorkProblem, match="title annotation"):
        artifacts.pull(there, "evil", tmp_path / "got")


def test_bytes_that_are_not_the_pinned_ones_are_refused(registry: RegistryServer, files: Files, tmp_path: Path) -> None:
    pushed = artifacts.push(client(registry), files(rows_csv="honest"), "data")
    digest = artifacts.sha256_file(files(rows_csv="honest") / "rows.csv").removeprefix("sha256:")
    stored = registry.storage / "docker/registry/v2/blobs/sha256" / digest[:2] / digest / "data"
    stored.write_text("forged")
    with pytest.raises(WorkProblem) as raised:
        artifacts.pull(client(registry), pushed.digest, tmp_path / "got")
    assert raised.value.kind == "DigestMismatch" and raised.value.field == DATA
    assert not (tmp_path / "got/rows.csv").exists()


def test_a_private_registry_takes_the_password(private_registry: RegistryServer, files: Files, tmp_path: Path) -> None:
    pushed = artifacts.push(client(private_registry, LOGIN), files(rows_csv="secret"), "data")
    artifacts.pull(client(private_registry, LOGIN), pushed.digest, tmp_path / "got")
    assert (tmp_path / "got/rows.csv").read_text() == "secret"


def test_without_a_password_the_message_names_the_secret_field(private_registry: RegistryServer, files: Files) -> None:
    with pytest.raises(WorkProblem) as raised:
        artifacts.push(client(private_registry), files(rows_csv="secret"), "data")
    assert (raised.value.kind, raised.value.field) == ("Invalid", f"{DATA}.secret")


def test_a_docker_config_secret_opens_it(private_registry: RegistryServer, files: Files, tmp_path: Path) -> None:
    pushed = artifacts.push(client(private_registry, LOGIN), files(rows_csv="text,label\na,b\n"), "data")
    secret = tmp_path / "secrets/acme"
    secret.mkdir(parents=True)
    login = {"username": "reader", "password": "sesame"}
    (secret / ".dockerconfigjson").write_text(json.dumps({"auths": {private_registry.host: login}}))
    fetcher = Fetcher(Settings(secrets=tmp_path / "secrets", work=tmp_path / "work"), (private_registry.host,))
    assert fetcher.table(Source(uri=pushed.uri, secret="acme"), DATA).read_text() == "text,label\na,b\n"


@pytest.mark.parametrize("repository", ["nothing", "acme/other"])
def test_what_does_not_exist_is_said_so(registry: RegistryServer, repository: str, tmp_path: Path) -> None:
    there = Registry(parse(f"oci://{registry.host}/{repository}", DATA), DATA, insecure=True, patience=2.0)
    with pytest.raises(WorkProblem, match="does not exist"):
        artifacts.pull(there, "sha256:" + "0" * 64, tmp_path)


def test_a_registry_that_is_down_is_given_up_in_time(registry: RegistryServer, files: Files) -> None:
    registry.stop()
    with pytest.raises(WorkProblem) as raised:
        artifacts.push(client(registry, patience=1.0), files(rows_csv="x"), "data")
    assert raised.value.kind == "Unreachable" and registry.host in raised.value.message


def test_a_registry_that_comes_back_gets_the_artifact(registry: RegistryServer, files: Files) -> None:
    registry.stop()
    starter = threading.Timer(1.0, registry.start)
    starter.start()
    pushed = artifacts.push(client(registry, patience=30.0), files(rows_csv="x"), "data")
    starter.join()
    assert client(registry).manifest(pushed.digest)[1] == pushed.digest
