"""The formats are the field's own: other people's tools read and check what we sign."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.signing.delivered import Delivered, client, fetch


def referrer(made: Delivered, kind: str) -> bytes:
    """The first file of a referrer."""
    registry = client(made.host)
    layer = json.loads(registry.manifest(made.evidence["referrers"][kind])[0])["layers"][0]
    return bytes(registry.once("GET", f"blobs/{layer['digest']}").content)


@pytest.fixture
def downloaded(delivered: Delivered, tmp_path: Path) -> Path:
    """The model's files and its signature, pulled by crane."""
    fetch(delivered, tmp_path)
    return tmp_path


def model_signing(downloaded: Path, key: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "model_signing", "verify", "key", "--public_key", str(key)]
    command += ["--signature", str(downloaded / "model.sig"), str(downloaded / "model")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.cluster
def test_the_openssf_tool_verifies_the_files_of_a_download(downloaded: Path, keys: Path):
    assert model_signing(downloaded, keys / "signing.pub").returncode == 0
    (downloaded / "model/config.json").write_text("{ }")
    assert model_signing(downloaded, keys / "signing.pub").returncode != 0


def test_the_bill_of_materials_keeps_the_schema_and_names_base_data_and_files(delivered: Delivered):
    raw = referrer(delivered, "application/vnd.cyclonedx+json")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(raw.decode()) is None
    bom = json.loads(raw)
    model = bom["metadata"]["component"]
    assert model["type"] == "machine-learning-model" and model["version"] == delivered.digest
    assert {one["name"] for one in model["components"]} == {"model.safetensors", "config.json", "tokenizer/tokenizer.json"}
    assert {one["bom-ref"]: one["type"] for one in bom["components"]} == {"base": "machine-learning-model", "train": "data"}
    assert {"ref": "model", "dependsOn": ["base", "train"]} in bom["dependencies"]


def test_the_same_delivery_has_the_same_bill_of_materials(delivered: Delivered):
    from delivery_auditor.signing import materials

    files = {"a": "sha256:" + "1" * 64}
    assert materials.bill_of_materials(delivered.certificate, files) == materials.bill_of_materials(
        delivered.certificate, files
    )


def test_the_provenance_names_materials_by_digest_builder_and_parameters(delivered: Delivered):
    envelope = json.loads(referrer(delivered, "application/vnd.in-toto+json"))
    said = json.loads(subprocess.run(["base64", "-d"], input=envelope["payload"].encode(), capture_output=True).stdout)
    assert (
        said["predicateType"] == "https://slsa.dev/provenance/v1" and envelope["payloadType"] == "application/vnd.in-toto+json"
    )
    assert said["subject"] == [{"name": "artifact", "digest": {"sha256": delivered.digest.removeprefix("sha256:")}}]
    build, run = said["predicate"]["buildDefinition"], said["predicate"]["runDetails"]
    assert {one["name"]: list(one["digest"]) for one in build["resolvedDependencies"]}.keys() == {
        "base",
        "train",
        "sealed",
        "trainer",
    }
    assert all(one["digest"] for one in build["resolvedDependencies"])
    assert build["externalParameters"]["config"]["steps"] and build["externalParameters"]["plan"]["method"] == "LoRA"
    assert run["builder"]["id"] and run["metadata"]["startedOn"] and run["metadata"]["invocationId"] == "uid-1"


@pytest.mark.parametrize(
    ("uri", "digest", "pinned"),
    [
        pytest.param("hf://org/name@" + "a" * 40, None, {"gitCommit": "a" * 40}, id="a hub's commit"),
        pytest.param("hf://datasets/o/n@" + "b" * 40 + "/rows.csv", None, {"gitCommit": "b" * 40}, id="a file at a commit"),
        pytest.param("oci://r/m@sha256:" + "c" * 64, None, {"sha256": "c" * 64}, id="a registry's digest"),
        pytest.param("https://r/m.csv", "sha256:" + "d" * 64, {"sha256": "d" * 64}, id="a digest of its own"),
    ],
)
def test_every_kind_of_source_is_pinned(uri: str, digest: str | None, pinned: dict[str, str]):
    from delivery_auditor.signing.statements import material

    assert material("x", uri, digest)["digest"] == pinned


def secret(folder: Path, key: Any, password: str = "") -> Path:
    (folder / "signing").mkdir()
    lock = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    (folder / "signing/key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    return folder


def test_a_key_behind_a_password_opens_with_it(keys: Path, tmp_path: Path):
    from delivery_auditor.signing import key, weights
    from delivery_io.problems import WorkProblem

    plain = key.read(keys, "signing")
    secrets = secret(tmp_path, plain.signer._private_key, "sesame")
    with pytest.raises(WorkProblem, match="does not open"):
        key.read(secrets, "signing")
    (secrets / "signing/password").write_text("sesame\n")
    assert key.read(secrets, "signing").id == plain.id
    assert weights.sign("m", {"a": "sha256:" + "1" * 64}, key.read(secrets, "signing"))


def test_a_key_that_cannot_sign_models_is_refused_with_what_to_do(tmp_path: Path):
    from delivery_auditor.signing import key
    from delivery_io.problems import WorkProblem

    with pytest.raises(WorkProblem, match=r"has no key\.pem; make a key with openssl"):
        key.read(tmp_path, "signing")
    secrets = secret(tmp_path, rsa.generate_private_key(65537, 2048))
    with pytest.raises(WorkProblem, match="another kind than elliptic curve"):
        key.read(secrets, "signing")
