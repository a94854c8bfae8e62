"""A namespace's DeliveryBudget on a real API server: who gives money, who waits for it, and that it is promised once."""

import json
from decimal import Decimal
from typing import Any

import pytest

from delivery_api.delivery import Delivery
from delivery_operator.cluster import paths
from tests.support.scenes import at_gate, deliver, gone
from tests.support.stage import Theatre, eventually, reason, stop

pytestmark = pytest.mark.cluster


def grant(theatre: Theatre, limit: str, **spec: Any) -> None:
    """Tom pays for the namespace."""
    theatre.admin.ok("create", "rolebinding", "tom", "-n", theatre.tenant, "--clusterrole=ptaas-treasurer", "--user=tom")
    made = {
        "apiVersion": "ptaas.dev/v1alpha1",
        "kind": "DeliveryBudget",
        "metadata": {"name": "team"},
        "spec": {"limit": limit, **spec},
    }
    theatre.admin.as_user("tom").create(made, "-n", theatre.tenant)


def raised(limit: str) -> tuple[str, ...]:
    """The words that set another limit."""
    return ("patch", "deliverybudget", "team", "--type=merge", "-p", json.dumps({"spec": {"limit": limit}}), "-n")


async def money(theatre: Theatre) -> dict[str, Any]:
    """How the budget stands."""
    raw = await theatre.api.get(paths.BUDGETS.path(theatre.tenant, "team"))
    assert raw is not None
    return dict(raw.get("status") or {})


def waits(seen: Delivery) -> bool:
    """Its money is not set aside."""
    return reason(seen, "IntakeAccepted") == "BudgetUnreserved" and "are left" in (seen.status.message or "")


async def test_who_comes_second_waits_until_somebody_with_the_verb_gives_more(theatre: Theatre):
    """The first has 40 of 60 and is not disturbed; the sums are shown; the customer cannot help herself."""
    async with theatre.operator(), theatre.workers():
        grant(theatre, "60")
        theatre.order("first")
        await theatre.reaches("work", lambda seen: seen.status.stage != "intake", "first")
        theatre.order("second")
        waiting = await theatre.reaches("a refusal", waits, "second")
        assert "20 of its 60 USD are left (0 spent, 40 reserved)" in waiting.status.message
        assert not [
            one for one in theatre.admin.get("jobs", "-n", theatre.work)["items"] if "second" in one["metadata"]["name"]
        ]
        said = theatre.admin.as_user("ada").run(*raised("80"), theatre.tenant)
        assert said.returncode and "deliverybudgets" in said.stderr
        theatre.admin.as_user("tom").ok(*raised("80"), theatre.tenant)
        await theatre.reaches("the gate", at_gate, "second")
        assert (await money(theatre))["conditions"][0]["status"] == "True"


async def test_what_a_delivery_did_not_need_is_given_back_and_what_it_cost_stays_spent_when_it_is_deleted(theatre: Theatre):
    """Delete and order anew is no way to more money."""
    async with theatre.operator(), theatre.workers():
        grant(theatre, "40.005")
        done = await deliver(theatre, "first")

        async def settled() -> bool | None:
            return True if (await money(theatre)).get("spent") == "0.0075" else None

        await eventually(settled, "what the first has cost", 20)
        theatre.order("second")
        await theatre.reaches("a refusal", waits, "second")
        theatre.admin.ok("annotate", "delivery", "first", "-n", theatre.tenant, "ptaas.dev/stop-production=yes")
        theatre.admin.ok("delete", "delivery", "first", "-n", theatre.tenant, "--wait=false")
        await gone(theatre, done)
        await eventually(settled, "the bill of what was deleted", 20)
        stands = await money(theatre)
        assert stands["available"] == "39.9975" and [one["name"] for one in stands["refused"]] == ["second"]


async def test_the_operator_may_die_after_each_write_and_promises_no_money_twice(theatre: Theatre):
    """Three want 40 each of 80: one write a life, by two replicas in turn, until two have it and one waits."""
    async with theatre.workers() as workers:
        workers.runs |= {"intake"}
        grant(theatre, "80")
        for name in ("a", "b", "c"):
            theatre.order(name)
        for life in range(12):
            process = theatre.start(DELIVERY_CRASH_AFTER_WRITES="1", DELIVERY_IDENTITY=f"replica-{life % 2}")
            try:

                async def over(process: Any = process) -> bool | None:
                    seen = await money(theatre)
                    held = sum(Decimal(one["amount"]) for one in seen.get("reservations", ()))
                    assert held <= 80 and len({one["uid"] for one in seen.get("reservations", ())}) * 40 == held
                    return True if process.poll() is not None else None

                await eventually(over, "death after a write", 60)
            finally:
                stop(process)
        stands = await money(theatre)
    assert len(stands["reservations"]) == 2 and len(stands["refused"]) == 1 and stands["available"] == "0"


async def test_nobody_but_the_operator_says_how_the_money_stands(theatre: Theatre):
    """A status that is forged would let everything start."""
    grant(theatre, "10")
    forged = json.dumps({"status": {"available": "1000"}})
    words = ("patch", "deliverybudget", "team", "-n", theatre.tenant, "--subresource=status", "--type=merge", "-p", forged)
    said = theatre.admin.run(*words)
    assert said.returncode and "only the operator writes it" in said.stderr
