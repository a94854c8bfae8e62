"""Every API path into the work namespace at once: what the API server would let each of the tenant's people do there."""

import json

import pytest

from tests.attacks.stage import TENANT, WORK, Stage

pytestmark = pytest.mark.cluster

ANYBODY = {"selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"}
"""Asking about oneself."""
CUSTOMER = {("create", "secrets"), ("update", "secrets")}
"""Credentials are put there and never read back."""
REVIEW = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": WORK}}


def allowed(stage: Stage, who: str, namespace: str = WORK) -> set[tuple[str, str]]:
    """(verb, resource) of every rule that holds for somebody in a namespace, subresources and all groups included."""
    review = REVIEW | {"spec": {"namespace": namespace}}
    told = stage.as_(who).ok("create", "-f", "-", "-o", "json", "--validate=false", stdin=json.dumps(review))
    status = json.loads(told)["status"]
    assert not status["incomplete"]
    rules = [(rule["verbs"], rule["resources"]) for rule in status["resourceRules"]]
    pairs = {(verb, resource) for verbs, resources in rules for verb in verbs for resource in resources}
    return {pair for pair in pairs if pair[1] not in ANYBODY}


@pytest.mark.parametrize("who", ["ned", "tad", "bob", "eve", "sam", "fay", "mallory"])
def test_there_is_no_path_into_the_work_namespace(stage: Stage, who: str) -> None:
    """Neither evidence nor sealed items, neither to read nor to write, by any kind or subresource; ned and tad have the
    built-in roles `edit` and `admin` of the tenant's namespace."""
    assert allowed(stage, who) == set()


@pytest.mark.parametrize("who", ["ned", "tad"])
def test_the_built_in_roles_do_hold_in_their_own_namespace(stage: Stage, who: str) -> None:
    """Else the test above would say nothing."""
    assert {("create", "configmaps"), ("get", "secrets"), ("create", "pods/exec")} <= allowed(stage, who, TENANT)


def test_the_customer_puts_credentials_there_and_nothing_more(stage: Stage) -> None:
    assert allowed(stage, "ada") == CUSTOMER


def test_a_worker_writes_configmaps_there_and_nothing_more(stage: Stage) -> None:
    """Which ones, is for the admission policies."""
    assert allowed(stage, "worker") == {(verb, "configmaps") for verb in ("get", "create", "update", "patch")}
    assert allowed(stage, "worker", TENANT) == set()
