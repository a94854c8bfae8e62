"""Count what the operator wrote for one delivery, from the API server's own audit log.

Not from the operator's metrics: whoever is counted should not do the counting. Lease renewals,
Events, progress and objects made once per namespace are counted apart, as they do not grow with
what one delivery needs.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WRITES = {"create", "update", "patch", "delete"}
PER_NAMESPACE = {"namespaces", "serviceaccounts", "roles", "rolebindings", "networkpolicies", "secrets"}
APART = {"leases", "events", "selfsubjectaccessreviews", "tokenreviews"}


@dataclass(frozen=True)
class Write:
    """One accepted write, by what it was done to."""

    verb: str
    resource: str
    name: str
    progress: bool

    def __str__(self) -> str:
        return f"{self.verb} {self.resource} {self.name}{' (progress)' if self.progress else ''}"


def read(log: Path, user: str) -> list[Write]:
    """All accepted writes of a user that are neither dry runs nor housekeeping, in order."""
    with log.open(encoding="utf-8") as lines:
        return list(parse(lines, user))


def parse(lines: Iterable[str], user: str) -> Iterable[Write]:
    for line in lines:
        if f'"{user}"' not in line:
            continue
        event = json.loads(line)
        target = event.get("objectRef") or {}
        if _counts(event, target, user):
            sub = target.get("subresource")
            resource = target["resource"] + (f"/{sub}" if sub else "")
            yield Write(
                event["verb"],
                resource,
                target.get("name", ""),
                "fieldManager=delivery-operator-progress" in event["requestURI"],
            )


def _counts(event: dict[str, Any], target: dict[str, Any], user: str) -> bool:
    return (
        event["user"]["username"] == user
        and event["verb"] in WRITES
        and target.get("resource") not in PER_NAMESPACE | APART
        and "dryRun=All" not in event["requestURI"]
        and event.get("responseStatus", {}).get("code", 0) < 300
    )


def of_delivery(writes: Iterable[Write], name: str, uid: str) -> list[Write]:
    """Writes to the delivery, its anchor, its children and its records; names carry the delivery's name or uid."""
    return [w for w in writes if w.name == name or w.name.startswith(f"{name}-") or uid in w.name]


def listed(writes: Iterable[Write]) -> list[str]:
    """What was written and how often, for people."""
    return [f"{count} x {what}" for what, count in Counter(str(write) for write in writes).items()]
