"""What the cluster keeps of a delivery, where a verification may start: certificate, DeliveryCertificate, ModelVersion.

None of it is trusted. Each is held against what the key has signed, and what it names must be beside the artifact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from delivery_api.certificate import CertificateSpec
from delivery_api.modelversion import ModelVersionSpec


@dataclass(frozen=True, slots=True)
class Record:
    """What was given; all of it about one artifact."""

    certificate: dict[str, Any] | None = None
    """certificate.json as issued."""
    kept: CertificateSpec | None = None
    """The DeliveryCertificate that it came in."""
    version: ModelVersionSpec | None = None
    """The ModelVersion."""

    @property
    def uid(self) -> str | None:
        """Uid of the delivery that is meant, where a ModelVersion says so."""
        return self.version.delivery_uid if self.version else None


def differs(version: ModelVersionSpec, certificate: dict[str, Any]) -> list[str]:
    """Every field of a ModelVersion that the signed certificate contradicts, both sides shown."""
    inputs, numbers = certificate["inputs"], certificate["evaluation"]
    stages = {row["name"]: row for row in certificate["stages"]}
    pairs: list[tuple[str, Any, Any]] = [
        ("artifact", version.artifact, certificate["artifact"]["digest"]),
        ("location", version.location, certificate["artifact"]["uri"]),
        ("kind", version.kind, certificate["artifact"]["kind"]),
        ("base", version.base.split("?", 1)[0], inputs["base"]),
        ("trainDigest", version.train_digest, inputs["train"]),
        ("sealedDigest", version.sealed_digest, inputs["sealed"]),
        ("delivery", version.delivery, certificate["delivery"]["name"]),
        ("deliveryUid", version.delivery_uid, certificate["delivery"]["uid"]),
        ("inputs", version.inputs, stages["train"].get("inputs")),
        ("trainEvidence", version.train_evidence, stages["train"].get("evidence")),
        ("evaluation.evidence", version.evaluation.evidence, stages["eval"].get("evidence")),
        ("evaluation.metric", version.evaluation.metric, certificate["terms"]["acceptance"]["metric"]),
        ("evaluation.items", version.evaluation.items, numbers["items"]),
        ("evaluation.base", version.evaluation.base, numbers["base"]),
        ("evaluation.candidate", version.evaluation.candidate, numbers["candidate"]),
    ]
    return [f"ModelVersion spec.{field} {one} is not {other} of the certificate" for field, one, other in pairs if one != other]


def unlisted(kept: CertificateSpec, listed: dict[str, str], key: str) -> tuple[list[str], list[str]]:
    """(contradictions, what is gone): papers that the DeliveryCertificate names, against those beside the artifact.

    `listed` maps the digest of each referrer to its artifact type; `key` is the name of the trusted key.
    """
    wrong, gone = [], []
    if kept.signed and kept.key_id != key:
        wrong.append(f"DeliveryCertificate spec.keyId {str(kept.key_id)[:12]} is not the trusted key {key[:12]}")
    for one in kept.signed or ():
        if one.digest not in listed:
            gone.append(f"{one.artifact_type} {one.digest} of the DeliveryCertificate is not beside the artifact")
        elif listed[one.digest] != one.artifact_type:
            wrong.append(f"{one.digest} is a {listed[one.digest]} beside the artifact, a {one.artifact_type} in the record")
    return wrong, gone
