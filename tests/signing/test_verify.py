"""A stranger confirms a delivery from the registry and one public key; what was changed is seen, and no proof is no pass."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from delivery_oracle import cli
from tests.images.conftest import RegistryServer
from tests.oracle import world
from tests.signing.delivered import Delivered, client, deliver, issue, keypair, sign, task

Report = dict[str, Any]
Verify = Callable[..., tuple[int, Report]]


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str], keys: Path) -> Verify:
    """The command as typed, with the right key unless another is given: exit status and report."""

    def run(what: str, *more: str, key: Path | None = None) -> tuple[int, Report]:
        capsys.readouterr()
        status = cli.main(["verify", what, "--key", str(key or keys / "signing.pub"), "--insecure", "-o", "json", *more])
        return status, json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def own(tmp_path: Path, keys: Path) -> Any:
    """A delivery in a registry of its own, to do harm to: (server, delivery)."""
    server = RegistryServer(tmp_path, private=False)
    server.start()
    yield server, deliver(server.host, keys, tmp_path / "work")
    server.stop()


def failures(report: Report) -> dict[str, str]:
    return {one["name"]: one["message"] for one in report["checks"] if one["verdict"] != "Pass"}


def stored(server: RegistryServer, digest: str) -> Path:
    """Where docker-registry keeps a blob."""
    name = digest.removeprefix("sha256:")
    return server.storage / "docker/registry/v2/blobs/sha256" / name[:2] / name / "data"


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
    path = tmp_path / "configmap.json"
    path.write_text(json.dumps({"kind": "ConfigMap", "data": delivered.papers}))
    assert verify(str(path))[0] == 0
    forged = delivered.certificate
    forged["approval"]["by"] = "mallory"
    path.write_text(json.dumps(forged))
    status, report = verify(str(path))
    assert status == 1 and "not the one that was signed" in failures(report)["papers"]


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


def test_a_registry_that_is_away_is_not_established(own: Any, verify: Verify):
    server, made = own
    server.stop()
    status, report = verify(made.uri)
    assert status == 2 and "does not answer" in failures(report)["artifact"]


def test_a_file_that_is_gone_is_not_established(own: Any, verify: Verify):
    server, made = own
    layer = json.loads(client(made.host).manifest(made.digest)[0])["layers"][0]
    stored(server, layer["digest"]).unlink()
    status, report = verify(made.uri)
    assert status == 2 and "artifact" in failures(report)


def test_changed_bytes_of_the_same_length_are_seen_when_read(own: Any, verify: Verify):
    server, made = own
    layer = json.loads(client(made.host).manifest(made.digest)[0])["layers"][0]
    path = stored(server, layer["digest"])
    path.write_bytes(b"x" * path.stat().st_size)
    assert verify(made.uri)[0] == 0
    status, report = verify(made.uri, "--deep")
    assert status == 1 and "returned bytes with digest" in failures(report)["artifact"]


def test_a_changed_paper_under_a_signed_statement_fails(own: Any, verify: Verify):
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


def _empty(registry: Any, subject: str, digest: str) -> None:
    """Take one entry out of the index, as who may push can."""
    from delivery_io.referrers import INDEX, find, tag_of

    left = [one for one in find(registry, subject) if one["digest"] != digest]
    raw = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": left}).encode()
    registry.ask("PUT", f"manifests/{tag_of(subject)}", data=raw, headers={"Content-Type": INDEX})


def test_papers_of_another_artifact_fail(own: Any, verify: Verify, tmp_path: Path):
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


def test_what_others_put_beside_it_neither_helps_nor_harms(own: Any, verify: Verify, tmp_path: Path):
    _, made = own
    keypair(tmp_path, "mallory")
    status, _ = sign(task(made.host, made.digest, made.papers, key="mallory"), tmp_path, tmp_path)
    assert status == 0
    assert verify(made.uri)[0] == 0
    assert verify(made.uri, key=tmp_path / "mallory.pub")[0] == 0


def test_a_second_signing_after_a_crash_changes_nothing(own: Any, verify: Verify, keys: Path, tmp_path: Path):
    _, made = own
    assert sign(task(made.host, made.digest, made.papers), keys, tmp_path)[0] == 0
    assert verify(made.uri)[0] == 0


def test_two_deliveries_of_one_artifact_are_told_apart_by_certificate(own: Any, verify: Verify, keys: Path, tmp_path: Path):
    _, made = own
    papers = issue(made.uri, uid="uid-2")
    assert sign(task(made.host, made.digest, papers, uid="uid-2"), keys, tmp_path)[0] == 0
    status, report = verify(made.uri)
    assert status == 2 and "2 deliveries made this artifact" in failures(report)["papers"]
    (tmp_path / "certificate.json").write_text(papers["certificate.json"])
    assert verify(str(tmp_path / "certificate.json"))[0] == 0


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


def test_of_papers_issued_twice_the_latest_count(own: Any, verify: Verify, keys: Path, tmp_path: Path):
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


@pytest.mark.parametrize(
    ("what", "said"),
    [
        pytest.param("oci://host/models@sha256:1", "not oci://", id="no whole digest"),
        pytest.param("nothing.json", "No such file", id="no such file"),
        pytest.param("{}", "not a certificate", id="another file"),
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
