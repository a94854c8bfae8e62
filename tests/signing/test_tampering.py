"""Harm done to a signed delivery in its registry, by who may write there: each is seen, or changes nothing."""

import json
from pathlib import Path
from typing import Any

from tests.images.conftest import RegistryServer
from tests.oracle import world
from tests.signing.delivered import Delivered, Verify, client, failures, issue, keypair, sign, task


def stored(server: RegistryServer, digest: str) -> Path:
    """Where docker-registry keeps a blob."""
    name = digest.removeprefix("sha256:")
    return server.storage / "docker/registry/v2/blobs/sha256" / name[:2] / name / "data"


def _empty(registry: Any, subject: str, digest: str) -> None:
    """Take one entry out of the index, as who may push can."""
    from delivery_io.referrers import INDEX, find, tag_of

    left = [one for one in find(registry, subject) if one["digest"] != digest]
    raw = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": left}).encode()
    registry.ask("PUT", f"manifests/{tag_of(subject)}", data=raw, headers={"Content-Type": INDEX})


def test_a_registry_that_is_away_is_not_established(own: tuple[RegistryServer, Delivered], verify: Verify):
    server, made = own
    server.stop()
    status, report = verify(made.uri)
    assert status == 2 and "does not answer" in failures(report)["artifact"]


def test_a_file_that_is_gone_is_not_established(own: tuple[RegistryServer, Delivered], verify: Verify):
    server, made = own
    layer = json.loads(client(made.host).manifest(made.digest)[0])["layers"][0]
    stored(server, layer["digest"]).unlink()
    status, report = verify(made.uri)
    assert status == 2 and "artifact" in failures(report)


def test_changed_bytes_of_the_same_length_are_seen_when_read(own: tuple[RegistryServer, Delivered], verify: Verify):
    server, made = own
    layer = json.loads(client(made.host).manifest(made.digest)[0])["layers"][0]
    path = stored(server, layer["digest"])
    path.write_bytes(b"x" * path.stat().st_size)
    assert verify(made.uri)[0] == 0
    status, report = verify(made.uri, "--deep")
    assert status == 1 and "returned bytes with digest" in failures(report)["artifact"]


def test_a_changed_paper_under_a_signed_statement_fails(own: tuple[RegistryServer, Delivered], verify: Verify):
    """Who may push can replace the bill beside the statement, but not its digest in the statement."""
    from delivery_io import referrers
    from delivery_io.referrers import Document

    _, made = own
    registry = client(made.host)
    papers = made.evidence["referrers"]["application/vnd.ptaas.certificate.v1"]
    layers = {
        one["annotations"]["org.opencontainers.image.title"]: one for one in json.loads(registry.manifest(papers)[0])["layers"]
    }
    statement = registry.once("GET", f"blobs/{layers['statement.dsse.json']['digest']}").content
    bill = json.loads(made.papers["bill.json"]) | {"billed": "0"}
    changed = made.papers | {"bill.json": json.dumps(bill)}
    parts = [Document(name, "application/json", text.encode()) for name, text in changed.items()]
    envelope = Document("statement.dsse.json", "application/vnd.dsse.envelope.v1+json", statement)
    _empty(registry, made.digest, papers)
    referrers.attach(registry, made.digest, "application/vnd.ptaas.certificate.v1", (envelope, *parts), {})
    status, report = verify(made.uri)
    assert status == 1 and "bill.json is not the one that was signed" in failures(report)["papers"]


def test_papers_of_another_artifact_fail(own: tuple[RegistryServer, Delivered], verify: Verify, tmp_path: Path):
    """A signature is about one artifact: copied beside another it says nothing."""
    from delivery_io import artifacts, referrers
    from delivery_io.referrers import Document

    _, made = own
    registry = client(made.host)
    (tmp_path / "model").mkdir()
    (tmp_path / "model/other.bin").write_bytes(b"poisoned")
    other = artifacts.push(registry, tmp_path / "model", "merged")
    for kind, digest in made.evidence["referrers"].items():
        layers = json.loads(registry.manifest(digest)[0])["layers"]
        copied = tuple(
            Document(
                one["annotations"]["org.opencontainers.image.title"],
                one["mediaType"],
                registry.once("GET", f"blobs/{one['digest']}").content,
            )
            for one in layers
        )
        referrers.attach(registry, other.digest, kind, copied, {})
    status, report = verify(other.uri)
    assert status == 1
    assert "Signature mismatch" in failures(report)["signature"] and "another artifact" in failures(report)["papers"]


def test_what_others_put_beside_it_neither_helps_nor_harms(
    own: tuple[RegistryServer, Delivered], verify: Verify, tmp_path: Path
):
    _, made = own
    keypair(tmp_path, "mallory")
    status, _ = sign(task(made.host, made.digest, made.papers, key="mallory"), tmp_path, tmp_path)
    assert status == 0
    assert verify(made.uri)[0] == 0
    assert verify(made.uri, key=tmp_path / "mallory.pub")[0] == 0


def test_a_second_signing_after_a_crash_changes_nothing(
    own: tuple[RegistryServer, Delivered], verify: Verify, keys: Path, tmp_path: Path
):
    _, made = own
    assert sign(task(made.host, made.digest, made.papers), keys, tmp_path)[0] == 0
    assert verify(made.uri)[0] == 0


def test_two_deliveries_of_one_artifact_are_told_apart_by_certificate(
    own: tuple[RegistryServer, Delivered], verify: Verify, keys: Path, tmp_path: Path
):
    _, made = own
    papers = issue(made.uri, uid="uid-2")
    assert sign(task(made.host, made.digest, papers, uid="uid-2"), keys, tmp_path)[0] == 0
    status, report = verify(made.uri)
    assert status == 2 and "2 deliveries made this artifact" in failures(report)["papers"]
    (tmp_path / "certificate.json").write_text(papers["certificate.json"])
    assert verify(str(tmp_path / "certificate.json"))[0] == 0


def test_of_papers_issued_twice_the_latest_count(
    own: tuple[RegistryServer, Delivered], verify: Verify, keys: Path, tmp_path: Path
):
    """A driver corrected a claim: the delivery is the same, its papers are not."""
    _, made = own
    claims = [{"type": "Method", "subject": "method", "value": "LoRA"}]
    papers = issue(made.uri, spec=world.spec(card={"claims": claims}))
    assert papers["certificate.json"] != made.papers["certificate.json"]
    assert sign(task(made.host, made.digest, papers), keys, tmp_path)[0] == 0
    assert verify(made.uri)[0] == 0
    (tmp_path / "old.json").write_text(made.papers["certificate.json"])
    (tmp_path / "new.json").write_text(papers["certificate.json"])
    assert verify(str(tmp_path / "new.json"))[0] == 0
    status, report = verify(str(tmp_path / "old.json"))
    assert status == 2 and "was replaced by one issued at 20" in failures(report)["papers"]
