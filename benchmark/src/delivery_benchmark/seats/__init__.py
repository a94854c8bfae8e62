"""Who sits in the engineer's seat. A seat is a function of the tools and a seed; it returns when it is done."""

from __future__ import annotations

from collections.abc import Callable

from delivery_benchmark.seats import null
from delivery_benchmark.seats.oracle import oracle
from delivery_benchmark.tools import Tools

Seat = Callable[[Tools, int], None]
NULLS: dict[str, Seat] = {
    "do-nothing": null.do_nothing,
    "always-deploy": null.always_deploy,
    "always-refuse": null.always_refuse,
    "random": null.at_random,
    "configurator-only": null.configurator_only,
}
SEATS: dict[str, Seat] = NULLS | {"oracle": oracle}
