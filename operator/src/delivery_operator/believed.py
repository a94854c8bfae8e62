"""Which evidence is believed: of this Delivery and these inputs, under its own pod's name, with the digest the kubelet has."""

from collections.abc import Iterable
from functools import lru_cache

from pydantic import ValidationError

from delivery_api.evidence import Evidence as Typed
from delivery_api.evidence import read_evidence
from delivery_operator.observed import Evidence, Observed, Pod


@lru_cache(maxsize=512)
def typed(text: str) -> Typed | None:
    """Evidence of a text, read once; None when it is not evidence."""
    try:
        return read_evidence.validate_json(text)
    except ValidationError:
        return None


def lineage(observed: Observed, inputs: str) -> list[tuple[Evidence, Typed]]:
    """Readable evidence of these inputs, oldest first."""
    read = [(one, typed(one.text)) for one in observed.evidence if one.text]
    ours = [
        (one, seen)
        for one, seen in read
        if seen is not None and seen.inputs == inputs and seen.delivery_uid == observed.uid and seen.pod == one.pod
    ]
    return sorted(ours, key=lambda pair: (pair[0].created_at, pair[1].attempt, pair[0].pod))


def upto(lineage: tuple[Typed, ...], last: Typed) -> tuple[Typed, ...]:
    """Evidence up to a piece of it."""
    return lineage[: lineage.index(last) + 1]


def trusted(pods: list[Pod], records: Iterable[tuple[Evidence, Typed]]) -> tuple[Evidence, Typed] | None:
    """The last complete evidence whose digest the kubelet carries too: a Job that was paused has an earlier one."""
    said = {pod.name: pod.termination_message for pod in pods}
    for one, seen in reversed(list(records)):
        if one.complete and seen.complete and one.digest == one.claimed and said.get(one.pod) == one.digest:
            return one, seen
    return None
