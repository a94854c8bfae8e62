"""What a worker would record for a task: the oracle's healthy evidence, fitted to the task, and ways to spoil it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from delivery_api import papers
from delivery_api.evidence import EvidenceCommon, Problem, ServedAnswer, SignEvidence
from delivery_api.tasks import AuditTask, EvaluateTask, SignTask, Task, TrainTask, VerifyTask
from tests.oracle import world


@dataclass(frozen=True)
class Play:
    """How the workers of one delivery fare."""

    arm: str = "healthy"
    """healthy, permute (labels renamed: the canary hears it) or noise (found by the clean probe)."""
    deaths: dict[tuple[str, int], str] = field(default_factory=dict)
    """(stage, attempt) to how its pod ends: evict, kill, oom, vanish, silent, mismatch, corrupt, partial, overflow, image,
    or problem:KIND@FIELD."""
    wins: int = 180
    """Holdout items that the candidate wins."""
    changes: dict[str, Any] = field(default_factory=dict)
    """Fields of whatever evidence has them, with other values."""
    signs: Callable[[SignTask], dict[str, Any]] | None = None
    """Signs for real; returns the fields of its evidence."""
    answer: str = "label_2"
    """What the served endpoint answers: label_2 is the candidate's, label_1 the base's."""


def dies(stage: str, how: str, times: int = 1) -> Play:
    """The first attempts of a stage end in this way."""
    return Play(deaths={(stage, attempt): how for attempt in range(1, times + 1)})


def evidence(task: Task, pod: str, play: Play, steps: int | None = None) -> EvidenceCommon:
    """Complete evidence of a task; with `steps` a training run that is so far."""
    made = _healthy(task, pod, play, steps)
    return made.model_copy(update={name: value for name, value in play.changes.items() if name in type(made).model_fields})


def _healthy(task: Task, pod: str, play: Play, steps: int | None) -> EvidenceCommon:
    if isinstance(task, AuditTask):
        return _audit(task, pod, play)
    if isinstance(task, TrainTask):
        return _train(task, pod, play, steps)
    if isinstance(task, EvaluateTask):
        return world.evaluate(items=world.outcomes(wins=play.wins), **_common(task, pod))
    if isinstance(task, SignTask):
        stored = dict.fromkeys(papers.ALL, world.SHA["other"])
        said = {"artifact_digest": task.artifact.rpartition("@")[2], "key_id": "k" * 64, "referrers": stored}
        return SignEvidence(complete=True, **(play.signs(task) if play.signs else said), **_common(task, pod))
    assert isinstance(task, VerifyTask)
    answers = tuple(ServedAnswer(id=item, constrained=play.answer, free=play.answer) for item in task.items)
    made = world.verify(answer=play.answer, **_common(task, pod))
    return made.model_copy(update={"answers": answers, "planned_items": len(answers)})


def _common(task: AuditTask | TrainTask | EvaluateTask | VerifyTask | SignTask, pod: str) -> dict[str, Any]:
    return {"delivery_uid": task.delivery_uid, "inputs": task.inputs, "attempt": task.attempt, "pod": pod, "seconds": 100.0}


def _audit(task: AuditTask, pod: str, play: Play) -> EvidenceCommon:
    heard = world.canary(train=0.02) if play.arm == "permute" else world.canary()
    return world.audit(canary=heard if task.canary else None, **_common(task, pod))


def _train(task: TrainTask, pod: str, play: Play, steps: int | None) -> EvidenceCommon:
    planned = task.config.steps or 1
    done = planned if steps is None else steps
    wins, losses = (3, 4) if play.arm == "noise" else (30, 1)
    looks = tuple(
        world.look(step, wins=wins, losses=losses, start=number * task.look_items)
        for number, step in enumerate(task.look_steps)
        if step <= done
    )
    whole = done >= planned
    return world.train(
        steps=world.steps(done),
        looks=looks,
        planned_steps=planned,
        complete=whole,
        artifact=world.artifact() if whole else None,
        **_common(task, pod),
    )


def problem(said: str) -> Problem:
    """A worker's own account of why it could not go on: KIND, or KIND@FIELD."""
    kind, _, field = said.partition("@")
    where = field or "spec.terms.data.train"
    return Problem.model_validate({"kind": kind, "field": where, "message": f"cannot be used ({kind}); mend it"})
