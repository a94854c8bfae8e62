"""The score of one answer, in [0, 1]. The same for probe, audit and served endpoint."""

from collections import Counter
from typing import Literal

Metric = Literal["Accuracy", "ExactMatch", "F1"]


def _f1(answer: str, target: str) -> float:
    said, wanted = answer.split(), target.split()
    common = sum((Counter(said) & Counter(wanted)).values())
    return 2 * common / (len(said) + len(wanted)) if common else 0.0


def score(answer: str, target: str, metric: Metric) -> float:
    """Accuracy and ExactMatch: the texts are equal. F1: overlap of words."""
    if metric == "F1":
        return _f1(answer.strip(), target.strip())
    return float(answer.strip() == target.strip())
