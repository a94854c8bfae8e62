"""What the API server itself says to a Delivery: defaults, refusals with their sentence, and terms that never change."""

import json
from typing import Any

import pytest

from tests.chart.conftest import Tenant
from tests.chart.objects import PIN, delivery, model_version

pytestmark = pytest.mark.cluster
ALLOWED = {
    "oci": {"uri": "oci://registry.example/x" + PIN},
    "hub": {"uri": "hf://Qwen/Qwen3-8B@" + "0" * 40},
    "hub-data": {"uri": "hf://datasets/org/rows@" + "0" * 40 + "/train.csv"},
    "web": {"uri": "https://example.com/train.csv", "digest": "sha256:" + "a" * 64},
    "claim": {"uri": "pvc://rows/train.csv", "digest": "sha256:" + "a" * 64},
}
PINNED = "https:// and pvc:// sources need `digest` (sha256 of the file), so that the bytes are pinned"


def test_what_is_left_out_gets_its_default(tenant: Tenant) -> None:
    tenant.order()
    spec = tenant.admin.get("delivery", "router", "-n", tenant.namespace)["spec"]
    assert spec["plan"] == {"method": "LoRA", "lossOn": "Completion", "packing": True, "artifact": "Auto"}
    assert spec["serving"] == {"runtime": "Auto", "replicas": 1}
    assert spec["approval"] == {"required": 1, "expiresAfter": "72h"}
    assert spec["terms"]["budget"] == {"limit": "40", "currency": "USD"}
    assert spec["terms"]["handling"] == {"personalData": "Redact", "intakeCanary": "Required"}
    assert spec["terms"]["acceptance"] == {"metric": "Accuracy", "minimumGain": "0.20"}
    assert (spec["config"], spec["schedule"], spec["card"], spec["suspend"]) == ({}, {}, {"claims": []}, False)


@pytest.mark.parametrize("kind", ALLOWED)
@pytest.mark.parametrize("path", ["spec__base", "spec__terms__data__train"])
def test_pinned_sources_are_taken(ordered: Tenant, kind: str, path: str) -> None:
    ordered("ada").create(delivery(metadata__name="x", **{path: ALLOWED[kind]}), "-n", ordered.namespace, "--dry-run=server")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a tag is not a pin": (
        {"spec__base": {"uri": "oci://registry.example/x:latest"}},
        "spec.base.uri in body should match '^(oci://[^@\\s]+@sha256:[0-9a-f]{64}|hf://",
    ),
    "a branch is not a pin": ({"spec__base": {"uri": "hf://Qwen/Qwen3-8B@main"}}, "spec.base.uri in body should match"),
    "web without digest": ({"spec__base": {"uri": "https://example.com/x"}}, f"spec.base: Invalid value: {PINNED}"),
    "claim without digest": (
        {"spec__terms__data__train": {"uri": "pvc://rows/train.csv"}},
        f"spec.terms.data.train: Invalid value: {PINNED}",
    ),
    "sealed is pinned too": (
        {"spec__terms__data__sealed": {"uri": "https://example.com/x"}},
        "spec.terms.data.sealed: Invalid value",
    ),
    "no ticket": ({"spec__terms__ticket": None}, "spec.terms.ticket: Required value"),
    "an empty ticket": ({"spec__terms__ticket": ""}, "spec.terms.ticket in body should be at least 1 chars long"),
    "no sealed data": ({"spec__terms__data__sealed": None}, "spec.terms.data.sealed: Required value"),
    "money as words": ({"spec__terms__budget__limit": "forty"}, "spec.terms.budget.limit in body should match '^[0-9]{1,9}"),
    "money as a number": (
        {"spec__terms__budget__limit": 40},
        'spec.terms.budget.limit in body must be of type string: "integer"',
    ),
    "a gain above one": (
        {"spec__terms__acceptance__minimumGain": "1.5"},
        "spec.terms.acceptance.minimumGain in body should match",
    ),
    "an unknown method": (
        {"spec__plan": {"method": "DPO"}},
        'spec.plan.method: Unsupported value: "DPO": supported values: "LoRA", "QLoRA", "Full"',
    ),
    "six approvers": ({"spec__approval": {"required": 6}}, "spec.approval.required in body should be less than or equal to 5"),
    "too small a holdout": (
        {"spec__terms__acceptance__holdoutItems": 3},
        "holdoutItems in body should be greater than or equal to 16",
    ),
    "an unknown field": ({"spec__epochs": 3}, 'unknown field "spec.epochs"'),
    "too long a name": ({"metadata__name": "a" * 201}, "metadata.name: at most 200 characters"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_mistakes_are_refused_with_their_field(ordered: Tenant, case: str) -> None:
    changes, sentence = REFUSED[case]
    assert sentence in ordered("ada").cannot_create(delivery(**changes), "-n", ordered.namespace)


ANOTHER = "create another Delivery"
FIXED: dict[str, tuple[dict[str, Any], str]] = {
    "ticket": ({"terms": {"ticket": "Something easier"}}, "ticket"),
    "train": ({"terms": {"data": {"train": {"uri": "oci://registry.example/other" + PIN}}}}, "data"),
    "sealed": ({"terms": {"data": {"sealed": {"uri": "oci://registry.example/other" + PIN}}}}, "data"),
    "sealed secret dropped": ({"terms": {"data": {"sealed": {"secret": None}}}}, "data"),
    "train file added": ({"terms": {"data": {"train": {"file": "easy.csv"}}}}, "data"),
    "margin": ({"terms": {"acceptance": {"minimumGain": "0.01"}}}, "acceptance"),
    "metric": ({"terms": {"acceptance": {"metric": "F1"}}}, "acceptance"),
    "holdout added": ({"terms": {"acceptance": {"holdoutItems": 16}}}, "acceptance"),
    "region dropped": ({"terms": {"handling": {"region": None}}}, "handling"),
    "region changed": ({"terms": {"handling": {"region": "us-east-1"}}}, "handling"),
    "handling dropped": ({"terms": {"handling": None}}, "handling"),
    "canary waived": ({"terms": {"handling": {"intakeCanary": "Skip"}}}, "handling"),
    "retention added": ({"terms": {"handling": {"retentionDays": 1}}}, "handling"),
    "currency": ({"terms": {"budget": {"currency": "EUR"}}}, "budget.currency"),
    "base": ({"base": {"uri": "oci://registry.example/other" + PIN}}, "base"),
    "base secret added": ({"base": {"secret": "x"}}, "base"),
    "output": ({"output": {"repository": "oci://registry.example/other"}}, "output"),
    "output insecure": ({"output": {"insecure": True}}, "output"),
}


@pytest.mark.parametrize("case", FIXED)
@pytest.mark.parametrize("user", ["ada", "bob"])
def test_what_is_the_customers_never_changes(ordered: Tenant, case: str, user: str) -> None:
    """Neither by the driver, whose exam it is, nor by the customer, after work was done for it. To drop an optional field
    would be the first half of dropping it and adding it again with another value."""
    change, field = FIXED[case]
    patch = ("patch", "delivery", "router", "-n", ordered.namespace, "--type=merge", "-p", json.dumps({"spec": change}))
    assert f"{field} is the customer's and never changes: {ANOTHER}" in ordered(user).refused(*patch)


@pytest.mark.parametrize("limit", ["39.99", "0", None])
def test_the_budget_is_not_lowered(ordered: Tenant, limit: str | None) -> None:
    """Nor dropped: what was promised is there to be spent."""
    change = json.dumps({"spec": {"terms": {"budget": {"limit": limit}}}})
    said = ordered("ada").refused("patch", "delivery", "router", "-n", ordered.namespace, "--type=merge", "-p", change)
    wanted = (
        "spec.terms.budget.limit: Required value"
        if limit is None
        else "budget.limit can only be raised, by who has the verb fund"
    )
    assert wanted in said


def test_the_list_says_how_things_stand(tenant: Tenant) -> None:
    tenant.order()
    tenant.write_status(stage="deploy", gain="+0.46", cost={"currency": "USD", "amount": "7.12"})
    head, row = tenant("vic").ok("get", "deliveries", "-n", tenant.namespace).splitlines()
    assert head.split() == ["NAME", "STAGE", "STATE", "GAIN", "COST", "BUDGET", "AGE"]
    assert row.split()[:6] == ["router", "deploy", "AwaitingApproval", "+0.46", "7.12", "40"]
    assert "router" in tenant.admin.ok("get", "ptaas", "-n", tenant.namespace)


def test_a_record_never_changes(tenant: Tenant) -> None:
    tenant.operator.create(model_version(), "-n", tenant.namespace)
    patch = json.dumps({"spec": {"location": "oci://registry.example/other"}})
    said = tenant.admin.refused("patch", "modelversion", "router-1", "-n", tenant.namespace, "--type=merge", "-p", patch)
    assert "a ModelVersion never changes" in said
