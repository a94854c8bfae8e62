"""The clean probe of a training run of your own: fresh sealed items at every look, judged by the oracle from the record.

The probe records what it sees as the same evidence that a worker of a delivery leaves; the outcome is recomputed from
the whole record at every look by the oracle's core, which knows no model.
"""

from __future__ import annotations

import json
import math
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from delivery_api import sealed
from delivery_api.digests import digest
from delivery_api.evidence import Look, Outcome, Step, TrainEvidence
from delivery_oracle import probe
from delivery_oracle.statistics.eprocess import Process, ramp, wealth
from delivery_oracle.training.items import Item

FEW_LOOKS_ITEMS = 128
Scores = Callable[[Sequence[Item]], Sequence[float]]


class Probe:
    """A clean probe for any training loop.

    `items` are sealed rows by their id; they must not be trained on. `margin` is the smallest gain over the base that the
    run is for, fixed before it starts. `steps` are the optimizer steps planned. `look_items` are the fresh items of one
    look, by default 128 where the pool has enough of them for every look and 64 otherwise. `key` orders the items; it
    must not be known to whoever chose them, and is drawn when left out.
    """

    def __init__(
        self,
        items: dict[str, Item],
        *,
        margin: float,
        steps: int,
        look_items: int | None = None,
        key: str | None = None,
        alpha_flag: float = probe.ALPHA_FLAG,
        alpha_certify: float = probe.ALPHA_CERTIFY,
    ) -> None:
        if not 0.0 < margin < 1.0:
            raise ValueError(f"margin={margin} is not inside (0, 1); give the smallest gain in score that the run is for")
        if steps < 1:
            raise ValueError(f"steps={steps}; give the optimizer steps that the run plans")
        self.margin, self.steps = margin, steps
        self.alpha_flag, self.alpha_certify = alpha_flag, alpha_certify
        self.key = key or secrets.token_hex(8)
        self._items = items
        self.order = tuple(sealed.probe_order(items, self.key))
        self.look_items = look_items or usual_look(steps, len(items))
        self.planned = sealed.look_steps(steps, len(items), self.look_items)
        if not self.planned:
            raise ValueError(f"{len(items)} sealed rows are too few for one look of {self.look_items}; give more of them")
        self._base: dict[str, float] = {}
        inputs = digest({"order": self.order, "margin": margin, "steps": steps})
        self.evidence = TrainEvidence(
            delivery_uid=self.key,
            inputs=inputs,
            attempt=1,
            pod="local",
            sealed_digest=digest(sorted(items)),
            planned_steps=steps,
        )
        self.assessment = self._assess()

    @property
    def outcome(self) -> probe.Outcome:
        """What is known so far: NotLearning, Learning or Undecided."""
        return self.assessment.outcome

    @property
    def counted(self) -> int:
        """Items that the gain is over: after a flag, those up to it."""
        seen = self.assessment
        flagged = seen.outcome is probe.Outcome.NOT_LEARNING and seen.decided_at is not None
        return sum(step <= (seen.decided_at or 0) for step in seen.steps) * self.look_items if flagged else seen.items

    @property
    def warning(self) -> str | None:
        """Said before the run: what these looks cannot show, however it goes."""
        warmup = round(probe.WARMUP_SHARE * self.steps)
        floors = np.repeat([ramp(step, warmup, self.steps, self.margin) for step in self.planned], self.look_items)
        if wealth(Process.FLAG, np.zeros(floors.size), floors).last >= -math.log(self.alpha_flag):
            return None
        return (
            f"{floors.size} sealed rows at a margin of {self.margin:g} cannot flag even a run that changes no answer; "
            "give more rows or a larger margin"
        )

    @property
    def knows_base(self) -> bool:
        """Whether the base was scored."""
        return bool(self._base)

    def due(self, step: int) -> bool:
        """Whether a look is planned after this step and was not taken."""
        return step in self.planned and all(look.step != step for look in self.evidence.looks)

    def log(self, step: int, loss: float | None = None, grad_norm: float | None = None, learning_rate: float = 0.0) -> None:
        """Record a training signal, for the picture; no outcome depends on it."""
        signals = {
            name: value if value is not None and math.isfinite(value) else None
            for name, value in (("loss", loss), ("grad_norm", grad_norm))
        }
        taken = Step(step=step, learning_rate=learning_rate, tokens=0, seconds=0.0, **signals)
        self.evidence = self.evidence.model_copy(update={"steps": (*self.evidence.steps, taken)})

    def score_base(self, scores: Scores) -> None:
        """Score the base on all items that the looks will ask, before training changes it.

        Not needed where the base stays at hand, as under an adapter.
        """
        asked = [self._items[item] for item in self.order[: len(self.planned) * self.look_items]]
        self._base = {item.id: score for item, score in zip(asked, checked(scores(asked), asked), strict=True)}

    def look(self, step: int, candidate: Scores, base: Scores | None = None) -> probe.Assessment:
        """One look: the next fresh items, answered by the candidate and by the base, and the outcome over all looks.

        Scores are in [0, 1], one an item. `base` is left out after `score_base`.
        """
        number = len(self.evidence.looks)
        asked = [self._items[item] for item in self.order[number * self.look_items : (number + 1) * self.look_items]]
        if len(asked) < self.look_items:
            raise ValueError(f"no fresh sealed rows are left for a look at step {step}; looks are planned at {self.planned}")
        started = time.monotonic()
        if base is None and not self._base:
            raise ValueError("the base was never scored; call score_base before training, or give base=")
        before = checked(base(asked), asked) if base is not None else [self._base[item.id] for item in asked]
        now = checked(candidate(asked), asked)
        items = tuple(Outcome(id=item.id, base=b, candidate=c) for item, b, c in zip(asked, before, now, strict=True))
        seen = Look(step=step, items=items, seconds=round(time.monotonic() - started, 3))
        self.evidence = self.evidence.model_copy(update={"looks": (*self.evidence.looks, seen)})
        self.assessment = self._assess()
        return self.assessment

    def _assess(self) -> probe.Assessment:
        return probe.assess(
            [self.evidence],
            margin=self.margin,
            planned_steps=self.steps,
            pool=self.order,
            alpha_flag=self.alpha_flag,
            alpha_certify=self.alpha_certify,
        )

    def save(self, path: Path) -> None:
        """Write the record: evidence that the outcome can be recomputed from, and the base's scores for a run that resumes."""
        evidence = self.evidence.model_dump(mode="json", by_alias=True)
        path.write_text(json.dumps({"evidence": evidence, "base": self._base}, indent=1))

    def restore(self, path: Path) -> bool:
        """Go on from a record of the same items, margin and steps; False, and nothing changed, when it is of another run."""
        record = json.loads(path.read_text())
        found = TrainEvidence.model_validate(record["evidence"])
        order = tuple(sealed.probe_order(self._items, found.delivery_uid))
        if found.inputs != digest({"order": order, "margin": self.margin, "steps": self.steps}):
            return False
        self.key, self.order, self.evidence, self._base = found.delivery_uid, order, found, record["base"]
        self.assessment = self._assess()
        return True


def usual_look(steps: int, pool: int) -> int:
    """Items of a look: 128 where the pool has them for every look, as there are fewer than 15 looks; else 64."""
    looks = len(sealed.look_steps(steps, pool, 1))
    return FEW_LOOKS_ITEMS if looks * FEW_LOOKS_ITEMS <= pool else sealed.LOOK_ITEMS


def checked(scores: Sequence[float], asked: Sequence[Item]) -> list[float]:
    """Scores as numbers, one an item and in [0, 1]."""
    if len(scores) != len(asked):
        raise ValueError(f"{len(scores)} scores for {len(asked)} items; return one an item, in their order")
    values = [float(score) for score in scores]
    bad = next((number for number, value in enumerate(values) if not 0.0 <= value <= 1.0), None)
    if bad is not None:
        raise ValueError(f"score {values[bad]} of item {asked[bad].id} is not in [0, 1]; scale the metric")
    return values
