"""What every piece of evidence has, and why a worker could not do its work."""

from typing import Final, Literal

from delivery_api.model import Model

SCHEMA: Final = "ptaas.dev/evidence/v1alpha1"


class Problem(Model):
    """Why a worker could not do its work, in one line for people. Never a traceback."""

    kind: Literal["Unreachable", "DigestMismatch", "Invalid", "OutOfMemory", "Deadline", "Terminated", "Push", "Internal"]
    """Class of the problem. Unreachable, Push, Terminated and Internal may heal; the others will not."""
    field: str
    """Field of the Delivery it is about, such as spec.terms.data.train, or empty."""
    message: str
    """What failed and what to do."""


class EvidenceCommon(Model):
    """What every piece of evidence has."""

    schema_version: Literal["ptaas.dev/evidence/v1alpha1"] = SCHEMA
    delivery_uid: str
    """Delivery it is about."""
    inputs: str
    """Inputs digest of the task."""
    attempt: int
    """Attempt."""
    pod: str
    """Pod that wrote it."""
    complete: bool = False
    """Whether the worker has finished writing."""
    problem: Problem | None = None
    """Why it could not finish."""
    seconds: float = 0.0
    """Seconds the worker has run."""
