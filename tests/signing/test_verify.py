"""A stranger confirms a delivery from the registry and one public key; what was changed is seen, and no proof is no pass."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from delivery_oracle import cli
from tests.images.conftest import RegistryServer
from tests.signing.delivered import Delivered, Report, Verify, client, deliver, failures, keypair, sign, task


def test_an_honest_delivery_is_verified_and_says_the_four_things(delivered: Delivered, verify: Verify):
    status, report = verify(delivered.uri, "--deep")
    assert (status, failures(report)) == (0, {})
    assert {one["name"] for one in report["checks"]} >= {"artifact", "signature", "papers", "approval", "bill"}
    said = report["summary"]
    assert "by eve" in said["approved"] and "created by ada" in said["approved"]
    assert "billed 0.0075" in said["cost"] and "above the base" in said["promised"] and "n=" in said["measured"]


@pytest.mark.cluster
def test_so_it_is_where_the_registry_has_the_referrers_api(modern: str, keys: Path, verify: Verify, tmp_path: Path):
    status, report = verify(deliver(modern, keys, tmp_path).uri)
    assert (status, failures(report)) == (0, {})


def test_the_certificate_in_the_cluster_is_the_signed_one(delivered: Delivered, verify: Verify, tmp_path: Path):
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(delivered.kept()))
    status, report = verify(str(path))
    assert (status, failures(report)) == (0, {}) and "4 papers of the DeliveryCertificate are here" in said(report, "record")
    forged = delivered.certificate
    forged["approval"]["by"] = "mallory"
    path.write_text(json.dumps(forged))
    status, report = verify(str(path))
    assert status == 1 and "not the one that was signed" in failures(report)["papers"]


def said(report: Report, name: str) -> str:
    """Message of a check."""
    return next(one["message"] for one in report["checks"] if one["name"] == name)


def test_a_model_version_is_where_a_stranger_starts(delivered: Delivered, verify: Verify, tmp_path: Path):
    path = tmp_path / "version.json"
    path.write_text(json.dumps(delivered.version))
    status, report = verify(str(path))
    assert (status, failures(report)) == (0, {}) and "the ModelVersion is that of the certificate" in said(report, "record")
    path.write_text(json.dumps({"kind": "List", "items": [delivered.version, delivered.kept()]}))
    assert verify(str(path))[0] == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("base", "hf://other/base@" + "0" * 40), ("sealedDigest", "sha256:" + "0" * 64), ("trainEvidence", "sha256:" + "0" * 64)],
)
def test_a_model_version_that_says_something_else_fails(
    delivered: Delivered, verify: Verify, tmp_path: Path, field: str, value: str
):
    path = tmp_path / "version.json"
    path.write_text(json.dumps(delivered.version | {"spec": delivered.version["spec"] | {field: value}}))
    status, report = verify(str(path))
    assert status == 1 and f"ModelVersion spec.{field} {value} is not " in failures(report)["record"]


def test_papers_of_another_delivery_are_not_those_of_a_model_version(delivered: Delivered, verify: Verify, tmp_path: Path):
    path = tmp_path / "version.json"
    path.write_text(json.dumps(delivered.version | {"spec": delivered.version["spec"] | {"deliveryUid": "uid-9"}}))
    status, report = verify(str(path))
    assert status == 2 and "no papers of the ModelVersion's delivery" in failures(report)["papers"]


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        pytest.param({"digest": "sha256:" + "0" * 64}, 2, "is not beside the artifact", id="gone"),
        pytest.param(
            {"artifactType": "application/x"}, 1, "beside the artifact, a application/x in the record", id="another kind"
        ),
    ],
)
def test_papers_that_the_record_names_must_be_there(
    delivered: Delivered, verify: Verify, tmp_path: Path, change: dict[str, str], status: int, message: str
):
    kept = delivered.kept()
    kept["spec"]["signed"][0] |= change
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(kept))
    found, report = verify(str(path))
    assert found == status and message in failures(report)["record"]


def test_a_record_of_another_key_fails(delivered: Delivered, verify: Verify, tmp_path: Path):
    kept = delivered.kept()
    kept["spec"]["keyId"] = "f" * 64
    (tmp_path / "kept.json").write_text(json.dumps(kept))
    status, report = verify(str(tmp_path / "kept.json"))
    assert status == 1 and "is not the trusted key" in failures(report)["record"]


def test_another_key_fails(delivered: Delivered, verify: Verify, tmp_path: Path):
    keypair(tmp_path, "other")
    status, report = verify(delivered.uri, key=tmp_path / "other.pub")
    assert status == 1 and failures(report).keys() == {"signature", "papers"}


def test_an_unsigned_artifact_is_not_established(plain: str, verify: Verify, tmp_path: Path):
    from delivery_io import artifacts

    (tmp_path / "model").mkdir()
    (tmp_path / "model/other.bin").write_bytes(b"unsigned")
    bare = artifacts.push(client(plain), tmp_path / "model", "merged")
    status, report = verify(bare.uri)
    assert status == 2 and "no model signature" in failures(report)["signature"]


def test_a_private_registry_is_read_with_the_login_of_docker(
    keys: Path, verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    server = RegistryServer(tmp_path, private=True)
    server.start()
    try:
        login = {"auths": {server.host: {"auth": base64.b64encode(b"reader:sesame").decode()}}}
        for folder, name in ((keys / "push", ".dockerconfigjson"), (tmp_path / "docker", "config.json")):
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(json.dumps(login))
        made = deliver(server.host, keys, tmp_path / "work", secret="push")
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "nobody"))
        status, report = verify(made.uri)
        assert status == 2 and "log in with `docker login`" in failures(report)["artifact"]
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
        assert verify(made.uri)[0] == 0
    finally:
        server.stop()


def kept(folder: Path, evidence: dict[str, dict[str, str]]) -> str:
    """Evidence as `kubectl get configmaps -o json` writes it."""
    folder.mkdir(exist_ok=True)
    items = [{"kind": "ConfigMap", "metadata": {"name": name}, "data": data} for name, data in evidence.items()]
    (folder / "evidence.json").write_text(json.dumps({"kind": "List", "items": items}))
    return str(folder)


def test_the_evidence_is_the_one_that_was_signed_and_comes_to_the_same_numbers(
    delivered: Delivered, verify: Verify, tmp_path: Path
):
    status, report = verify(delivered.uri, "--evidence", kept(tmp_path / "e", delivered.workers))
    assert (status, failures(report)) == (0, {})
    assert "evidence" in {one["name"] for one in report["checks"]}


def test_evidence_that_was_changed_or_is_gone_is_not_established(delivered: Delivered, verify: Verify, tmp_path: Path):
    pod = next(name for name in delivered.workers if "-eval-" in name)
    changed = delivered.workers[pod] | {"evidence.json": delivered.workers[pod]["evidence.json"].replace("0.0", "1.0")}
    for workers in (delivered.workers | {pod: changed}, {name: one for name, one in delivered.workers.items() if name != pod}):
        status, report = verify(delivered.uri, "--evidence", kept(tmp_path / "e", workers))
        assert status == 2 and "of eval is not there, or was changed" in failures(report)["evidence"]


def test_numbers_that_the_evidence_does_not_give_fail_though_signed(delivered: Delivered):
    """An operator that rounds up is found out by who has the evidence."""
    from delivery_oracle.verify import evidence

    texts = [one["evidence.json"] for one in delivered.workers.values()]
    certificate = delivered.certificate
    assert evidence.check(certificate, texts) == []
    certificate["evaluation"] |= {"candidate": "0.9000", "pValue": "1e-90"}
    assert [line.split(" ")[0] for line in evidence.check(certificate, texts)] == ["candidate", "pValue"]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        pytest.param("oci://host/models@sha256:1", "not oci://", id="no whole digest"),
        pytest.param("nothing.json", "No such file", id="no such file"),
        pytest.param("{}", "not one certificate", id="another file"),
        pytest.param('{"kind": "DeliveryCertificate", "spec": {}}', "spec.delivery: Field required", id="a broken record"),
        pytest.param(
            '{"kind": "DeliveryCertificate", "spec": {"delivery": "a/b", "deliveryUid": "u", "papers": {"bill.json": "{}"}}}',
            "papers[certificate.json] is missing",
            id="a bill of what was deleted",
        ),
        pytest.param('{"schemaVersion": "x"}', "nothing was delivered", id="a certificate of non-delivery"),
    ],
)
def test_bad_input_is_one_line_and_64(what: str, said: str, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    if what.startswith("{"):
        (tmp_path / "given.json").write_text(what)
        what = str(tmp_path / "given.json")
    assert cli.main(["verify", what, "--key", str(keys / "signing.pub")]) == 64
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1


def test_a_key_that_is_none_is_bad_input(delivered: Delivered, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "key.pub").write_text("none")
    assert cli.main(["verify", delivered.uri, "--key", str(tmp_path / "key.pub")]) == 64
    assert "--key" in capsys.readouterr().err


def test_people_read_it_as_lines(delivered: Delivered, keys: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["verify", delivered.uri, "--key", str(keys / "signing.pub"), "--insecure"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "verified"


@pytest.mark.parametrize(
    "change",
    [{"delivered": False}, {"delivery": {"uid": "uid-9", "name": "acme/other"}}, {"artifact": {"digest": "sha256:0"}}],
    ids=["not delivered", "of another delivery", "about another artifact"],
)
def test_nothing_is_signed_that_the_certificate_does_not_say(
    delivered: Delivered, keys: Path, tmp_path: Path, change: dict[str, Any]
):
    papers = delivered.papers | {"certificate.json": json.dumps(delivered.certificate | change)}
    status, evidence = sign(task(delivered.host, delivered.digest, papers), keys, tmp_path)
    assert status == 1 and "nothing is signed" in evidence["problem"]["message"] and not evidence.get("referrers")
