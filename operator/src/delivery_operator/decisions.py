"""Who decided what at the gate, read from annotations that only the API server can have stamped.

The admission policies refuse whatever is not so before it is stored. Here it is asked once more, because a policy
may have been away for a while; a decision without a stamp is nobody's.
"""

from dataclasses import dataclass

from delivery_api import names
from delivery_api.approval import Ruling
from delivery_operator import times
from delivery_operator.observed import Observed

LONGEST_REASON = 512


@dataclass(frozen=True, slots=True)
class Decision:
    """One annotation about one request."""

    annotation: str
    by: str
    """As stamped; empty when it is not."""
    reason: str
    group: str = ""
    """Those of spec.approval.groups to which they belong, as stamped."""

    @property
    def verb(self) -> str:
        """What it decides; numbered approvals are approvals."""
        return "approve" if self.annotation in names.APPROVALS else self.annotation.split("/")[1]

    def ruling(self, observed: Observed) -> Ruling:
        """For the record."""
        at = times.render(observed.now)
        return Ruling(verb=self.verb, by=self.by, group=self.group or None, reason=self.reason or None, at=at)


def about(observed: Observed, annotation: str, digest: str) -> Decision | None:
    """A decision about the request of this digest."""
    said = observed.annotations
    if not digest or said.get(annotation) != digest:
        return None
    # One line: it goes into messages, Events and the card.
    reason = " ".join(said.get(names.reason_of(annotation), "").split())[:LONGEST_REASON]
    stamp = names.DECISIONS[annotation]
    return Decision(annotation, said.get(stamp, ""), reason, said.get(names.group_of(stamp), ""))


def against(observed: Observed, digest: str, *annotations: str) -> Decision | None:
    """The first stamped decision of these; who may object need not be independent."""
    found = (about(observed, annotation, digest) for annotation in annotations)
    return next((one for one in found if one is not None and one.by), None)


def objection(observed: Observed, decision: Decision) -> str | None:
    """Why an approval or override does not count."""
    if not decision.by:
        return "The approval has no stamp of the API server, so nobody knows whose it is; install the admission policies"
    for role, stamp in (("created", names.CREATED_BY), ("last drove", names.DRIVEN_BY)):
        if observed.annotations.get(stamp) == decision.by:
            return f"{decision.by} {role} this delivery and cannot approve it; another person must"
    groups = observed.spec.approval.groups
    if groups and decision.annotation in names.APPROVALS and not set(groups) & set(decision.group.split(", ")):
        return f"{decision.by} has no stamp of one of spec.approval.groups ({', '.join(groups)}); another person must approve"
    return None


def approvals(observed: Observed, digest: str) -> tuple[tuple[Decision, ...], str | None]:
    """Approvals that count, one a person, and the first objection to those that do not."""
    counted: dict[str, Decision] = {}
    why = None
    for annotation in names.APPROVALS:
        one = about(observed, annotation, digest)
        if one is None:
            continue
        objected = objection(observed, one)
        if objected:
            why = why or objected
        else:
            counted.setdefault(one.by, one)
    return tuple(counted.values()), why


def stale(observed: Observed, digest: str) -> bool:
    """Whether an approval of something else stands there."""
    return any(observed.annotations.get(name, digest) != digest for name in names.APPROVALS)


def free(observed: Observed, digest: str) -> str:
    """The annotation that the next approver takes: the first that does not approve this already."""
    return next((name for name in names.APPROVALS if about(observed, name, digest) is None), names.APPROVE)
