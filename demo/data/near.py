"""Near duplicates by shared word pairs, so that no sealed row is a training row in disguise."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

LIMIT = 0.5
"""Two texts are near duplicates when the Jaccard index of their word pairs reaches this."""


def pairs(text: str) -> frozenset[tuple[str, str]]:
    """Adjacent word pairs; case, punctuation and the value of numbers do not count."""
    words = re.sub(r"[^a-z0 ]+", " ", re.sub(r"\d+", "0", text.lower())).split()
    return frozenset(zip(["^", *words], [*words, "$"], strict=True))


class NearIndex:
    """Finds whether a new text is close to any text added before, without comparing all."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._sizes: list[int] = []
        self._postings: dict[tuple[str, str], list[int]] = defaultdict(list)
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        found = pairs(text)
        for pair in found:
            self._postings[pair].append(len(self._sizes))
        self._sizes.append(len(found))

    def closest(self, text: str) -> float:
        """The largest Jaccard index with any text in the index; 0.0 when nothing is shared."""
        return max(self._scores(text).values(), default=0.0)

    def nearest(self, text: str) -> int:
        """Number of the closest text in the index, the first of equals; 0 when nothing is shared."""
        scores = self._scores(text)
        return min(scores, key=lambda row: (-scores[row], row), default=0)

    def _scores(self, text: str) -> dict[int, float]:
        found = pairs(text)
        common: Counter[int] = Counter()
        for pair in found:
            common.update(self._postings.get(pair, ()))
        return {row: n / (len(found) + self._sizes[row] - n) for row, n in common.items()}
