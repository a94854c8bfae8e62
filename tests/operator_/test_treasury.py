"""What a DeliveryBudget's money is counted from: only what is the operator's own keeps money set aside."""

from typing import Any

import pytest

from delivery_api import names
from delivery_operator.cluster.treasury import ending
from delivery_operator.cluster.world import tenant_of

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
