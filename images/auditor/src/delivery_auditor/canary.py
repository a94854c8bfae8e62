"""The intake canary of a delivery: probe pool only, as the holdout is kept for the audit.

Measured by the code that `delivery-oracle canary` measures with; the verdict is the judge's.
"""

from collections.abc import Sequence

from delivery_api.evidence import Canary, Resemblance
from delivery_io.tables import Row
from delivery_measure import canary as measuring

LARGEST_POOL = measuring.LARGEST_POOL


def outcomes(task: str, train: Sequence[Row], pool: Sequence[Row], seed: str) -> dict[str, Canary | Resemblance | None]:
    """What the evidence of the audit gains: one of its two canaries."""
    if task == "Classification":
        return {"canary": measuring.of_labels(train, pool, seed)}
    measure = measuring.of_extracts if task == "Extraction" else measuring.of_texts
    return {"resemblance": measure(train, pool, seed)}
