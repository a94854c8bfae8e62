"""Metrics, with labels from enums only: never a name, a digest or a message."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

PASSES = Counter("delivery_passes", "Looks at a Delivery", ["result"], registry=REGISTRY)
PASS_SECONDS = Histogram("delivery_pass_duration_seconds", "Time of one look", registry=REGISTRY)
WRITES = Counter("delivery_api_writes", "Requests that change something", ["verb"], registry=REGISTRY)
REQUEST_ERRORS = Counter("delivery_api_errors", "Requests that failed", ["code"], registry=REGISTRY)
VERDICTS = Counter("delivery_verdicts", "Changed verdicts", ["stage", "verdict", "reason"], registry=REGISTRY)
FAULTS = Counter("delivery_internal_errors", "Faults of the operator", ["stage"], registry=REGISTRY)
QUEUE_DEPTH = Gauge("delivery_queue_depth", "Deliveries that wait for a look", registry=REGISTRY)
LEADER = Gauge("delivery_leader", "1 while this replica leads", registry=REGISTRY)
WATCH_AGE = Gauge("delivery_watch_age_seconds", "Time since a watch was last heard", ["kind"], registry=REGISTRY)
DELETED_ANCHORS = Counter("delivery_collected_anchors", "Anchors whose Delivery was gone", registry=REGISTRY)
