"""Count what the operator wrote for one delivery, from the API server's own audit log.

Not from the operator's metrics: whoever is counted should not do the counting. Lease renewals,
Events, progress and objects made once per namespace are counted apart, as they do not grow with
what one delivery needs. Progress is a status that decides nothing: no condition changed its status,
no stage was recorded, and artifact, audit, gate and bill stand as before.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

WRITES = {"create", "update", "patch", "delete"}
PER_NAMESPACE = {"namespaces", "serviceaccounts", "roles", "rolebindings", "networkpolicies", "secrets"}
APART = {"leases", "events", "selfsubjectaccessreviews", "tokenreviews"}
SECOND = len("2026-01-01T00:00:00")
DECIDED = ("stages", "resolved", "artifact", "evaluation", "approval", "certificate")


@dataclass(frozen=True)
class Write:
    """One accepted write, by what it was done to; `decided` is what a status says is decided."""

    verb: str
    resource: str
    name: str
    at: str = ""
    decided: str = ""
    is_progress: bool = False

    def __str__(self) -> str:
        return f"{self.verb} {self.resource} {self.name}{' (progress)' if self.is_progress else ''}"


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
            decided = _decided(event.get("requestObject") or {})
            yield Write(event["verb"], resource, target.get("name", ""), event["requestReceivedTimestamp"], decided)


def _counts(event: dict[str, Any], target: dict[str, Any], user: str) -> bool:
    return (
        event["user"]["username"] == user
        and event["verb"] in WRITES
        and target.get("resource") not in PER_NAMESPACE | APART
        and "dryRun=All" not in event["requestURI"]
        and event.get("responseStatus", {}).get("code", 0) < 300
    )


def _decided(body: dict[str, Any]) -> str:
    status = body.get("status")
    if not isinstance(status, dict):
        return ""
    conditions = {told["type"]: told["status"] for told in status.get("conditions", [])}
    money = {key: (status.get("cost") or {}).get(key) for key in ("billed", "withheld")}
    return json.dumps([conditions, money, [status.get(key) for key in DECIDED]], sort_keys=True)


def of_delivery(writes: Iterable[Write], name: str, uid: str, created: str) -> list[Write]:
    """Writes to the delivery, its anchor, its children and its records; names carry the delivery's name or uid.

    An earlier delivery of the same name may be in the same log: only what followed the creation counts.
    """
    since = [write for write in writes if write.at[:SECOND] >= created[:SECOND]]
    mine = [write for write in since if write.name == name or write.name.startswith(f"{name}-") or uid in write.name]
    decided = [write.decided for write in mine if write.decided]
    before = iter(["", *decided])
    return [replace(write, is_progress=write.decided == next(before)) if write.decided else write for write in mine]


def needed(writes: Iterable[Write]) -> int:
    """How many of them were more than progress."""
    return sum(not write.is_progress for write in writes)


def listed(writes: Iterable[Write]) -> list[str]:
    """What was written and how often, for people."""
    return [f"{count} x {what}" for what, count in Counter(str(write) for write in writes).items()]
