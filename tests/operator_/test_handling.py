"""`spec.terms.handling`, as far as it is the operator's: where pods run, and what every worker is told of personal data."""

import json
from typing import Any

import pytest

from delivery_operator.manifests.pod import REGION
from tests.oracle import world
from tests.support.fake import NODE, FakeCluster
from tests.support.plays import Play

TEMPLATED = ("Job", "Deployment")


def templates(fake: FakeCluster) -> dict[str, dict[str, Any]]:
    """Pod spec of everything that runs pods."""
    return {name: raw["spec"]["template"]["spec"] for name, raw in fake.objects.items() if name.split("/")[0] in TEMPLATED}


def task(pod: dict[str, Any]) -> dict[str, Any]:
    env = pod["containers"][0]["env"]
    return json.loads(next(one["value"] for one in env if one["name"] == "DELIVERY_TASK"))


async def test_every_pod_of_a_delivery_stays_in_its_region():
    """Auditor, trainer, evaluator, server and verifier: one that strays is enough to break the terms."""
    fake = await FakeCluster(spec=world.spec(terms__handling__region="eu-west-1")).go_on()
    assert fake.status.state == "Delivered"
    seen = templates(fake)
    assert {task(pod)["kind"] for pod in seen.values()} == {"Audit", "Train", "Evaluate", "Serve", "Verify"}
    assert {pod["nodeSelector"][REGION] for pod in seen.values()} == {"eu-west-1"}


async def test_no_node_of_the_region_is_said_and_nothing_runs_elsewhere():
    unschedulable = {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]}
    fake = await FakeCluster(spec=world.spec(terms__handling__region="eu-west-1"), nodes=(NODE,)).settle()
    fake.pods[fake.pod("intake")]["status"] = {"phase": "Pending", **unschedulable}
    await fake.settle()
    assert fake.reason("IntakeAccepted") == "NoNodeFits" and "eu-west-1" in fake.message("IntakeAccepted")


@pytest.mark.parametrize("handling", ["Allow", "Redact", "Refuse"])
async def test_every_worker_that_sees_rows_is_told_the_same_of_personal_data(handling: str):
    """One that replaces it and one that does not would judge another text than was trained."""
    fake = await FakeCluster(spec=world.spec(terms__handling__personal_data=handling)).go_on()
    told = {task(pod)["kind"]: task(pod).get("personalData") for pod in templates(fake).values()}
    assert told == {"Audit": handling, "Train": handling, "Evaluate": handling, "Verify": handling, "Serve": None}


async def test_personal_data_is_refused_before_anything_is_trained_or_paid():
    found = Play(changes={"personal_data": {"EMAIL": 3}})
    fake = await FakeCluster(spec=world.spec(terms__handling__personal_data="Refuse"), play=found).go_on()
    assert fake.reason("IntakeAccepted") == "PersonalDataFound" and fake.status.cost.amount == "0"
    assert [task(pod)["kind"] for pod in templates(fake).values()] == ["Audit"]
