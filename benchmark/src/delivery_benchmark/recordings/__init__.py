"""Recordings: what real runs left behind, by the name BASE/ARM; chosen by what the driver wrote."""

from __future__ import annotations

from typing import cast

from delivery_benchmark.recordings.generated import PUBLISHED, generated
from delivery_benchmark.recordings.model import Arm, Recording
from delivery_benchmark.recordings.tbdl import ARMS, BASE, recorded

__all__ = ["Recording", "named", "names"]


def names() -> tuple[str, ...]:
    """All there are."""
    return tuple(f"{base}/{arm}" for base in (BASE, *PUBLISHED) for arm in (*ARMS, "format"))


def named(name: str, seed: int = 1) -> Recording:
    """The recording of a name and a seed; KeyError says which there are."""
    if name not in names():
        raise KeyError(f"There is no recording {name}; there are {', '.join(names())}")
    base, _, arm = name.partition("/")
    found = without_format(_of(base, "correct", seed)) if arm == "format" else _of(base, cast(Arm, arm), seed)
    return found.model_copy(update={"name": name})


def _of(base: str, arm: Arm, seed: int) -> Recording:
    return recorded(arm, seed) if base == BASE else generated(base, arm, seed)


def without_format(run: Recording) -> Recording:
    """The same run whose free answers are all wrong: right when constrained, useless as customers call it."""
    lost = tuple(item.model_copy(update={"free": 0.0}) for item in run.holdout)
    return run.model_copy(update={"holdout": lost, "source": f"{run.source}; free answers lost"})
