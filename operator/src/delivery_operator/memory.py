"""Judgements that are costly and the same at every pass, kept by all that they depend on.

A pass recomputes every verdict from its evidence. What a judge says depends on nothing but its arguments, so
what it said about the same bytes and the same spec may be said again without being computed again.
"""

from collections import OrderedDict
from collections.abc import Callable

from delivery_api.finding import Finding

LARGEST = 2048
_kept: OrderedDict[tuple[str, ...], Finding] = OrderedDict()


def remembered(key: tuple[str, ...], judge: Callable[[], Finding]) -> Finding:
    """What `judge` says; `key` holds the digest of everything that it looks at."""
    found = _kept.get(key)
    if found is None:
        found = _kept[key] = judge()
        if len(_kept) > LARGEST:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(key)
    return found
