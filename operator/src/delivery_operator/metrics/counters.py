"""What this replica does, counted where it happens. Names and labels come from the catalogue."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from delivery_operator.metrics import catalogue
from delivery_operator.metrics.catalogue import Metric

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
OK = "success"


def _counter(metric: Metric) -> Counter:
    return Counter(metric.name.removesuffix("_total"), metric.about, metric.labels, registry=REGISTRY)


def _gauge(metric: Metric) -> Gauge:
    return Gauge(metric.name, metric.about, metric.labels, registry=REGISTRY)


PASSES = _counter(catalogue.PASSES)
PASS_SECONDS = Histogram(
    catalogue.PASS_SECONDS.name, catalogue.PASS_SECONDS.about, catalogue.PASS_SECONDS.labels, registry=REGISTRY
).labels("delivery")
WRITES = _counter(catalogue.WRITES)
REQUEST_ERRORS = _counter(catalogue.REQUEST_ERRORS)
VERDICTS = _counter(catalogue.VERDICTS)
FAULTS = _counter(catalogue.FAULTS)
QUEUE_DEPTH = _gauge(catalogue.QUEUE_DEPTH).labels("delivery")
LEADER = _gauge(catalogue.LEADER).labels("delivery-operator")
WATCH_AGE = _gauge(catalogue.WATCH_AGE)
DELETED_ANCHORS = _counter(catalogue.DELETED_ANCHORS)
