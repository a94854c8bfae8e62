"""The one exception a worker raises on purpose: what failed, which field of the Delivery, what to do."""

from typing import Literal

from delivery_api.evidence import Problem

Kind = Literal["Unreachable", "DigestMismatch", "Invalid", "OutOfMemory", "Deadline", "Terminated", "Push", "Internal"]


class WorkProblem(Exception):
    """Work cannot go on. Becomes `problem` in the evidence, never a traceback."""

    def __init__(self, kind: Kind, field: str, message: str) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.field = field
        self.message = " ".join(message.split())[:1000]

    def record(self) -> Problem:
        """As evidence."""
        return Problem(kind=self.kind, field=self.field, message=self.message)
