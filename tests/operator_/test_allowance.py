"""A Delivery in a namespace with a DeliveryBudget: nothing starts before its money is set aside, and no run exceeds it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from delivery_operator.observed import Allowance
from tests.oracle import world
from tests.support.fake import FakeCluster

NONE = Allowance("team", "USD", "100", "27.5", "60")
ALL = replace(NONE, amount=Decimal(40))


def jobs(fake: FakeCluster, stage: str) -> list[str]:
    return [name for name in fake.objects if name.startswith(f"Job/router-{stage}")]


def deadline(fake: FakeCluster) -> int:
    (job,) = jobs(fake, "train")
    return int(fake.objects[job]["spec"]["activeDeadlineSeconds"])


async def test_without_its_money_not_even_intake_starts_and_the_sums_are_shown():
    fake = await FakeCluster(allowances=(NONE,)).go_on()
    assert not [name for name in fake.objects if name.startswith("Job/")]
    assert fake.reason("IntakeAccepted") == "BudgetUnreserved"
    assert fake.message("IntakeAccepted") == (
        "spec.terms.budget.limit=40 is not set aside by DeliveryBudget team: 12.5 of its 100 USD are left "
        "(27.5 spent, 60 reserved); it starts when others are settled, or raise its spec.limit to 127.5"
    )


async def test_of_a_budget_that_was_lowered_the_sums_say_what_has_to_be_made_up_for_too():
    fake = await FakeCluster(allowances=(replace(NONE, limit="80"),)).go_on()
    assert "0 of its 80 USD are left (27.5 spent, 60 reserved)" in fake.message("IntakeAccepted")
    assert fake.message("IntakeAccepted").endswith("raise its spec.limit to 127.5")


async def test_it_starts_once_the_money_is_set_aside():
    fake = await FakeCluster(allowances=(NONE,)).go_on()
    fake.allowances = (ALL,)
    assert (await fake.go_on()).status.state == "Delivered"


async def test_a_run_gets_the_time_that_the_reservation_buys_and_not_what_its_own_limit_would():
    """The limit was raised, the namespace's budget has not followed: 0.10 an hour, 0.05 are half an hour."""
    fake = await FakeCluster(allowances=(replace(NONE, amount=Decimal("0.05")),)).settle()
    fake.run_pods()
    await fake.settle()
    assert deadline(fake) == 1800


async def test_the_smallest_of_several_reservations_holds():
    fake = await FakeCluster(allowances=(ALL, replace(NONE, budget="dept", amount=Decimal("0.1")))).settle()
    fake.run_pods()
    await fake.settle()
    assert deadline(fake) == 3600


@pytest.mark.parametrize("others", [(), (NONE,)])
async def test_a_budget_in_another_currency_sets_nothing_aside(others):
    """Another currency is no way around the namespace's money."""
    fake = await FakeCluster(allowances=(replace(ALL, currency="EUR"), *others)).go_on()
    assert fake.reason("IntakeAccepted") == "BudgetUnreserved" and not jobs(fake, "train")


async def test_work_that_runs_goes_on_when_a_budget_is_made_that_has_nothing_left_for_it():
    """It keeps the deadline that it was started with; what comes after it waits."""
    fake = await FakeCluster().settle()
    fake.run_pods()
    await fake.settle()
    fake.allowances = (NONE,)
    await fake.go_on()
    assert fake.reason("Trained") == "Trained" and fake.reason("Evaluated") == "BudgetUnreserved"


async def test_a_paused_run_is_not_resumed_without_money():
    fake = await FakeCluster().settle()
    fake.run_pods()
    await fake.settle()
    fake.edit(suspend=True)
    await fake.settle()
    fake.allowances = (NONE,)
    fake.edit(suspend=False)
    await fake.settle()
    (job,) = jobs(fake, "train")
    assert fake.objects[job]["spec"]["suspend"] is True and fake.reason("Trained") == "BudgetUnreserved"


async def test_a_delivery_in_a_namespace_without_a_budget_has_its_own_limit_only():
    assert (await FakeCluster(spec=world.spec()).go_on()).status.state == "Delivered"
