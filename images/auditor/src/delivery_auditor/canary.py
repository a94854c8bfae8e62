"""Raw outcomes of the intake canary: whose label would a nearest neighbour give to each item?

Neighbours by TF-IDF of words and pairs of words. Probe pool only: the holdout is kept for the audit.
Whether labels are related to inputs is for the judge to say, from these label numbers.
"""

import random
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from delivery_api.evidence import Canary
from delivery_io.tables import Row

LARGEST_POOL = 4096
TRAIN_SAMPLE = 1000
CHUNK = 512


def nearest(asked: csr_matrix, known: csr_matrix, own: Sequence[int] | None = None) -> list[int]:
    """Place of the most similar known row for each asked one; `own` are the places of the asked rows themselves."""
    places: list[int] = []
    for start in range(0, asked.shape[0], CHUNK):
        alike = (asked[start : start + CHUNK] @ known.T).toarray()
        if own is not None:
            alike[np.arange(len(alike)), list(own[start : start + CHUNK])] = -1.0
        places.extend(int(place) for place in alike.argmax(axis=1))
    return places


def canary(train: Sequence[Row], pool: Sequence[Row], seed: str) -> Canary | None:
    """Labels of items and of their neighbours; None where there is nothing to compare with."""
    pool = pool[:LARGEST_POOL]
    if len(pool) < 2 or len(train) < 2:
        return None
    number = {label: place for place, label in enumerate(sorted({row.target for row in [*train, *pool]}))}
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), dtype=np.float32, token_pattern=r"(?u)\b\w+\b")
    everything = csr_matrix(vectorizer.fit_transform([row.text for row in [*train, *pool]]))
    known, asked = everything[: len(train)], everything[len(train) :]
    sample = sorted(random.Random(seed).sample(range(len(train)), min(TRAIN_SAMPLE, len(train))))

    def train_labels(places: Sequence[int]) -> tuple[int, ...]:
        return tuple(number[train[place].target] for place in places)

    def pool_labels(places: Sequence[int]) -> tuple[int, ...]:
        return tuple(number[pool[place].target] for place in places)

    return Canary(
        truth=pool_labels(range(len(pool))),
        by_train=train_labels(nearest(asked, known)),
        by_sealed=pool_labels(nearest(asked, asked, range(len(pool)))),
        train_truth=train_labels(sample),
        train_by_train=train_labels(nearest(known[sample], known, sample)),
    )
