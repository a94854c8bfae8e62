"""Scoring: ten stages of a finished trial, by the oracle's verdicts over its evidence and the scenario's gold."""

from pathlib import Path

from delivery_benchmark.scenarios import load
from delivery_benchmark.scoring.stage import StageScore, score
from delivery_benchmark.scoring.trial import Trial, read

__all__ = ["StageScore", "Trial", "read", "score", "score_folder"]


def score_folder(folder: Path) -> tuple[StageScore, ...]:
    """The ten scores of a finished trial's folder."""
    trial, record = read(folder)
    return score(load(trial.scenario), trial, record)
