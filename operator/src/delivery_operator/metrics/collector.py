"""The state of all deliveries, computed from the watch caches when somebody scrapes.

Nothing is counted in the pass that can be read from the world: a restart forgets nothing, a second replica
doubles nothing, and burn needs no write of a status.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from delivery_api import names
from delivery_api.budget import DeliveryBudget
from delivery_operator import reading
from delivery_operator.manifests.serving import SERVES
from delivery_operator.metrics import tally
from delivery_operator.metrics.catalogue import STATE
from delivery_operator.metrics.standing import Standing, standing
from delivery_operator.metrics.tally import Tally

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sources:
    """The watch caches, as far as metrics need them."""

    is_leader: Callable[[], bool]
    """Only the leader looks at deliveries, and only one replica may tell of them."""
    deliveries: Callable[[], Iterable[Raw]]
    pods_of: Callable[[str], Iterable[Raw]]
    classes: Callable[[], Iterable[Raw]]
    now: Callable[[], datetime]
    budgets: Callable[[], Iterable[Raw]] = lambda: ()


class StateCollector(Collector):
    """The gauges of `catalogue.STATE`."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._known: dict[str, tuple[str, Standing]] = {}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All families that have samples."""
        samples = self._tally().samples if self._sources.is_leader() else {}
        for metric in STATE:
            family = GaugeMetricFamily(metric.name, metric.about, labels=metric.labels)
            for labels, value in sorted(samples.get(metric.name, {}).items()):
                family.add_metric(labels, value)
            yield family

    def _tally(self) -> Tally:
        made = Tally({one["metadata"]["name"]: _price(one) for one in self._sources.classes()}, self._sources.now())
        for one in self._standings():
            pods = list(self._sources.pods_of(one.uid))
            priced = [reading.pod(raw) for raw in pods if names.PRICE in (raw["metadata"].get("annotations") or {})]
            tally.count(made, one, priced, sum(map(_serves, pods)))
        for raw in self._sources.budgets():
            tally.purse(made, raw["metadata"]["namespace"], DeliveryBudget.model_validate(raw))
        return made

    def _standings(self) -> list[Standing]:
        """Every Delivery; one whose status did not change is not read again."""
        fresh: dict[str, tuple[str, Standing]] = {}
        for raw in self._sources.deliveries():
            uid, version = raw["metadata"]["uid"], raw["metadata"].get("resourceVersion", "")
            known = self._known.get(uid)
            fresh[uid] = known if known and known[0] == version else (version, standing(raw))
        self._known = fresh
        return [one for _, one in fresh.values()]


def _price(accelerator_class: Raw) -> tuple[str, Decimal]:
    spec = accelerator_class["spec"]
    return spec.get("currency", "USD"), Decimal(spec["pricePerHour"])


def _serves(raw: Raw) -> bool:
    """A pod of the servers that holds its accelerators: it runs, whether or not it is ready."""
    labels = raw["metadata"].get("labels") or {}
    return labels.get(SERVES) == "true" and raw.get("status", {}).get("phase") == "Running"
