"""How the sealed rows are split and ordered, before any score is seen.

The holdout is chosen by the digest of the sealed rows alone, so that deliveries over the same rows
share it and its uses can be counted. The order of the probe is keyed by the delivery, so that
nobody who wrote the rows could choose it.
"""

import hashlib
from collections.abc import Iterable

LOOK_ITEMS = 64


def _order(ids: Iterable[str], key: str) -> list[str]:
    return sorted(ids, key=lambda item: hashlib.sha256(f"{key}:{item}".encode()).digest())


def split(ids: Iterable[str], sealed_digest: str, holdout_items: int | None) -> tuple[list[str], list[str]]:
    """(holdout, probe pool) of item ids; left out, the holdout is half of them, at most 1,000."""
    ordered = _order(dict.fromkeys(ids), sealed_digest)
    size = min(len(ordered) // 2, 1000) if holdout_items is None else min(holdout_items, len(ordered))
    return ordered[:size], ordered[size:]


def probe_order(pool: Iterable[str], delivery_uid: str) -> list[str]:
    """The order in which the probe takes items: 64 fresh ones at every look."""
    return _order(pool, delivery_uid)


def look_steps(steps: int, pool: int, items: int = LOOK_ITEMS) -> tuple[int, ...]:
    """Steps after which the probe looks: at 20, 30, 40, 60, 80 and 100 %, as far as the pool has fresh items.

    Dense where a run that does not learn is caught early, sparse where a healthy one is certified
    already: the schedule is fixed before the run, so that nothing seen can move it.
    """
    planned = sorted({max(1, round(steps * share / 100)) for share in (20, 30, 40, 60, 80, 100)})
    return tuple(planned[: pool // items])
