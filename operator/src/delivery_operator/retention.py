"""How long per-item outcomes are kept: `spec.terms.handling.retentionDays` after the delivery has ended.

Evidence holds answers to the customer's rows, and the logs of finished pods may. When their time is over they are deleted,
and a receipt among the papers of the delivery says what went, by digest, when, and what is left for others to delete.
The verdicts, the certificate and the bill stay as they are, and nothing is judged again, for nothing is left to judge from.
"""

import json
from collections.abc import Mapping
from typing import Any

from delivery_api.digests import canonical
from delivery_api.reasons import Reason
from delivery_api.stages import CONDITION, Stage
from delivery_operator import times
from delivery_operator.decision import Want
from delivery_operator.manifests import records
from delivery_operator.observed import Observed

DAY = 86_400
PAPER = "retention.json"
SCHEMA = "ptaas.dev/retention/v1alpha1"
AFTERWARDS = frozenset({Reason.SERVING_ENDED, Reason.SUSPENDED, Reason.SERVING_STARTING, Reason.APPROVAL_REVOKED})
"""A delivery whose servers went or pause has ended all the same."""


def ended_at(observed: Observed) -> str | None:
    """When the delivery ended: its certificate was issued; None when it has not."""
    issued, deployed = observed.condition(CONDITION[Stage.CARD]), observed.condition(CONDITION[Stage.DEPLOY])
    current = observed.generation == observed.status.observed_generation
    if issued is None or observed.status.certificate is None or not current:
        return None
    if issued.reason != Reason.WAITING:
        return issued.last_transition_time
    if deployed is None or deployed.reason not in AFTERWARDS:
        return None
    return (_certificate(observed).get("metadata") or {}).get("creationTimestamp")


def seconds_left(observed: Observed) -> float | None:
    """Seconds until the evidence must go; None when the delivery has not ended, or its terms set no limit."""
    days, ended = observed.spec.terms.handling.retention_days, ended_at(observed)
    if days is None or ended is None:
        return None
    return (times.shifted(ended, days * DAY) - observed.now).total_seconds()


def wants(observed: Observed) -> tuple[Want, ...]:
    """What is to go, and the receipt: it lists what is about to be deleted first, and says that it is gone when it is."""
    going = (*(_gone("v1", "ConfigMap", one.pod, observed) for one in observed.evidence),
             *(_gone("batch/v1", "Job", job.name, observed) for job in observed.jobs))  # fmt: skip
    spec = dict(_certificate(observed).get("spec") or {})
    papers = dict(spec.get("papers") or {})
    before = json.loads(papers.get(PAPER, "{}"))
    if before.get("complete") and not going:
        return ()
    papers[PAPER] = canonical(receipt(observed, before, complete=not going))
    made = records.certificate(observed.key, observed.uid, papers)
    made["spec"] = spec | made["spec"]
    told = () if papers[PAPER] == (spec.get("papers") or {}).get(PAPER) else (Want("apply", made),)
    return (*told, *going)


def receipt(observed: Observed, before: Mapping[str, Any], *, complete: bool) -> dict[str, Any]:
    """What was deleted, and what is not the operator's to delete."""
    listed = {one["pod"]: one for one in before.get("deleted", ())}
    listed |= {one.pod: {"kind": "Evidence", "pod": one.pod, "digest": one.digest or one.claimed} for one in observed.evidence}
    logs = sorted({*before.get("jobs", ()), *(job.name for job in observed.jobs)})
    left = {one["where"]: one for one in before.get("left", ())}
    for one in observed.evidence:
        if one.overflow:
            left[one.overflow] = {"what": f"evidence of {one.pod}", "where": one.overflow}
    repository = observed.spec.output.repository
    left[repository] = {"what": "the artifact and checkpoints of its training", "where": repository}
    return {
        "schemaVersion": SCHEMA,
        "delivery": {"name": str(observed.key), "uid": observed.uid},
        "retentionDays": observed.spec.terms.handling.retention_days,
        "endedAt": ended_at(observed),
        "deleted": [listed[pod] for pod in sorted(listed)],
        "jobs": logs,
        "left": [left[where] for where in sorted(left)],
        "complete": complete,
        **({"completedAt": times.render(observed.now)} if complete else {}),
    }


def _certificate(observed: Observed) -> Mapping[str, Any]:
    """The papers as they are; empty when somebody threw them away."""
    return observed.objects.get(f"DeliveryCertificate/{observed.status.certificate}") or {}


def _gone(api: str, kind: str, name: str, observed: Observed) -> Want:
    metadata = {"name": name, "namespace": observed.work_namespace}
    return Want("delete", {"apiVersion": api, "kind": kind, "metadata": metadata})
