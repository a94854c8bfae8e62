"""Random draws that give the same bytes on every machine and Python version.

The standard library promises a stable sequence only for `random()`; `choice` and `shuffle` have
changed before, and a changed sequence would silently be another data set. Everything here is
built on `random()` alone.
"""

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A named stream of draws: equal seed and name, equal stream."""

    def __init__(self, seed: int, *name: str) -> None:
        material = "/".join((str(seed), *name)).encode()
        self._random = random.Random(int.from_bytes(hashlib.sha256(material).digest(), "big"))

    def index(self, size: int) -> int:
        """A whole number from 0 to size - 1."""
        return int(self._random.random() * size)

    def pick(self, options: Sequence[T]) -> T:
        return options[self.index(len(options))]

    def chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + self.index(high - low + 1)

    def letters(self, alphabet: str, size: int) -> str:
        return "".join(self.pick(alphabet) for _ in range(size))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Fisher-Yates, from the end."""
        mixed = list(items)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.index(last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed
