"""Somebody who may do everything takes a policy away, or has it only warn: the operator notices, and deploys nothing."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from delivery_api.delivery import Delivery
from delivery_operator.cluster import gate
from delivery_operator.cluster.client import Api
from delivery_operator.observed import Key, Observed
from tests.attacks.attack import REQUEST
from tests.attacks.stage import TENANT, WORK, Stage
from tests.chart.kube import OPERATOR, within
from tests.support.stage import configuration

pytestmark = pytest.mark.cluster

POLICY, BINDING = "validatingadmissionpolicy", "validatingadmissionpolicybinding"
WAYS: dict[str, tuple[str, dict[str, Any] | None]] = {
    "deleted": (POLICY, None),
    "unbound": (BINDING, None),
    "set to Warn": (BINDING, {"spec": {"validationActions": ["Warn"]}}),
    "set to Audit": (BINDING, {"spec": {"validationActions": ["Audit"]}}),
    "bound elsewhere": (BINDING, {"spec": {"matchResources": {"namespaceSelector": {"matchLabels": {"no": "where"}}}}}),
    "emptied": (POLICY, {"spec": {"matchConditions": [{"name": "never", "expression": "false"}]}}),
}
PROVED = ("ptaas-approve", "ptaas-decide", "ptaas-stamps", "ptaas-drive", "ptaas-status", "ptaas-evidence", "ptaas-children")
CASES = [("ptaas-approve", way) for way in WAYS] + [(policy, "unbound") for policy in PROVED[1:]]


async def _tried(stage: Stage) -> Observed:
    raw = stage.delivery("router")
    typed = Delivery.model_validate(raw)
    assert typed.status is not None
    said = {"ptaas.dev/approve": REQUEST}
    now, uid = datetime.now(UTC), raw["metadata"]["uid"]
    seen = Observed(Key(TENANT, "router"), uid, 1, typed.spec, now, WORK, status=typed.status, annotations=said)
    api = Api(await configuration(stage.admin.kubeconfig), lambda: None)
    api._client.set_default_header("Impersonate-User", OPERATOR)
    try:
        return await gate.tried(api, seen, raw)
    finally:
        await api.close()


def tried(stage: Stage) -> tuple[bool | None, str]:
    """What the operator finds when somebody has approved: whether the gate is in force, and which policy is not."""
    seen = asyncio.run(_tried(stage))
    return seen.gate_in_force, seen.gate_gap


def test_with_all_policies_the_gate_is_in_force(stage: Stage) -> None:
    assert tried(stage) == (True, "")


@pytest.mark.parametrize(("policy", "way"), CASES, ids=[f"{policy} {way}" for policy, way in CASES])
def test_a_policy_that_is_not_in_force_is_noticed(stage: Stage, policy: str, way: str) -> None:
    """Nothing of the attack has to be seen for that: the operator's own forbidden requests get through, or they do not."""
    kind, change = WAYS[way]
    kept = stage.admin.get(kind, policy)
    for name in ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields"):
        kept["metadata"].pop(name, None)
    kept.pop("status", None)
    try:
        if change is None:
            stage.admin.ok("delete", kind, policy)
        else:
            stage.admin.ok("patch", kind, policy, "--type=merge", "-p", json.dumps(change))
        within(30, f"{policy} {way}", lambda: tried(stage) == (False, policy))
    finally:
        stage.admin.run("delete", kind, policy)
        stage.admin.create(kept)
        within(30, "the gate in force again", lambda: tried(stage) == (True, ""))
