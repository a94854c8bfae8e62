"""Artifacts in a real registry: whole, titled, and the same digest for the same files."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from demo.narrator import DemoError
from demo.push import MANIFEST, TITLE, Registry, push, reach

ROOT = Path(__file__).resolve().parents[2]
NAME = "test-demo-push"


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    up = [str(ROOT / "cluster/up"), "--name", NAME, "--control-plane", "--registry", "--for", str(os.getpid()), "-o", "json"]
    try:
        told = subprocess.run(up, check=True, capture_output=True, text=True, timeout=300).stdout
        yield reach(json.loads(told)["registry"])
    finally:
        subprocess.run([str(ROOT / "cluster/down"), "--name", NAME], check=True, capture_output=True, timeout=120)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "rows.jsonl").write_text('{"text": "a", "intent": "b"}\n')
    (tmp_path / "deep" / "weights.bin").write_bytes(bytes(range(256)) * 8192)
    return tmp_path


@pytest.mark.cluster
def test_what_was_pushed_can_be_pulled(registry: Registry, folder: Path) -> None:
    pushed = push(registry, "acme/data", folder, "data")
    repository, _, digest = pushed.uri.removeprefix(f"oci://{registry}/").partition("@")
    manifest = httpx.get(f"http://{registry}/v2/{repository}/manifests/{digest}", headers={"Accept": MANIFEST}).json()
    titles = {layer["annotations"][TITLE]: layer["digest"] for layer in manifest["layers"]}
    assert set(titles) == {"deep/weights.bin", "rows.jsonl"}
    weights = httpx.get(f"http://{registry}/v2/{repository}/blobs/{titles['deep/weights.bin']}").content
    assert weights == (folder / "deep" / "weights.bin").read_bytes()


@pytest.mark.cluster
def test_the_same_files_have_the_same_digest(registry: Registry, folder: Path) -> None:
    """A second demo must reuse what the first one pushed, or every run would train anew."""
    first = push(registry, "acme/data", folder, "data").uri
    assert push(registry, "acme/data", folder, "data").uri == first
    (folder / "rows.jsonl").write_text('{"text": "a", "intent": "c"}\n')
    assert push(registry, "acme/data", folder, "data").uri != first


def test_an_absent_registry_is_named(folder: Path) -> None:
    with pytest.raises(DemoError, match=r"127\.0\.0\.1:9/acme/data failed"):
        push(Registry("127.0.0.1:9"), "acme/data", folder, "data")


def test_a_registry_that_does_not_answer_is_refused() -> None:
    with pytest.raises(DemoError, match=r"REGISTRY=127\.0\.0\.1:9 answers neither"):
        reach("127.0.0.1:9")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="no files to push"):
        push(Registry("127.0.0.1:9"), "acme/data", tmp_path, "data")
