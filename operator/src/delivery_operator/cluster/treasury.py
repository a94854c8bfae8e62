"""DeliveryBudgets on a real API server: observed with all that draws on them, and written once a pass.

The Deliveries are listed from the API server at every look, never taken from a cache: one that is not known yet would
not be counted. The status is replaced only if the DeliveryBudget is still the one that was read, so that of two
replicas that promise the last money at the same moment one is refused and looks again.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from pydantic import ValidationError

from delivery_api.budget import DeliveryBudgetSpec, DeliveryBudgetStatus
from delivery_api.digests import plain
from delivery_api.status import CostStatus
from delivery_operator import allowance, reading
from delivery_operator.budgets import Claim, Purse
from delivery_operator.cluster import paths
from delivery_operator.cluster.client import Api
from delivery_operator.cluster.store import Raw
from delivery_operator.cluster.world import World, is_anchor, tenant_of
from delivery_operator.errors import Refused
from delivery_operator.observed import Allowance, Key


class KubeTreasury:
    """Observes DeliveryBudgets and writes their status."""

    def __init__(self, api: Api, world: World, wake: Callable[[Key], None]) -> None:
        self._api, self._world, self._wake = api, world, wake
        self._raw: dict[Key, Raw] = {}

    async def observe(self, key: Key, now: datetime) -> Purse | None:
        """One DeliveryBudget and all that draws on it; None when it does not exist."""
        raw = await self._api.get(paths.BUDGETS.path(key.namespace, key.name))
        if raw is None or "deletionTimestamp" in raw["metadata"]:
            self._raw.pop(key, None)
            return None
        self._raw[key] = raw
        spec, status = typed(raw)
        listed = [claim(one) async for one in self._api.every(paths.DELIVERIES.path(key.namespace))]
        return Purse(
            key=key,
            generation=raw["metadata"].get("generation", 0),
            spec=spec,
            status=status,
            now=now,
            claims=tuple(one for one in listed if one.currency == spec.currency),
            paid=bills(self._world.certificates, key.namespace, spec.currency),
            ending=ending(self._world.config_maps, key.namespace),
        )

    async def write(self, seen: Purse, new: DeliveryBudgetStatus) -> None:
        """Replace the status, if the budget is as observed; wake the Deliveries to which it says something new."""
        raw = self._raw[seen.key]
        metadata = {key: value for key, value in raw["metadata"].items() if key != "managedFields"}
        path = paths.BUDGETS.path(seen.key.namespace, seen.key.name, "status")
        made = await self._api.replace(path, raw | {"metadata": metadata, "status": plain(new)})
        self._world.budgets.put({"apiVersion": paths.BUDGETS.api_version, "kind": "DeliveryBudget"} | made)
        for name in concerned(seen.status, new):
            self._wake(Key(seen.key.namespace, name))


def typed(raw: Raw) -> tuple[DeliveryBudgetSpec, DeliveryBudgetStatus]:
    """Spec and status; what this version of the operator cannot read is left alone."""
    try:
        spec = DeliveryBudgetSpec.model_validate(raw["spec"])
        return spec, DeliveryBudgetStatus.model_validate(raw.get("status") or {})
    except ValidationError as error:
        raise Refused(f"DeliveryBudget cannot be read: {error.errors()[0]['msg']}; update the CRDs or the operator") from error


def claim(raw: Raw) -> Claim:
    """A Delivery, as far as money goes."""
    metadata, budget = raw["metadata"], raw["spec"]["terms"]["budget"]
    cost = CostStatus.model_validate(raw.get("status", {}).get("cost") or {"currency": budget["currency"]})
    still = [entry for entry in cost.ledger if entry.finished_at is None]
    return Claim(
        uid=metadata["uid"],
        name=metadata["name"],
        created_at=metadata["creationTimestamp"],
        currency=budget["currency"],
        limit=Decimal(budget["limit"]),
        spent=Decimal(cost.amount),
        burn=sum((Decimal(entry.price_per_hour) * entry.accelerators for entry in still), Decimal(0)),
        settled=cost.billed is not None and not still,
    )


def bills(certificates: Iterable[Raw], namespace: str, currency: str) -> dict[str, Decimal]:
    """Uid to amount of the bills that are kept in a namespace."""
    found = {}
    for raw in certificates:
        if raw["metadata"].get("namespace") != namespace:
            continue
        bill = json.loads(raw["spec"]["papers"].get("bill.json", "{}"))
        if bill.get("currency") == currency:
            found[bill["delivery"]["uid"]] = Decimal(bill["amount"])
    return found


def ending(config_maps: Iterable[Raw], namespace: str) -> frozenset[str]:
    """Uids of Deliveries of a namespace whose anchor is there. Elsewhere anybody can label an object as ours."""
    return frozenset(reading.uid_of(raw) for raw in config_maps if is_anchor(raw) and tenant_of(raw) == namespace)


def concerned(before: DeliveryBudgetStatus, after: DeliveryBudgetStatus) -> tuple[str, ...]:
    """Deliveries whose reservation is new, another or gone, and those that wait for one, whose message has the sums."""
    old, new = ({one.name: one.amount for one in status.reservations} for status in (before, after))
    waiting = {one.name for one in (*before.refused, *after.refused)}
    return tuple(sorted({name for name in old | new if old.get(name) != new.get(name)} | waiting))


def allowances(world: World, namespace: str, uid: str) -> tuple[Allowance, ...]:
    """What the DeliveryBudgets of a namespace have set aside for a Delivery."""
    return tuple(allowance.of(raw["metadata"]["name"], *typed(raw), uid) for raw in world.budgets.of(namespace))
