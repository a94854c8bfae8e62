"""What is left for machines to read: `out/demo.json`, whose keys the tests and the README depend on."""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from delivery_api.delivery import Delivery
from delivery_api.status import CostStatus, DeliveryStatus

from .narrator import Step
from .view import View


@dataclass(frozen=True)
class Outcome:
    """How one delivery ended."""

    delivery: Delivery
    view: View
    operator_writes: int | None

    @property
    def status(self) -> DeliveryStatus:
        return self.delivery.status or DeliveryStatus()

    @property
    def cost(self) -> CostStatus:
        return self.status.cost or CostStatus(currency=self.view.currency)

    def as_json(self) -> dict[str, Any]:
        """Numbers are JSON numbers; what was never settled or measured is null."""
        return {
            "name": self.view.name,
            "stages": [
                {"name": row.stage, "verdict": row.verdict, "reason": row.reason, "seconds": round(row.seconds, 1)}
                for row in self.view.rows
            ],
            "acceleratorSeconds": float(self.cost.accelerator_seconds),
            "cost": float(self.cost.amount),
            "billed": None if self.cost.billed is None else float(self.cost.billed),
            "gain": None if self.status.gain is None else float(self.status.gain),
            "operatorWrites": self.operator_writes,
            "ledger": [entry.model_dump(mode="json", by_alias=True, exclude_none=True) for entry in self.cost.ledger],
        }

    def cost_line(self) -> str:
        """The money in one line."""
        cost = self.cost
        saved = f", saved {cost.saved} by stopping early" if cost.saved and Decimal(cost.saved) > 0 else ""
        return (
            f"{cost.accelerator_seconds} accelerator-seconds, {cost.amount} {cost.currency}: "
            f"billed {cost.billed or '0'}, withheld {cost.withheld or '0'}{saved}"
        )


def write(path: Path, seconds: float, steps: list[Step], outcomes: list[Outcome]) -> None:
    """Write demo.json."""
    record = {
        "seconds": round(seconds, 1),
        "steps": [{"name": step.name, "seconds": round(step.seconds, 1)} for step in steps],
        "deliveries": [outcome.as_json() for outcome in outcomes],
    }
    path.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
