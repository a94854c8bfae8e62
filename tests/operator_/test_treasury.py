"""What a DeliveryBudget's money is counted from: only what is the operator's own keeps money set aside."""

from datetime import UTC, datetime
from typing import Any

import pytest

from delivery_api import names
from delivery_operator.cluster.client import Api
from delivery_operator.cluster.treasury import KubeTreasury, ending
from delivery_operator.cluster.world import World, tenant_of
from delivery_operator.observed import Key

UID = "4f5e"


def anchor(namespace: str = "acme-ptaas", name: str = names.anchor(UID), tenant: str = "acme") -> dict[str, Any]:
    labels = {"ptaas.dev/anchor": "true", names.DELIVERY_UID: UID}
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels}, "data": {"namespace": tenant}}


def test_a_delivery_whose_anchor_is_there_is_still_to_be_billed():
    assert ending([anchor()], "acme") == {UID} and ending([anchor()], "globex") == frozenset()
    assert tenant_of(anchor()) == "acme"


@pytest.mark.parametrize("forged", [anchor("globex"), anchor(name="mine"), anchor(tenant="globex")])
def test_what_somebody_labels_as_an_anchor_keeps_no_money_and_wakes_no_budget(forged: dict[str, Any]):
    """Else who may write a ConfigMap anywhere keeps the money of a deleted Delivery from the others of its namespace."""
    assert not ending([forged], "acme") and not ending([forged], "globex") and tenant_of(forged) == ""


class Pages(Api):
    """Three Deliveries on two pages, and the budget that they draw on."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    async def get(self, path: str, accept: str | None = None, **query: Any) -> dict[str, Any]:
        return {"metadata": {"name": "team", "namespace": "acme"}, "spec": {"limit": "100"}}

    async def list(self, path: str, accept: str | None = None, **query: Any) -> dict[str, Any]:
        self.asked.append(query)
        found, token = (("c",), "") if "continue" in query else (("a", "b"), "more")
        return {"items": [delivery(name) for name in found], "metadata": {"continue": token}}


def delivery(name: str) -> dict[str, Any]:
    metadata = {"name": name, "uid": f"uid-{name}", "creationTimestamp": "2026-11-24T12:00:00Z"}
    return {"metadata": metadata, "spec": {"terms": {"budget": {"limit": "40", "currency": "USD"}}}}


async def test_deliveries_of_every_page_are_counted():
    """One that is not counted could spend what another was promised."""
    api = Pages()
    seen = await KubeTreasury(api, World(api, lambda key: None, 60), lambda key: None).observe(
        Key("acme", "team", "DeliveryBudget"), datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
    )
    assert seen is not None and [claim.name for claim in seen.claims] == ["a", "b", "c"]
    assert api.asked == [{"limit": 500}, {"limit": 500, "continue": "more"}]
