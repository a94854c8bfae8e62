"""Register: is what is recorded what was audited, and is that what was trained? Content digests only."""

from __future__ import annotations

from delivery_api.evidence import EvaluateEvidence, TrainEvidence
from delivery_api.finding import Finding, failed, passed, unknown
from delivery_api.modelversion import ModelVersionSpec
from delivery_api.reasons import Reason
from delivery_oracle.stages.common import first, not_usable


def judge(train: TrainEvidence | None, evaluated: EvaluateEvidence | None, version: ModelVersionSpec | None = None) -> Finding:
    """Verdict over the chain of digests; without a `version`, whether there is one artifact to record."""
    missing = first(not_usable(train, "the training run"), not_usable(evaluated, "the evaluation"))
    if missing or train is None or evaluated is None:
        return missing or unknown(Reason.EVIDENCE_MISSING, "There is no evidence to register from")
    if train.artifact is None:
        return unknown(Reason.EVIDENCE_MISSING, "The training run left no artifact to register")
    mistakes = broken_links(train, evaluated, version)
    if mistakes:
        return failed(Reason.ARTIFACT_MISMATCH, "; ".join(mistakes) + "; nothing is registered or served")
    if version is None:
        return unknown(Reason.WAITING, f"{train.artifact.digest} is trained and audited; its ModelVersion is not there yet")
    return passed(
        Reason.REGISTERED,
        f"{version.kind} artifact of {version.base} is recorded at {version.location} as audited",
    )


def broken_links(train: TrainEvidence, evaluated: EvaluateEvidence, version: ModelVersionSpec | None) -> tuple[str, ...]:
    """Every pair of digests that should be equal and is not, both sides shown."""
    artifact = train.artifact
    assert artifact is not None
    pairs: list[tuple[str, str | None, str, str | None]] = [
        ("trained artifact", artifact.digest, "audited artifact", evaluated.artifact_digest),
        ("sealed rows in training", train.sealed_digest, "in the audit", evaluated.sealed_digest),
    ]
    if version is not None:
        pairs += [
            ("trained artifact", artifact.digest, "ModelVersion spec.artifact", version.artifact),
            ("artifact location", artifact.uri, "ModelVersion spec.location", version.location),
            ("artifact kind", artifact.kind, "ModelVersion spec.kind", version.kind),
            ("training rows", train.train_digest, "ModelVersion spec.trainDigest", version.train_digest),
            ("sealed rows", train.sealed_digest, "ModelVersion spec.sealedDigest", version.sealed_digest),
            ("training inputs", train.inputs, "ModelVersion spec.inputs", version.inputs),
        ]
    return tuple(f"{left} {a} is not {right} {b}" for left, a, right, b in pairs if a != b)
