"""Sums over all deliveries, as samples. Pure: what was held up to now is computed from the ledger and the pods there are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from delivery_api.budget import DeliveryBudget
from delivery_api.status import LedgerEntry
from delivery_operator import ledger
from delivery_operator.ledger import Witnesses
from delivery_operator.metrics.standing import NOTHING, Standing, held
from delivery_operator.observed import Pod

Labels = tuple[str, ...]
SERVING = "deploy"
"""Serving has no ledger, and is no part of what a delivery costs: its burn is told apart, at the price of its class."""
GONE, OTHER = "gone", "other"


@dataclass
class Tally:
    """Samples by metric name and label values, in the order of the catalogue's labels."""

    prices: Mapping[str, tuple[str, Decimal]]
    """AcceleratorClass to currency and price per hour: the only classes and currencies that become labels."""
    now: datetime
    samples: dict[str, dict[Labels, float]] = field(default_factory=lambda: defaultdict(dict))
    _latest: dict[tuple[str, Labels], datetime] = field(default_factory=dict)

    def add(self, metric: str, labels: Labels, value: Decimal | float) -> None:
        """Add to a sum."""
        known = self.samples[metric]
        known[labels] = known.get(labels, 0.0) + float(value)

    def highest(self, metric: str, labels: Labels, value: Decimal | float) -> None:
        """Keep the highest."""
        known = self.samples[metric]
        known[labels] = max(known.get(labels, float("-inf")), float(value))

    def latest(self, metric: str, labels: Labels, at: datetime, value: Decimal) -> None:
        """Keep what happened last."""
        if at >= self._latest.get((metric, labels), at):
            self._latest[metric, labels] = at
            self.samples[metric][labels] = float(value)

    def accelerator_class(self, name: str) -> str:
        """A class as label."""
        return name if name in self.prices else GONE

    def currency(self, code: str) -> str:
        """A currency as label."""
        return code if code in {currency for currency, _ in self.prices.values()} else OTHER


def count(tally: Tally, one: Standing, pods: Iterable[Pod], servers: int) -> None:
    """Take in one Delivery, the priced pods that it has, and the number of its servers that run."""
    here = tuple(pods)
    tally.add("delivery_objects", (one.namespace, one.stage, one.state), 1)
    for stage, verdict, reason in one.verdicts:
        tally.add("delivery_stage_verdicts", (one.namespace, stage, verdict, reason), 1)
    for guard, at in one.tbdl:
        tally.highest("delivery_tbdl_last_flagged_timestamp_seconds", (one.namespace, guard), at.timestamp())
    if one.asked_at is not None:
        waited = (tally.now - one.asked_at).total_seconds()
        tally.highest("delivery_approval_pending_seconds", (one.namespace,), max(0.0, waited))
    tally.add("delivery_overrides", (one.namespace,), int(one.by_override))
    if one.overridden_at is not None:
        when = one.overridden_at.timestamp()
        tally.highest("delivery_override_last_used_timestamp_seconds", (one.namespace,), when)
    tally.add("delivery_serving_replicas", (one.namespace,), one.replicas)
    # Nought, not nothing, where a namespace has no DeliveryBudget: an alert on what nobody serves never rings.
    for metric in ("delivery_namespace_budgets_warned", "delivery_namespace_budget_waiting"):
        tally.add(metric, (one.namespace,), 0)
    _held(tally, one, here)
    if servers and one.serves_on in tally.prices:
        hourly = tally.prices[one.serves_on][1] * one.serves_with * servers
        _burns(tally, one, SERVING, one.serves_on, one.serves_with * servers, hourly)
    if one.trained_at is not None:
        for quantity, ratio in one.foreseen:
            tally.latest("delivery_prediction_ratio", (one.namespace, quantity), one.trained_at, ratio)
    _owed(tally, one)


def _held(tally: Tally, one: Standing, pods: tuple[Pod, ...]) -> None:
    """Money and time: closed entries, and running pods up to now."""
    current = live(one, pods, tally.now)
    until_now = [held(entry, entry.finished_at or "") for entry in ledger.closed_at(current, tally.now)]
    spent = NOTHING
    for part in (*one.held, *until_now):
        spent += part.amount
        where = tally.accelerator_class(part.accelerator_class)
        tally.add("delivery_cost", (one.namespace, tally.currency(one.currency), where, part.stage), part.amount)
        tally.add("delivery_accelerator_seconds", (one.namespace, where, part.stage), part.seconds)
    for entry in current:
        if entry.finished_at is None:
            hourly = Decimal(entry.price_per_hour) * entry.accelerators
            _burns(tally, one, entry.stage, entry.accelerator_class, entry.accelerators, hourly)
    if not one.settled and one.limit > 0:
        tally.highest("delivery_budget_used_ratio", (one.namespace,), spent / one.limit)


def live(one: Standing, pods: tuple[Pod, ...], now: datetime) -> tuple[LedgerEntry, ...]:
    """Entries that the status does not have as closed, as a look would find them now: it may lag by half a minute."""
    closed = {entry.pod for entry in one.ledger if entry.finished_at}
    still_open = tuple(entry for entry in one.ledger if not entry.finished_at)
    unseen = tuple(pod for pod in pods if pod.name not in closed)
    return ledger.advance(still_open, Witnesses(one.uid, unseen, (), (), now)) if unseen or still_open else ()


def _burns(tally: Tally, one: Standing, stage: str, accelerator_class: str, accelerators: int, hourly: Decimal) -> None:
    where = tally.accelerator_class(accelerator_class)
    tally.add("delivery_hourly_cost", (one.namespace, tally.currency(one.currency), where, stage), hourly)
    tally.add("delivery_accelerators", (one.namespace, where, stage), accelerators)


def _owed(tally: Tally, one: Standing) -> None:
    """Budget, estimate and bill."""
    owes = (one.namespace, tally.currency(one.currency))
    if not one.settled:
        tally.add("delivery_budget_limit", owes, one.limit)
    cost = one.cost
    if cost is None:
        return
    for metric, amount in (
        ("delivery_estimated_cost", cost.estimate),
        ("delivery_billed_cost", cost.billed),
        ("delivery_withheld_cost", cost.withheld),
        ("delivery_saved_cost", cost.saved),
    ):
        if amount is not None:
            tally.add(metric, owes, Decimal(amount))
    if one.settled_at is not None:
        measured = Decimal(cost.accelerator_seconds) / 3600
        _predicted(tally, one, one.settled_at, "cost", Decimal(cost.amount), Decimal(cost.estimate or 0))
        _predicted(tally, one, one.settled_at, "accelerator_hours", measured, one.predicted_hours)


def purse(tally: Tally, namespace: str, budget: DeliveryBudget) -> None:
    """Take in one DeliveryBudget, as it was written last."""
    spec, status, owes = budget.spec, budget.status, (namespace, tally.currency(budget.spec.currency))
    if status is None:
        return
    limit, spent = Decimal(spec.limit), Decimal(status.spent)
    tally.add("delivery_namespace_budget_limit", owes, limit)
    tally.add("delivery_namespace_budget_spent", owes, spent)
    tally.add("delivery_namespace_budget_reserved", owes, Decimal(status.reserved))
    if limit > 0:
        tally.highest("delivery_namespace_budget_used_ratio", (namespace,), spent / limit)
    warned = any(one.type == "Warned" and one.status == "True" for one in status.conditions)
    tally.add("delivery_namespace_budgets_warned", (namespace,), int(warned))
    tally.add("delivery_namespace_budget_waiting", (namespace,), len(status.refused))


def _predicted(tally: Tally, one: Standing, at: datetime, quantity: str, measured: Decimal, predicted: Decimal) -> None:
    if predicted > 0 and measured > 0:
        tally.latest("delivery_prediction_ratio", (one.namespace, quantity), at, measured / predicted)
