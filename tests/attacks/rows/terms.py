"""Terms that the customer has fixed, money that somebody else pays, and the rules of the gate itself."""

from typing import Any

from tests.attacks.attack import Attack, asks, made, patch, rbac
from tests.attacks.rows.metadata import needs_update
from tests.chart.objects import delivery

DRIVE = "ptaas-drive"


def fixed(path: str, under: str = "spec.terms") -> str:
    """What the CRD says of a term."""
    return (
        f'The Delivery "router" is invalid: {under}: Invalid value: {path} is '
        f"the customer's and never changes: create another Delivery"
    )


def terms(name: str, who: str, change: dict[str, Any], refused: str, by: str = "CRD") -> Attack:
    """A change of terms."""
    return patch(name, who, {"spec": {"terms": change}}, refused, by)


def funds(user: str) -> str:
    """Without the verb."""
    return (
        f"spec.terms.budget.limit: {user} lacks the verb fund on deliveries in $tenant; "
        "ask the customer (ClusterRole ptaas-customer) to raise it"
    )


RAISED = "approval.required can only be raised: who drives does not loosen the gate"
GROUPS = "approval.groups never changes: who drives does not choose who approves"
ROWS: tuple[Attack, ...] = (
    terms("the driver lowers the margin", "bob", {"acceptance": {"minimumGain": "0.01"}}, fixed("acceptance")),
    terms("the customer lowers the margin after the fact", "ada", {"acceptance": {"minimumGain": "0.01"}}, fixed("acceptance")),
    terms("drop the region, to add another one later", "bob", {"handling": {"region": None}}, fixed("handling")),
    terms(
        "swap the sealed rows for easy ones",
        "bob",
        {"data": {"sealed": {"uri": "oci://registry.example/easy@sha256:" + "e" * 64}}},
        fixed("data"),
    ),
    terms("reword the ticket", "bob", {"ticket": "whatever was delivered"}, fixed("ticket")),
    patch(
        "swap the base",
        "bob",
        {"spec": {"base": {"uri": "oci://registry.example/x@sha256:" + "e" * 64}}},
        fixed("base", "spec"),
        "CRD",
    ),
    patch(
        "send the artifact elsewhere",
        "bob",
        {"spec": {"output": {"repository": "oci://evil.example/x"}}},
        fixed("output", "spec"),
        "CRD",
    ),
    made(
        "the driver creates an easier Delivery",
        "bob",
        delivery(metadata__name="easy", spec__terms__acceptance__minimumGain="0.01"),
        rbac("bob", "create", "deliveries", "$tenant", "ptaas.dev"),
        "RBAC",
        "$tenant",
    ),
    asks(
        "the driver deletes it, to have it created again",
        "bob",
        "delete delivery router -n $tenant",
        refused=rbac("bob", "delete", "deliveries", "$tenant", "ptaas.dev"),
        by="RBAC",
    ),
    asks(
        "the driver replaces it by force, which deletes it first",
        "bob",
        "replace --force -n $tenant -f -",
        stdin=delivery(spec__terms__acceptance__minimumGain="0.01"),
        refused=rbac("bob", "delete", "deliveries", "$tenant", "ptaas.dev"),
        by="RBAC",
    ),
    asks(
        "the driver deletes all of them",
        "bob",
        "delete deliveries --all -n $tenant",
        refused=rbac("bob", "delete", "deliveries", "$tenant", "ptaas.dev"),
        by="RBAC",
    ),
    terms("the driver raises the budget", "bob", {"budget": {"limit": "4000"}}, funds("bob"), "ptaas-terms"),
    terms("the approver raises the budget", "eve", {"budget": {"limit": "4000"}}, funds("eve"), "ptaas-terms"),
    terms(
        "the customer lowers the budget below what is spent",
        "ada",
        {"budget": {"limit": "1"}},
        'The Delivery "router" is invalid: spec.terms: Invalid value: '
        "budget.limit can only be raised, by who has the verb fund",
    ),
    terms("change the currency", "ada", {"budget": {"currency": "EUR"}}, fixed("budget.currency")),
    patch("the customer drives", "ada", {"spec": {"config": {"rank": 8}}}, needs_update("ada"), DRIVE),
    patch("the approver drives", "eve", {"spec": {"suspend": True}}, needs_update("eve"), DRIVE),
    patch(
        "the operator drives",
        "operator",
        {"spec": {"suspend": True}},
        needs_update("system:serviceaccount:delivery-system:delivery-operator"),
        DRIVE,
    ),
    patch(
        "ask for fewer approvers",
        "bob",
        {"spec": {"approval": {"required": 1}}},
        f'The Delivery "pair" is invalid: spec: Invalid value: {RAISED}',
        "CRD",
        on="pair",
    ),
    patch(
        "leave the number of approvers to its default",
        "bob",
        {"spec": {"approval": None}},
        f'The Delivery "pair" is invalid: spec: Invalid value: {RAISED}',
        "CRD",
        on="pair",
    ),
    patch(
        "let another group approve",
        "bob",
        {"spec": {"approval": {"groups": ["drivers"]}}},
        f'The Delivery "grouped" is invalid: spec: Invalid value: {GROUPS}',
        "CRD",
        on="grouped",
    ),
    patch(
        "let every group approve",
        "bob",
        {"spec": {"approval": {"groups": None}}},
        f'The Delivery "grouped" is invalid: spec: Invalid value: {GROUPS}',
        "CRD",
        on="grouped",
    ),
    patch(
        "choose one's own approvers",
        "bob",
        {"spec": {"approval": {"groups": ["drivers"]}}},
        f'The Delivery "router" is invalid: spec: Invalid value: {GROUPS}',
        "CRD",
    ),
)
