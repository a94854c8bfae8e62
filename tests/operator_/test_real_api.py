"""The operator as a process against a real API server; workers are replayed. What breaks here breaks for customers."""

import socket
from contextlib import suppress

import pytest

from delivery_api import names
from delivery_api.delivery import Delivery
from tests.chart.kube import RELEASE
from tests.operator_.test_hard_stop import stops
from tests.support.scenes import at_gate, bill, change, deliver, delivered, gone
from tests.support.stage import Theatre, answer, eventually, reason, state

pytestmark = pytest.mark.cluster

ONCE = ("serviceaccounts", "rolebindings", "networkpolicies", "namespaces")


def per_delivery(writes: list[str]) -> list[str]:
    """Without what is made once in a namespace."""
    return [write for write in writes if write.split()[1] not in ONCE]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def test_a_delivery_goes_through_all_ten_stages_in_sixteen_writes(theatre: Theatre):
    """From the order to the certificate; and a restart of the operator over the finished world writes nothing."""
    async with theatre.workers():
        async with theatre.operator(DELIVERY_PROGRESS_SECONDS="30"):
            done = await deliver(theatre)
        assert reason(done, "Ready") == "Delivered" and done.status.cost.billed == "0.0075"
        writes = per_delivery(theatre.writes())
        assert len(writes) <= 16, "\n".join(writes)
        before = len(theatre.writes())
        async with theatre.operator():
            theatre.order("second")
            await theatre.reaches("work", lambda seen: seen.status.stage == "train", "second")
        again = [write for write in theatre.writes()[before:] if "router" in write]
        assert not again, again


async def test_the_certificate_and_the_model_version_outlive_the_delivery(theatre: Theatre):
    """What was bought and what was paid stays known."""
    async with theatre.operator(), theatre.workers():
        done = await deliver(theatre)
        ada = theatre.admin.as_user("ada")
        ada.ok("annotate", "delivery", "router", "-n", theatre.tenant, "ptaas.dev/stop-production=yes")
        ada.ok("delete", "delivery", "router", "-n", theatre.tenant, "--wait=false")
        await gone(theatre, done)
    kept = theatre.admin.get("deliverycertificate", done.status.certificate, "-n", theatre.tenant)["spec"]["papers"]
    assert bill(theatre, done)["billed"] == "0.0075" and "README.md" in kept
    assert theatre.admin.get("modelversions", "-n", theatre.tenant)["items"]


async def test_deleting_a_delivery_mid_run_stops_its_work_and_keeps_its_bill(theatre: Theatre):
    """Cancelling is deleting; the bill of what ran is there, and it says 0."""
    async with theatre.operator(), theatre.workers() as workers:
        workers.runs.add("train")
        theatre.order()
        seen = await theatre.reaches("training", lambda seen: reason(seen, "Trained") == "JobRunning")
        theatre.admin.as_user("ada").ok("delete", "delivery", "router", "-n", theatre.tenant, "--wait=false")
        await gone(theatre, seen)
    owed = bill(theatre, seen)
    assert (owed["verdict"], owed["billed"]) == ("Cancelled", "0")
    assert [entry["stage"] for entry in owed["ledger"]] == ["train"] and owed["withheld"] == owed["amount"]


async def test_a_delivery_deleted_while_the_operator_is_down_is_ended_when_it_comes_back(theatre: Theatre):
    """No finalizer holds it, and nothing of it runs on for ever."""
    async with theatre.workers() as workers:
        workers.runs.add("train")
        async with theatre.operator():
            theatre.order()
            seen = await theatre.reaches("training", lambda seen: reason(seen, "Trained") == "JobRunning")
        theatre.admin.as_user("ada").ok("delete", "delivery", "router", "-n", theatre.tenant, "--wait=false")
        async with theatre.operator():
            await gone(theatre, seen)
    assert bill(theatre, seen)["billed"] == "0"


async def test_the_operator_may_die_after_each_of_its_writes(theatre: Theatre):
    """One write a life: every place between two writes is a place where it died. Same end, same cost, no run twice."""
    async with theatre.workers() as workers:
        theatre.order()
        lives = 0
        while not (done := await at_gate_or_done(theatre)):
            await one_life(theatre)
            lives += 1
            assert lives < 80
    assert done.status.cost.billed == "0.0075" and lives >= 16
    assert sorted(workers.played) == [("deploy", 1), ("eval", 1), ("intake", 1), ("train", 1)]


async def at_gate_or_done(theatre: Theatre) -> Delivery | None:
    """Approve when it is asked for; the Delivery once it is delivered."""
    seen = await theatre.delivery()
    if seen is None or seen.status is None:
        return None
    if state(seen) == "deploy/AwaitingApproval" and names.APPROVE not in seen.metadata.get("annotations", {}):
        theatre.approve(seen)
    return seen if delivered(seen) else None


async def one_life(theatre: Theatre) -> None:
    """The operator, until it dies after its first write or has nothing left to do."""
    process = theatre.start(DELIVERY_CRASH_AFTER_WRITES="1", DELIVERY_IDENTITY="one")

    async def over() -> bool | None:
        if process.poll() is not None:
            assert process.returncode == 137, theatre.log.read_text()[-3000:]
            return True
        return True if await at_gate_or_done(theatre) else None

    try:
        await eventually(over, "death after a write, or the end", 60)
    finally:
        process.kill()
        process.wait()


async def test_a_spec_edited_mid_run_starts_the_run_anew_and_never_two_at_once(theatre: Theatre):
    """The driver thinks better of it; the earlier run is stopped before the next one starts."""
    async with theatre.operator(), theatre.workers() as workers:
        workers.runs.add("train")
        theatre.order()
        await theatre.reaches("training", lambda seen: reason(seen, "Trained") == "JobRunning")
        change(theatre, config={"steps": 60})
        await theatre.reaches("the new run", lambda seen: seen.status.resolved.config.steps == 60)
        workers.runs.clear()
        await theatre.reaches("the gate", at_gate)
    jobs = [job for job in theatre.admin.get("jobs", "-n", theatre.work)["items"] if "-train-" in job["metadata"]["name"]]
    assert sorted(job["spec"]["suspend"] for job in jobs) == [False, True]
    assert workers.played.count(("train", 1)) == 2


async def test_pausing_stops_the_pod_and_going_on_lowers_every_stop(theatre: Theatre):
    """The run goes on with the time that the money left buys: for the Job, for the pod, and for the worker itself."""
    async with theatre.operator(), theatre.workers() as workers:
        workers.runs.add("train")
        theatre.order()
        await theatre.reaches("training", lambda seen: reason(seen, "Trained") == "JobRunning")
        change(theatre, suspend=True)
        paused = await theatre.reaches("pause", lambda seen: reason(seen, "Trained") == "Suspended")
        before = train_job(theatre)
        assert before["spec"]["suspend"] is True and reason(paused, "Ready") == "Suspended"
        workers.runs.clear()
        change(theatre, suspend=False)
        await theatre.reaches("the gate", at_gate)
        after = train_job(theatre)
    assert after["metadata"]["name"] == before["metadata"]["name"]
    assert len(stops(after)) == 1 and max(stops(after)) < max(stops(before))


def train_job(theatre: Theatre) -> dict:
    (job,) = [one for one in theatre.admin.get("jobs", "-n", theatre.work)["items"] if "-train-" in one["metadata"]["name"]]
    return job


async def test_an_operator_without_its_role_is_alive_and_not_ready_and_says_what_it_lacks(theatre: Theatre):
    """A role that was trimmed must not leave it working blind."""
    port = free_port()
    theatre.admin.ok("delete", "clusterrolebinding", "ptaas-operator")
    try:
        async with theatre.operator(DELIVERY_HEALTH_PORT=str(port)):

            async def refused() -> str | None:
                with suppress(OSError):
                    status, text = await answer(f"http://127.0.0.1:{port}/readyz")
                    return text if status == 503 and "not allowed to" in text else None
                return None

            text = await eventually(refused, "readiness that says why", 30)
            assert "create jobs.batch" in text and "update deliveries/status.ptaas.dev" in text
            assert (await answer(f"http://127.0.0.1:{port}/healthz"))[0] == 200
    finally:
        binding = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "ptaas-operator"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "ptaas-operator"},
            "subjects": [{"kind": "ServiceAccount", "name": "delivery-operator", "namespace": RELEASE}],
        }
        theatre.admin.create(binding)


async def test_an_operator_with_its_role_is_ready_and_tells_its_metrics(theatre: Theatre):
    """What the chart grants is enough."""
    health, scrape = free_port(), free_port()
    settings = {"DELIVERY_HEALTH_PORT": str(health), "DELIVERY_METRICS_PORT": str(scrape)}
    async with theatre.operator(**settings), theatre.workers():

        async def ready() -> bool | None:
            with suppress(OSError):
                return True if (await answer(f"http://127.0.0.1:{health}/readyz"))[0] == 200 else None
            return None

        await eventually(ready, "readiness", 30)
        await deliver(theatre)
        _, text = await answer(f"http://127.0.0.1:{scrape}/metrics")
    assert 'delivery_verdicts_total{reason="Delivered"' not in text
    assert 'delivery_verdicts_total{reason="Learned",stage="eval",verdict="Pass"}' in text
    assert "process_resident_memory_bytes" in text
    assert 'leader_election_master_status{name="delivery-operator"} 1.0' in text
    assert 'controller_runtime_reconcile_total{controller="delivery",result="success"}' in text


async def test_of_two_operators_one_works_and_the_other_takes_over(theatre: Theatre):
    """The first is killed mid-run without a word; the second goes on where it was, and nothing runs twice."""
    async with theatre.workers() as workers:
        workers.runs.add("train")
        first = theatre.start(DELIVERY_IDENTITY="first")
        try:
            theatre.order()
            await theatre.reaches("training", lambda seen: reason(seen, "Trained") == "JobRunning")
            async with theatre.operator(DELIVERY_IDENTITY="second"):
                first.kill()
                first.wait()
                workers.runs.clear()
                waiting = await theatre.reaches("the gate", at_gate)
        finally:
            first.kill()
            first.wait()
    assert sorted(workers.played) == [("eval", 1), ("intake", 1), ("train", 1)]
    assert waiting.status.cost.amount == "0.0075"


async def test_a_deployment_that_somebody_changes_is_put_right(theatre: Theatre):
    """What serves is what was approved; even the cluster's admin does not change it by hand and have it stay."""
    async with theatre.operator(), theatre.workers():
        await deliver(theatre)
        (served,) = theatre.admin.get("deployments", "-n", theatre.work)["items"]
        name = served["metadata"]["name"]
        theatre.admin.ok("delete", "deployment", name, "-n", theatre.work, "--wait=false")

        async def back() -> bool | None:
            found = theatre.admin.get("deployments", "-n", theatre.work)["items"]
            return True if found and found[0]["metadata"]["uid"] != served["metadata"]["uid"] else None

        await eventually(back, "the Deployment", 20)
        await theatre.reaches("delivery again", delivered)
