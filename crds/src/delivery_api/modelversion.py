"""`ModelVersion`: the immutable record of a registered artifact. It outlives its Delivery."""

from typing import Any, Literal

from pydantic import Field

from delivery_api.model import API_VERSION, Digest, Fraction, Model, Name


class EvaluationRecord(Model):
    """The audit, in four numbers."""

    metric: str
    """Metric of the terms."""
    items: int
    """Holdout items."""
    base: Fraction
    """Mean score of the base."""
    candidate: Fraction
    """Mean score of the candidate."""
    evidence: Digest
    """Digest of the evaluator's evidence."""


class ModelVersionSpec(Model):
    """Digest, location and lineage."""

    artifact: Digest
    """Manifest digest of what was audited and may be served."""
    location: str
    """oci:// reference by digest."""
    kind: Literal["Merged", "Adapter"]
    """Merged weights, or an adapter over its base."""
    base: str
    """The base, pinned."""
    train_digest: Digest
    """Digest of the training rows as read."""
    sealed_digest: Digest
    """Digest of the sealed rows as read."""
    delivery: str
    """namespace/name of the Delivery."""
    delivery_uid: str = Field(min_length=1)
    """Its uid."""
    inputs: str
    """Inputs digest of the training run."""
    train_evidence: Digest
    """Digest of the trainer's evidence."""
    evaluation: EvaluationRecord
    """The audit."""
    certificate: Name | None = None
    """DeliveryCertificate of the same namespace in which its signature and attestation are named by digest."""


class ModelVersion(Model):
    """An artifact that passed its audit."""

    api_version: Literal["ptaas.dev/v1alpha1"] = API_VERSION
    kind: Literal["ModelVersion"] = "ModelVersion"
    metadata: dict[str, Any] = Field(default_factory=dict)
    spec: ModelVersionSpec
    """The record."""
