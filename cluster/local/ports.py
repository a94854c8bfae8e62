"""Free ports for clusters side by side, below the range the kernel hands out to clients."""

from __future__ import annotations

import random
import socket

FIRST, LAST = 20000, 32000


def free(count: int) -> list[int]:
    """Distinct loopback ports nobody listens on now."""
    found: list[int] = []
    for port in random.SystemRandom().sample(range(FIRST, LAST), LAST - FIRST):
        if len(found) == count:
            break
        if _is_free(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
