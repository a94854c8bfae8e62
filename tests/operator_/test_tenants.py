"""A tenant's first delivery, its Secrets, and its end, on a real API server."""

import json

import pytest

from delivery_operator.cluster import paths
from tests.chart.kube import OPERATOR, held
from tests.support.plays import dies
from tests.support.registry import HER, bearer, running
from tests.support.scenes import at_gate
from tests.support.stage import Theatre, eventually, reason

pytestmark = pytest.mark.cluster

NAMED = {
    "spec__base__secret": "hub",
    "spec__terms__data__train__secret": "data",
    "spec__output__secret": "push",
}


async def test_a_gated_source_waits_for_its_secret_and_then_goes_on(theatre: Theatre):
    """The first Delivery of a tenant: its work namespace is there to put the Secrets in, before anything runs."""
    ada = theatre.admin.as_user("ada")
    async with theatre.operator(), theatre.workers():
        theatre.order(**NAMED)
        seen = await theatre.reaches("the wait", lambda seen: reason(seen, "IntakeAccepted") == "SecretMissing")
        assert f"Secret data, hub, push is not in namespace {theatre.work}; create it there" in seen.status.message
        assert not theatre.admin.get("jobs", "-n", theatre.work)["items"]
        for name in NAMED.values():
            await eventually(lambda name=name: deposited(theatre, name), f"Secret {name}", 10)
        assert 'cannot get resource "secrets"' in ada.refused("get", "secret", "hub", "-n", theatre.work)
        theatre.admin.ok("annotate", "delivery", "router", "-n", theatre.tenant, "example.com/look=again")
        await theatre.reaches("the gate", at_gate)
    (train,) = [one for one in theatre.admin.get("jobs", "-n", theatre.work)["items"] if "-train-" in one["metadata"]["name"]]
    mounted = {one["secret"]["secretName"] for one in train["spec"]["template"]["spec"]["volumes"] if "secret" in one}
    assert mounted == set(NAMED.values())


async def deposited(theatre: Theatre, name: str, **data: str) -> bool | None:
    """The customer puts a Secret there: allowed as soon as the operator has seen who created the Delivery."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data or {"token": "t"}}
    done = theatre.admin.as_user("ada").run("create", "-f", "-", "-n", theatre.work, stdin=json.dumps(secret))
    return True if done.returncode == 0 else None


async def test_evidence_too_large_for_a_config_map_is_read_from_a_private_repository(theatre: Theatre):
    """With the output repository's own credential; the run that wrote it is judged as any other."""
    async with running(bearer) as registry, theatre.operator(), theatre.workers(router=dies("train", "overflow")) as workers:
        workers.overflow = registry.put
        theatre.order(spec__output={"repository": registry.repository, "secret": "push", "insecure": True})
        await theatre.reaches("the wait", lambda seen: reason(seen, "IntakeAccepted") == "SecretMissing")
        await eventually(lambda: deposited(theatre, "push", username=HER.username, password=HER.password), "Secret push", 10)
        theatre.admin.ok("annotate", "delivery", "router", "-n", theatre.tenant, "example.com/look=again")
        seen = await theatre.reaches("the gate", at_gate)
    assert reason(seen, "Trained") == "Trained" and workers.played.count(("train", 1)) == 1


async def test_the_operator_reads_secrets_of_its_work_namespaces_only(theatre: Theatre):
    """Whoever takes the operator over finds no credential of the cluster."""
    operator = theatre.admin.as_user(OPERATOR)
    async with theatre.operator():
        theatre.order()
        await theatre.reaches("work", lambda seen: reason(seen, "IntakeAccepted") == "JobPending")
    assert held(operator, "secrets", theatre.work, ("get", "list", "watch")) == {"get"}
    for elsewhere in (theatre.tenant, "kube-system", "delivery-system"):
        assert held(operator, "secrets", elsewhere, ("get", "list", "watch")) == set(), elsewhere


async def test_with_the_namespace_of_a_tenant_goes_its_work_namespace(theatre: Theatre):
    """All that ran there ends and is gone, by Kubernetes' own garbage collection: the operator need not even run."""
    async with theatre.workers() as workers:
        workers.runs.add("intake")
        async with theatre.operator():
            theatre.order()
            await theatre.reaches("work", lambda seen: reason(seen, "IntakeAccepted") == "JobRunning")
        theatre.admin.ok("delete", "namespace", theatre.tenant, "--wait=false")

        async def gone() -> bool | None:
            there = [await theatre.api.get(paths.NAMESPACES.path(name=one)) for one in (theatre.tenant, theatre.work)]
            return True if there == [None, None] else None

        await eventually(gone, "the end of both namespaces", 60)
