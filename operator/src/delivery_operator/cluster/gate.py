"""Proof that the gate is in force: requests by the operator itself, as dry runs, each of which one policy must refuse.

A policy that was deleted, lost its binding, or only warns is noticed by its effect, whoever did it and however.
What lets the operator through by design refuses, to everybody, an object that is marked as such a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from delivery_api import names
from delivery_operator.cluster import paths
from delivery_operator.cluster.client import JSON, Api
from delivery_operator.errors import Conflict, Refused
from delivery_operator.observed import Observed

IMPOSSIBLE = "0" * 64
PROOF = "ptaas.dev/gate-proof"
TEST = "gate-proof"


@dataclass(frozen=True, slots=True)
class Trial:
    """A request and the policy that refuses it."""

    policy: str
    method: Literal["POST", "PUT", "PATCH"]
    path: str
    body: Mapping[str, Any]


async def tried(api: Api, observed: Observed, raw: JSON) -> Observed:
    """The observation with the outcome of the trials, where they are due: somebody decided, and nothing is deployed yet."""
    asked = observed.status.approval
    if asked is None or observed.servers:
        return observed
    given = any(observed.annotations.get(name) == asked.digest for name in (*names.APPROVALS, names.OVERRIDE))
    if not (given or asked.approved_by or asked.override):
        return observed
    for trial in trials(observed, raw):
        refused = await refuses(api, trial)
        if not refused:
            return replace(observed, gate_in_force=refused, gate_gap=trial.policy)
    return replace(observed, gate_in_force=True)


def trials(observed: Observed, raw: JSON) -> tuple[Trial, ...]:
    """One for each policy that the gate rests on."""
    here = paths.DELIVERIES.path(observed.key.namespace, observed.key.name)
    status = paths.DELIVERIES.path(observed.key.namespace, observed.key.name, "status")
    work = observed.work_namespace
    service = _object("Service", work, PROOF) | {"spec": {"ports": [{"port": 80}]}}
    return (
        Trial("ptaas-approve", "PATCH", here, _annotated(names.APPROVE, IMPOSSIBLE)),
        Trial("ptaas-decide", "PATCH", here, _annotated(names.OVERRIDE, IMPOSSIBLE)),
        Trial("ptaas-stamps", "PATCH", here, _annotated(names.CREATED_BY, TEST)),
        Trial("ptaas-drive", "PATCH", here, {"metadata": {"labels": {PROOF: TEST}}}),
        Trial("ptaas-status", "PUT", status, raw | {"status": (raw.get("status") or {}) | {"state": "GateProof"}}),
        Trial("ptaas-evidence", "POST", paths.CONFIG_MAPS.path(work), _object("ConfigMap", work, names.EVIDENCE)),
        Trial("ptaas-children", "POST", paths.SERVICES.path(work), service),
    )


def _annotated(name: str, value: str) -> JSON:
    return {"metadata": {"annotations": {name: value}}}


def _object(kind: str, namespace: str, label: str) -> JSON:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": TEST, "namespace": namespace, "labels": {label: TEST}}}


async def refuses(api: Api, trial: Trial) -> bool | None:
    """Whether the policy refuses; None when something else did, which proves nothing."""
    try:
        await api.trial(trial.method, trial.path, trial.body)
    except Conflict:
        return None
    except Refused as error:
        return True if f"ValidatingAdmissionPolicy '{trial.policy}'" in str(error) else None
    return False
