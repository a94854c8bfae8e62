"""What workers record: raw outcomes, never verdicts. Written by one pod into a ConfigMap of its own name.

Everything a judge needs is here, and nothing of what was judged is needed to judge it: no weights,
no rows. Numbers are plain JSON numbers; a number that is not finite is recorded as null.
"""

from typing import Annotated

from pydantic import Field, TypeAdapter

from delivery_api.evidence.audit import AuditEvidence, Canary, Lengths, Overlap, Resemblance, RowCounts
from delivery_api.evidence.common import SCHEMA, EvidenceCommon, Problem
from delivery_api.evidence.outcome import EvaluateEvidence, HoldoutOutcome, ServedAnswer, SignEvidence, VerifyEvidence
from delivery_api.evidence.train import ArtifactRecord, Look, Outcome, Preflight, Step, TrainEvidence

__all__ = [
    "SCHEMA",
    "ArtifactRecord",
    "AuditEvidence",
    "Canary",
    "EvaluateEvidence",
    "Evidence",
    "EvidenceCommon",
    "HoldoutOutcome",
    "Lengths",
    "Look",
    "Outcome",
    "Overlap",
    "Preflight",
    "Problem",
    "Resemblance",
    "RowCounts",
    "ServedAnswer",
    "SignEvidence",
    "Step",
    "TrainEvidence",
    "VerifyEvidence",
    "read_evidence",
]

Evidence = Annotated[
    AuditEvidence | TrainEvidence | EvaluateEvidence | VerifyEvidence | SignEvidence, Field(discriminator="kind")
]
read_evidence: TypeAdapter[Evidence] = TypeAdapter(Evidence)
