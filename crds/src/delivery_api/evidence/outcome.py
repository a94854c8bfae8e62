"""What is recorded of the trained model: the sealed holdout, the served endpoint, and the signature."""

from typing import Literal

from pydantic import Field

from delivery_api.evidence.common import EvidenceCommon
from delivery_api.model import Model


class HoldoutOutcome(Model):
    """One holdout item in the serving engine."""

    id: str
    base: float
    """Constrained score of the base."""
    candidate: float
    """Constrained score of the candidate."""
    free: float
    """Score of the candidate's free greedy answer."""
    base_answer: str | None = None
    """Constrained answer of the base, where the two answers differ."""
    candidate_answer: str | None = None
    """Constrained answer of the candidate, where the two answers differ."""


class EvaluateEvidence(EvidenceCommon):
    """Stage eval."""

    kind: Literal["Evaluate"] = "Evaluate"
    sealed_digest: str | None = None
    artifact_digest: str | None = None
    """Manifest digest of what was scored."""
    base_digest: str | None = None
    """Digest of the base's weight files."""
    prompt_digest: str | None = None
    """As in the preflight."""
    engine: str | None = None
    """Name and version."""
    engine_flags: dict[str, str] = Field(default_factory=dict)
    items: tuple[HoldoutOutcome, ...] = ()
    planned_items: int = 0
    stopped_free: int = 0
    """Free answers that ended with a stop token."""


class ServedAnswer(Model):
    """One answer of the served endpoint."""

    id: str
    constrained: str
    free: str


class VerifyEvidence(EvidenceCommon):
    """Stage deploy: the served endpoint, asked the items on which base and candidate differ."""

    kind: Literal["Verify"] = "Verify"
    url: str | None = None
    model_name: str | None = None
    planned_items: int = 0
    answers: tuple[ServedAnswer, ...] = ()


class SignEvidence(EvidenceCommon):
    """Stage card: what was signed, and where it is."""

    kind: Literal["Sign"] = "Sign"
    artifact_digest: str | None = None
    """Manifest digest of what was signed."""
    key_id: str | None = None
    """Name of the public key, as in the signatures."""
    referrers: dict[str, str] = Field(default_factory=dict)
    """Artifact type to manifest digest of what was stored beside the artifact."""
