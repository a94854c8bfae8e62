"""A delivery as the operator's own code issues it, its artifact in a real registry, signed by the worker's own code."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from delivery_api import names, papers
from delivery_api.certificate import SignedPaper
from delivery_api.digests import canonical
from delivery_api.evidence import ArtifactRecord
from delivery_api.sources import Repository
from delivery_api.tasks import SignTask
from delivery_operator.manifests import records
from delivery_operator.observed import Key
from tests.oracle import world
from tests.support.fake import FakeCluster
from tests.support.plays import Play

Report = dict[str, Any]
Verify = Callable[..., tuple[int, Report]]
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "images/common/src"), str(ROOT / "images/auditor/src")]
REPOSITORY = "models/router"
FILES = {"model.safetensors": b"weights" * 1000, "config.json": b"{}", "tokenizer/tokenizer.json": b'{"a": 1}'}


@dataclass(frozen=True)
class Delivered:
    """What came of it."""

    host: str
    digest: str
    papers: dict[str, str]
    """README.md, certificate.json and bill.json as the operator issued them."""
    evidence: dict[str, Any]
    """What the signer recorded."""
    keys: Path
    workers: dict[str, dict[str, str]]
    """Data of the evidence ConfigMaps, by pod."""
    version: dict[str, Any]
    """The ModelVersion."""

    @property
    def uri(self) -> str:
        return f"oci://{self.host}/{REPOSITORY}@{self.digest}"

    @property
    def certificate(self) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(self.papers["certificate.json"])
        return made

    def kept(self) -> dict[str, Any]:
        """The DeliveryCertificate, as the operator issues it once it knows what was signed."""
        signed = tuple(SignedPaper(artifact_type=kind, digest=one) for kind, one in self.evidence["referrers"].items())
        about = records.Signed(self.uri, self.evidence["keyId"], signed)
        return records.certificate(Key("acme", "router"), "uid-1", self.papers, about)


def keypair(folder: Path, name: str) -> Path:
    """A folder with the Secret `name` and the public key `name.pub`."""
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / name).mkdir(parents=True)
    (folder / name / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / f"{name}.pub").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return folder


def client(host: str) -> Any:
    """The workers' client of the model repository, with the login of the tests' private registry."""
    from delivery_io.credentials import Credentials
    from delivery_io.registry import Registry, parse

    reference, login = parse(f"oci://{host}/{REPOSITORY}", "output"), Credentials("reader", "sesame")
    return Registry(reference, "output", login, insecure=True, patience=5.0)


def push(host: str, folder: Path) -> str:
    """Push the model's files as a trainer does; returns the digest."""
    from delivery_io import artifacts

    for name, content in FILES.items():
        path = folder / "artifact" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return artifacts.push(client(host), folder / "artifact", "merged").digest


def about(uri: str, signs: Callable[[SignTask], dict[str, Any]] | None = None) -> Play:
    """Workers that train and audit this artifact, and perhaps one that signs for real."""
    digest = uri.rpartition("@")[2]
    changes = {"artifact": ArtifactRecord(**world.artifact(digest=digest, uri=uri)), "artifact_digest": digest}
    return Play(changes=changes, signs=signs)


def signing(keys: Callable[[], Path], folder: Path) -> Callable[[SignTask], dict[str, Any]]:
    """The signer's own code as a worker that is played; `keys` is the folder of Secrets at that time."""

    def signs(told: SignTask) -> dict[str, Any]:
        status, evidence = sign(told, keys(), folder)
        assert status == 0, evidence
        named = {"artifactDigest": "artifact_digest", "keyId": "key_id", "referrers": "referrers"}
        return {name: evidence[key] for key, name in named.items()}

    return signs


def carried(uri: str, **made: Any) -> FakeCluster:
    """The cluster once a delivery of this artifact has come to its end."""
    fake = asyncio.run(FakeCluster(play=about(uri), **made).go_on())
    assert fake.status.state == "Delivered", fake.status.message
    return fake


def issue(uri: str, **made: Any) -> dict[str, str]:
    """The papers of such a delivery."""
    return papers_of(carried(uri, **made))


def papers_of(fake: FakeCluster) -> dict[str, str]:
    """What the operator issued."""
    papers: dict[str, str] = fake.objects[f"DeliveryCertificate/{fake.status.certificate}"]["spec"]["papers"]
    return papers


def task(
    host: str, digest: str, papers: dict[str, str], uid: str = "uid-1", key: str = "signing", secret: str | None = None
) -> SignTask:
    """What the signer is told."""
    return SignTask(
        delivery_uid=uid,
        inputs="sha256:" + "9" * 64,
        artifact=f"oci://{host}/{REPOSITORY}@{digest}",
        output=Repository(repository=f"oci://{host}/{REPOSITORY}", insecure=True, secret=secret),
        key=key,
        certificate=papers["certificate.json"],
        bill=papers["bill.json"],
        card=papers["README.md"],
    )


def sign(told: SignTask, keys: Path, folder: Path) -> tuple[int, dict[str, Any]]:
    """Run the worker's entry point; returns its exit status and its evidence."""
    from delivery_auditor import __main__ as auditor

    settings = {
        "DELIVERY_TASK": canonical(told),
        "DELIVERY_SECRETS": str(keys),
        "DELIVERY_WORK": str(folder / "work"),
        "DELIVERY_EVIDENCE_DIR": str(folder / "evidence"),
        "DELIVERY_TERMINATION_LOG": str(folder / "termination"),
    }
    with patch.dict(os.environ, settings), patch("sys.argv", ["delivery_auditor", "sign"]):
        status = auditor.main()
    return status, json.loads((folder / "evidence/evidence.json").read_text())


def deliver(host: str, keys: Path, folder: Path, secret: str | None = None) -> Delivered:
    """The whole way."""
    digest = push(host, folder)
    fake = carried(f"oci://{host}/{REPOSITORY}@{digest}")
    papers = papers_of(fake)
    status, evidence = sign(task(host, digest, papers, secret=secret), keys, folder)
    assert status == 0, evidence
    maps = {name.partition("/")[2]: raw for name, raw in fake.objects.items() if raw["kind"] == "ConfigMap"}
    workers = {name: raw["data"] for name, raw in maps.items() if names.EVIDENCE in raw["metadata"].get("labels", {})}
    (version,) = [raw for raw in fake.objects.values() if raw["kind"] == "ModelVersion"]
    return Delivered(host, digest, papers, evidence, keys, workers, version)


def crane_program() -> Path:
    """crane, built once."""
    from local import build

    build.ensure(build.tools, ["crane"])
    return build.program("crane")


def fetch(made: Delivered, folder: Path) -> None:
    """The model's files into `model`, and its signature into `model.sig`, as a person pulls them."""
    repository = f"{made.host}/{REPOSITORY}"
    bundle = made.evidence["referrers"][papers.SIGNATURE]
    for digest, into in ((made.digest, folder / "model"), (bundle, folder)):
        for layer in json.loads(crane("manifest", "--insecure", f"{repository}@{digest}"))["layers"]:
            path = into / layer["annotations"]["org.opencontainers.image.title"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(crane("blob", "--insecure", f"{repository}@{layer['digest']}"))


def crane(*arguments: str) -> str:
    """crane, as anybody runs it."""
    done = subprocess.run([str(crane_program()), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def failures(report: Report) -> dict[str, str]:
    """Message of each check that did not pass."""
    return {one["name"]: one["message"] for one in report["checks"] if one["verdict"] != "Pass"}
