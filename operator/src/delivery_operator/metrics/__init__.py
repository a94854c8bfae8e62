"""Metrics: counters of what the operator does, and the state of all deliveries computed when somebody scrapes.

Labels are members of enums, the tenant's namespace and the accelerator class: never a name, a digest or a message.
"""

from delivery_operator.metrics.counters import (
    DELETED_ANCHORS,
    FAULTS,
    LEADER,
    OK,
    PASS_SECONDS,
    PASSES,
    QUEUE_DEPTH,
    REGISTRY,
    REQUEST_ERRORS,
    VERDICTS,
    WATCH_AGE,
    WRITES,
)

__all__ = [
    "DELETED_ANCHORS",
    "FAULTS",
    "LEADER",
    "OK",
    "PASSES",
    "PASS_SECONDS",
    "QUEUE_DEPTH",
    "REGISTRY",
    "REQUEST_ERRORS",
    "VERDICTS",
    "WATCH_AGE",
    "WRITES",
]
