"""The pass over a DeliveryBudget: observe once, decide purely, write once; a second one over the same world writes nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from delivery_api.budget import DeliveryBudgetStatus
from delivery_operator import budgets, metrics
from delivery_operator.budgets import Purse
from delivery_operator.errors import DeliveryError
from delivery_operator.observed import Key


class Treasury(Protocol):
    """DeliveryBudgets, in two verbs."""

    async def observe(self, key: Key, now: datetime) -> Purse | None:
        """One DeliveryBudget and all that draws on it; None when it does not exist."""

    async def write(self, seen: Purse, new: DeliveryBudgetStatus) -> None:
        """Replace the status, if the budget is as observed."""


class Treasurer:
    """Looks at one DeliveryBudget at a time."""

    def __init__(self, treasury: Treasury, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._treasury, self._now = treasury, now

    async def look(self, key: Key) -> float | None:
        """One pass; time alone changes nothing of a budget."""
        try:
            seen = await self._treasury.observe(key, self._now())
            if seen is not None and (new := budgets.decide(seen)) != seen.status:
                await self._treasury.write(seen, new)
        except DeliveryError as error:
            metrics.PASSES.labels("deliverybudget", type(error).__name__).inc()
            raise
        metrics.PASSES.labels("deliverybudget", metrics.OK).inc()
        return None
