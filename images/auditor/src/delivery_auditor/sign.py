"""Sign a delivered artifact and leave all that is known of it beside it, for whoever never saw the cluster.

The operator says what is so (certificate, bill and card as it issued them); this process holds the key and the right
to push, and nothing else: no data, no model, no verdict.
"""

import json
from datetime import UTC, datetime
from typing import Any

from delivery_api.digests import sha256
from delivery_api.papers import ENVELOPE, MATERIALS, PAPERS, PAPERS_TYPE, PROVENANCE, PROVENANCE_TYPE, SIGNATURE, STATEMENT
from delivery_api.tasks import SignTask
from delivery_auditor.signing import key as keys
from delivery_auditor.signing import materials, statements, weights
from delivery_io import artifacts, referrers, runtime
from delivery_io.problems import WorkProblem
from delivery_io.referrers import Document
from delivery_io.registry import Registry
from delivery_io.runtime import Context

OUTPUT = "spec.output.repository"
PREDICATE_TYPE = "in-toto.io/predicate-type"


def certificate_of(task: SignTask) -> dict[str, Any]:
    """The certificate, if it is one of a delivery and about the artifact to be signed."""
    certificate: dict[str, Any] = json.loads(task.certificate)
    artifact = certificate.get("artifact", {}).get("digest")
    if not certificate.get("delivered") or certificate["delivery"]["uid"] != task.delivery_uid:
        raise WorkProblem("Invalid", "", "The certificate is not of a finished delivery of this object; nothing is signed")
    if artifact is None or not task.artifact.endswith(f"@{artifact}"):
        raise WorkProblem("Invalid", "", f"The certificate is about {artifact} and not {task.artifact}; nothing is signed")
    return certificate


def documents(
    certificate: dict[str, Any], task: SignTask, files: dict[str, str], key: keys.SigningKey
) -> dict[str, tuple[Document, ...]]:
    """All that is stored, by artifact type. The papers' statement names each paper and the bill of materials by digest."""
    digest, name = certificate["artifact"]["digest"], certificate["delivery"]["name"]
    bom = materials.bill_of_materials(certificate, files)
    papers = (
        Document("certificate.json", "application/json", task.certificate.encode()),
        Document("bill.json", "application/json", task.bill.encode()),
        Document("README.md", "text/markdown", task.card.encode()),
    )
    named = {one.title: sha256(one.content) for one in papers} | {"bom.json": sha256(bom)}
    about = {"artifact": digest, **named}
    made = statements.signed({"artifact": digest}, PROVENANCE_TYPE, statements.provenance(certificate), key)
    issued = {"delivery": name, "uid": task.delivery_uid, "issuedAt": datetime.now(UTC).isoformat()}
    said = statements.signed(about, PAPERS_TYPE, issued, key)
    return {
        SIGNATURE: (Document("model.sig", SIGNATURE, weights.sign(name, files, key)),),
        PROVENANCE: (Document("provenance.dsse.json", ENVELOPE, made),),
        MATERIALS: (Document("bom.json", MATERIALS, bom),),
        PAPERS: (Document(STATEMENT, ENVELOPE, said), *papers),
    }


NOTES = {PROVENANCE: {PREDICATE_TYPE: PROVENANCE_TYPE}, PAPERS: {PREDICATE_TYPE: PAPERS_TYPE}}


def store(registry: Registry, stored: dict[str, tuple[Document, ...]], task: SignTask, context: Context) -> None:
    """Attach one after the other, the papers last: who finds them finds the rest."""
    subject = registry.reference.digest
    assert subject is not None
    done: dict[str, str] = {}
    for kind, parts in stored.items():
        context.check()
        notes = {"dev.ptaas.delivery-uid": task.delivery_uid, **NOTES.get(kind, {})}
        done[kind] = referrers.attach(registry, subject, kind, parts, notes)
        context.recorder.set(referrers=dict(done))


def work(task: SignTask, context: Context) -> None:
    """Sign and store."""
    certificate = certificate_of(task)
    key = keys.read(context.settings.secrets, task.key)
    registry = context.fetcher.registry(task.artifact, task.output.secret, OUTPUT, task.output.insecure)
    files = artifacts.digests(registry, certificate["artifact"]["digest"])
    context.recorder.set(artifact_digest=registry.reference.digest, key_id=key.id)
    store(registry, documents(certificate, task, files, key), task, context)


def main(task: SignTask) -> int:
    """Run the task of this process."""
    return runtime.run(task, work)
