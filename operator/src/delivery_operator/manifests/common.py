"""Labels and names that all children share, and Kubernetes quantities."""

from collections.abc import Mapping

from delivery_api import names
from delivery_api.digests import short
from delivery_operator.observed import Observed

LABEL_DIGITS = 40


def label(text: str) -> str:
    """A text as a label value: at most 63 characters."""
    return text[:63].strip("-._")


def inputs_label(inputs: str) -> str:
    """The first digits of an inputs digest, as a label value."""
    return short(inputs, LABEL_DIGITS)


def owner_labels(observed: Observed) -> dict[str, str]:
    """Labels that say which Delivery an object belongs to."""
    return {
        "app.kubernetes.io/managed-by": names.MANAGED_BY,
        names.DELIVERY: label(observed.key.name),
        names.DELIVERY_NAMESPACE: label(observed.key.namespace),
        names.DELIVERY_UID: observed.uid,
    }


def owned(observed: Observed) -> list[dict[str, object]]:
    """The owner reference of every child in the work namespace."""
    return [{"apiVersion": "v1", "kind": "ConfigMap", "name": names.anchor(observed.uid), "uid": observed.anchor_uid}]


def work_labels(observed: Observed, stage: str, inputs: str, attempt: int) -> dict[str, str]:
    """Labels of a piece of work and its pods."""
    return {
        **owner_labels(observed),
        names.STAGE: stage,
        names.INPUTS: inputs_label(inputs),
        names.ATTEMPT: str(attempt),
    }


def times(quantity: str, count: int) -> str:
    """A CPU or extended-resource quantity times a number, in the API server's own notation."""
    if not quantity.endswith("m"):
        return str(int(quantity) * count)
    milli = int(quantity[:-1]) * count
    return f"{milli}m" if milli % 1000 else str(milli // 1000)


def memory(size: int) -> str:
    """Bytes as a memory quantity in the API server's own notation, so that what it stores is what was asked for."""
    units = size // 2**20
    for suffix in ("Mi", "Gi", "Ti"):
        if units % 1024 or suffix == "Ti":
            break
        units //= 1024
    return f"{units}{suffix}"


def matches(wanted: object, seen: object) -> bool:
    """Whether all that is wanted is so in what is seen; what the API server adds does not matter."""
    if isinstance(wanted, Mapping):
        return isinstance(seen, Mapping) and all(matches(value, seen.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list | tuple):
        if not isinstance(seen, list | tuple) or len(wanted) != len(seen):
            return False
        return all(matches(one, other) for one, other in zip(wanted, seen, strict=True))
    return wanted == seen
