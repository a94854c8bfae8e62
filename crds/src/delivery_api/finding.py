"""A three-valued verdict with its reason. No evidence is `Unknown`: never a pass, never a failure."""

from dataclasses import dataclass
from enum import StrEnum

from delivery_api.reasons import Reason


class Verdict(StrEnum):
    """What the evidence says."""

    PASS = "Pass"
    FAIL = "Fail"
    UNKNOWN = "Unknown"


CONDITION_STATUS = {Verdict.PASS: "True", Verdict.FAIL: "False", Verdict.UNKNOWN: "Unknown"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Verdict, reason, and one sentence for people: what, which field, what to do."""

    verdict: Verdict
    reason: Reason
    message: str

    @property
    def blocks(self) -> bool:
        """Whether the stages after this one must wait."""
        return self.verdict is Verdict.FAIL or (self.verdict is Verdict.UNKNOWN and self.reason.blocks)

    @property
    def settled(self) -> bool:
        """Whether this will stay as it is while the spec and the evidence stay as they are."""
        return self.verdict is not Verdict.UNKNOWN or not self.reason.blocks


def passed(reason: Reason, message: str) -> Finding:
    """The evidence shows it."""
    return Finding(Verdict.PASS, reason, message)


def failed(reason: Reason, message: str) -> Finding:
    """The evidence excludes it."""
    return Finding(Verdict.FAIL, reason, message)


def unknown(reason: Reason, message: str) -> Finding:
    """Not known yet, or not knowable from this evidence."""
    return Finding(Verdict.UNKNOWN, reason, message)
