"""Two signed statements about an artifact: how it was made (SLSA provenance), and which papers belong to it.

Both are in-toto statements in a DSSE envelope. All that they say is in the certificate; nothing is added here.
"""

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope

from delivery_api.digests import sha256
from delivery_auditor.signing.key import SigningKey

PAYLOAD = "application/vnd.in-toto+json"
BUILD_TYPE = "https://ptaas.dev/fine-tuning/v1alpha1"
BUILDER = "https://ptaas.dev/delivery-operator"

Certificate = Mapping[str, Any]


def digest_set(digest: str) -> dict[str, str]:
    """A `sha256:` digest in the form of in-toto."""
    algorithm, _, value = digest.partition(":")
    return {algorithm: value}


def material(name: str, uri: str, digest: str | None) -> dict[str, Any]:
    """One input, by a digest of its own or by the pin in its URI: a registry's digest or a hub's commit."""
    pin = uri.rpartition("@")[2].partition("/")[0]
    if digest:
        pinned = digest_set(digest)
    elif pin.startswith("sha256:"):
        pinned = digest_set(pin)
    else:
        pinned = {"gitCommit": pin}
    return {"name": name, "uri": uri, "digest": pinned}


def provenance(certificate: Certificate) -> dict[str, Any]:
    """SLSA provenance of the training run: materials by digest, builder, parameters."""
    inputs = certificate["inputs"]
    stages = {row["name"]: row for row in certificate["stages"]}
    run = stages["train"]
    times = {key: run[there] for key, there in (("startedOn", "startedAt"), ("finishedOn", "finishedAt")) if run.get(there)}
    predicate = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {"delivery": certificate["delivery"]["name"], **certificate["carriedOut"]},
            "internalParameters": {"inputs": run["inputs"], "attempt": run["attempt"]},
            "resolvedDependencies": [
                material("base", inputs["base"], inputs.get("baseDigest")),
                material("train", inputs["trainUri"], inputs["train"]),
                material("sealed", inputs["sealedUri"], inputs["sealed"]),
                *([material("trainer", run["image"], None)] if "@" in run.get("image", "") else []),
            ],
        },
        "runDetails": {
            "builder": {"id": BUILDER},
            "metadata": {"invocationId": certificate["delivery"]["uid"], **times},
            "byproducts": [
                {"name": f"evidence of {name}", "digest": digest_set(row["evidence"])}
                for name, row in stages.items()
                if row.get("evidence")
            ],
        },
    }
    read = json_format.ParseDict(predicate, Provenance())
    said: dict[str, Any] = json_format.MessageToDict(read)
    return said


def signed(subjects: Mapping[str, str], kind: str, predicate: dict[str, Any], key: SigningKey) -> bytes:
    """A statement about subjects (name to digest) in its envelope."""
    about = [ResourceDescriptor(name=name, digest=digest_set(digest)).pb for name, digest in subjects.items()]
    statement = Statement(about, kind, predicate)
    statement.validate()
    payload = json_format.MessageToJson(statement.pb, indent=None).encode()
    envelope = Envelope(payload, PAYLOAD, {})
    envelope.sign(key.signer)
    return json.dumps(envelope.to_dict(), separators=(",", ":")).encode()


def digests(papers: Mapping[str, bytes]) -> dict[str, str]:
    """Name to digest."""
    return {name: sha256(content) for name, content in papers.items()}
