"""Texts that are nearly the same: at most one letter in twenty changed. A hundred thousand in well under a minute.

Candidates share a band of their MinHash signatures over runs of four letters (of pairs at the limit, 998 in 1,000 do);
each is then compared letter by letter, so that nothing is called a near duplicate that is none. Memory is a signature of
512 bytes a text: bands are looked at one after the other, and a text is compared with a few of its bucket, not with all of it.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import rensa
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

NEAR = 0.95
LETTERS = 4
BANDS, ROWS = 32, 4
SEED = 1
AT_ONCE = 2_000
COMPARED = 8
"""Texts of one bucket that a text is compared with."""
Numbers = NDArray[np.int64]


def normal(text: str) -> str:
    """A text without regard to case and space."""
    return " ".join(text.casefold().split())


def alike(one: str, other: str) -> bool:
    """Whether two normal texts are nearly the same."""
    return Levenshtein.normalized_similarity(one, other, score_cutoff=NEAR) >= NEAR


def repeats(texts: Sequence[str]) -> dict[int, int]:
    """Place of each text that nearly repeats an earlier one, with the place of the earlier one; texts are normal ones."""
    found: dict[int, int] = {}
    for bucket in _buckets(_signatures(texts)):
        kept: list[int] = []
        for place in bucket.tolist():
            if place in found:
                continue
            twin = next((earlier for earlier in kept[:COMPARED] if alike(texts[earlier], texts[place])), None)
            if twin is None:
                kept.append(place)
            else:
                found[place] = twin
    return found


def shared(texts: Sequence[str], known: Sequence[str]) -> dict[int, int]:
    """Place of each text that nearly is one of the known ones, with the place of that one; texts are normal ones."""
    found: dict[int, int] = {}
    first = len(known)
    for bucket in _buckets(np.concatenate((_signatures(known), _signatures(texts)))):
        inside = bucket[bucket < first].tolist()[:COMPARED]
        if not inside:
            continue
        for place in (bucket[bucket >= first] - first).tolist():
            if place not in found:
                twin = next((one for one in inside if alike(known[one], texts[place])), None)
                if twin is not None:
                    found[place] = twin
    return found


def _signatures(texts: Sequence[str]) -> NDArray[np.uint32]:
    """MinHash of the runs of letters of each text, [texts, bands * rows]."""
    signatures = np.empty((len(texts), BANDS * ROWS), dtype=np.uint32)
    for start in range(0, len(texts), AT_ONCE):
        part = texts[start : start + AT_ONCE]
        runs = [[text[at : at + LETTERS] for at in range(max(1, len(text) - LETTERS + 1))] for text in part]
        signatures[start : start + len(part)] = rensa.RMinHash.digests_from_token_sets(runs, BANDS * ROWS, SEED)
    return signatures


def _buckets(signatures: NDArray[np.uint32]) -> Iterator[Numbers]:
    """Places that share a band, in order, two or more at a time; band after band."""
    for band in range(0, signatures.shape[1], ROWS):
        halves = np.ascontiguousarray(signatures[:, band : band + ROWS]).view(np.uint64)
        order = np.lexsort((np.arange(len(halves)), halves[:, 1], halves[:, 0]))
        sorted_halves = halves[order]
        ends = np.flatnonzero((sorted_halves[1:] != sorted_halves[:-1]).any(axis=1)) + 1
        sizes = np.diff(np.concatenate(([0], ends, [len(order)])))
        starts = np.concatenate(([0], ends))
        for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
            yield order[start : start + size]
