"""Evidence for a task, as the worker would write it that had carried out the recorded run. Raw outcomes, never verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from delivery_api.digests import digest, sha256
from delivery_api.driver import Config, Plan
from delivery_api.evidence import (
    ArtifactRecord,
    AuditEvidence,
    EvaluateEvidence,
    HoldoutOutcome,
    Look,
    Outcome,
    Overlap,
    Preflight,
    Resemblance,
    RowCounts,
    ServedAnswer,
    Step,
    TrainEvidence,
    VerifyEvidence,
)
from delivery_api.sources import Source
from delivery_api.tasks import AuditTask, EvaluateTask, TaskCommon, TrainTask, VerifyTask
from delivery_benchmark.recordings.model import Recording, Scored
from delivery_benchmark.recordings.shape import Shape, items
from delivery_oracle.configurator import architecture

CANARY_TEXTS = 300


@dataclass(frozen=True)
class Replay:
    """One recording over one customer's data."""

    run: Recording
    shape: Shape

    def audit(self, task: AuditTask, pod: str) -> AuditEvidence:
        """What the auditor measures under this reading of the columns."""
        shape, run, fields = self.shape, self.run, task.fields
        holdout, probe = self._items(task)
        labels = shape.labels_in(fields.target) if task.task == "Classification" else {}
        heard = task.canary and task.task == "Classification"
        return AuditEvidence(
            train_digest=file_digest(task.train),
            sealed_digest=file_digest(task.sealed),
            columns=shape.columns or (fields.input, fields.target),
            train=RowCounts(rows=shape.train_rows, empty=0, duplicates=0, conflicting=0),
            sealed=RowCounts(rows=shape.sealed_rows, empty=0, duplicates=0, conflicting=0),
            labels=labels,
            targets_in_input=shape.contained(fields.input, fields.target) if task.task == "Extraction" else None,
            overlap=Overlap(exact=shape.leaks, near=0),
            personal_data=dict(shape.personal_data),
            holdout=holdout,
            probe=probe,
            lengths=run.lengths,
            supervised_tokens=run.supervised_tokens,
            context_length=run.context_length,
            architecture=run.architecture,
            base_bytes=run.base_bytes,
            has_chat_template=True,
            canary=run.canary if heard else None,
            resemblance=resemblance(run.related) if task.canary and not heard else None,
            **_common(task, pod, 30.0),
        )

    def train(self, task: TrainTask, pod: str, seconds_a_step: float, upto: int | None = None) -> TrainEvidence:
        """The run up to a step, or whole."""
        planned = task.config.steps or 1
        done = planned if upto is None else min(upto, planned)
        whole = done >= planned
        steps = self._steps(task, done, seconds_a_step)
        return TrainEvidence(
            train_digest=file_digest(task.train),
            sealed_digest=file_digest(task.sealed),
            preflight=preflight(self.run, task.plan, task.config),
            steps=steps,
            looks=tuple(self._looks(task, done)),
            planned_steps=planned,
            artifact=self.artifact(task) if whole else None,
            peak_memory_bytes=self.run.peak_memory_bytes,
            tokens_per_second=self.run.tokens_a_step / seconds_a_step,
            **_common(task, pod, done * seconds_a_step, whole),
        )

    def evaluate(self, task: EvaluateTask, pod: str, reached: float = 1.0) -> EvaluateEvidence:
        """The holdout, scored; `reached` is how far the run had come towards the recorded end."""
        ids, _ = self._items(task)
        scored = islice(cycle(self.run.holdout), len(ids))
        outcomes = [
            _outcome(name, one, task.labels, place, reached) for place, (name, one) in enumerate(zip(ids, scored, strict=False))
        ]
        return EvaluateEvidence(
            sealed_digest=file_digest(task.sealed),
            artifact_digest=task.artifact.uri.rpartition("@")[2],
            base_digest=sha256(task.base.uri),
            prompt_digest=self.run.preflight.prompt_digest,
            engine=self.run.engine,
            items=tuple(outcomes),
            planned_items=len(outcomes),
            stopped_free=len(outcomes),
            **_common(task, pod, 90.0),
        )

    def verify(self, task: VerifyTask, pod: str, audited: EvaluateEvidence) -> VerifyEvidence:
        """The served endpoint answers as the audited candidate."""
        said = {item.id: item.candidate_answer or "" for item in audited.items}
        answers = tuple(ServedAnswer(id=name, constrained=said[name], free=said[name]) for name in task.items)
        return VerifyEvidence(
            url=task.url, model_name=task.model_name, planned_items=len(answers), answers=answers, **_common(task, pod, 20.0)
        )

    def reached(self, config: Config) -> float:
        """Share of the recorded run that a run of this config comes to: fewer rows, less of it."""
        rows = (config.steps or 1) * (config.micro_batch_size or 1) * (config.accumulation_steps or 1)
        return min(1.0, rows / self.run.rows_seen)

    def artifact(self, task: TrainTask) -> ArtifactRecord:
        """What is pushed; its digest follows from what was run."""
        run, plan = self.run, task.plan
        made = digest({"recording": run.name, "inputs": task.inputs})
        full, trained = plan.method == "Full", preflight(run, plan, task.config).trainable_parameters
        merged = plan.artifact == "Merged" or full
        return ArtifactRecord(
            digest=made,
            uri=f"{task.output.repository}@{made}",
            kind="Merged" if merged else "Adapter",
            bytes=run.base_bytes if merged else 4 * trained,
            adapter_digest=None if full else digest({"adapter": made}),
            adapter_bytes=0 if full else 4 * trained,
            adapter_norm=0.0 if full else run.adapter_norm,
            merge_dtype="float32" if merged and not full else None,
        )

    def _items(self, task: TaskCommon) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return items(file_digest(task.sealed), self.shape.sealed_rows, task.holdout_items, task.delivery_uid)

    def _steps(self, task: TrainTask, done: int, seconds: float) -> tuple[Step, ...]:
        planned, share, run = task.config.steps or 1, self.reached(task.config), self.run
        peak, warm = float(task.config.learning_rate or "1e-3"), task.config.warmup_steps or 0
        made = []
        for step in range(1, done + 1):
            place = min(len(run.losses) - 1, int(share * step / planned * len(run.losses)))
            rate = peak * (step / warm if step <= warm else (planned - step) / max(1, planned - warm))
            made.append(
                Step(
                    step=step,
                    loss=run.losses[place],
                    grad_norm=run.grad_norms[place],
                    learning_rate=rate,
                    tokens=round(run.tokens_a_step),
                    seconds=round(seconds, 4),
                )
            )
        return tuple(made)

    def _looks(self, task: TrainTask, done: int) -> list[Look]:
        """Looks at the task's own steps, each at the nearest recorded one; items are fresh, in their order."""
        planned, share = task.config.steps or 1, self.reached(task.config)
        _, pool = self._items(task)
        made = []
        for number, step in enumerate(step for step in task.look_steps if step <= done):
            at = share * step / planned
            seen = min(self.run.looks, key=lambda look: abs(look.at - at))
            begin = number * task.look_items
            ids = pool[begin : begin + task.look_items]
            pairs = islice(cycle(seen.pairs), begin, begin + len(ids))
            outcomes = tuple(Outcome(id=name, base=b, candidate=c) for name, (b, c) in zip(ids, pairs, strict=True))
            made.append(Look(step=step, items=outcomes, seconds=9.0))
        return made


def file_digest(source: Source) -> str:
    """Digest that a source pins, of the file or else of the artifact it is in."""
    return source.digest or (source.uri.rpartition("@")[2] if "@sha256:" in source.uri else sha256(source.uri))


def preflight(run: Recording, plan: Plan, config: Config) -> Preflight:
    """The recorded preflight with the sizes that this plan and config make."""
    net = architecture.read(run.architecture)
    full = plan.method == "Full"
    trained = (
        net.parameters if full else net.adapter_parameters(config.rank or 16, config.targets or (architecture.ALL_LINEAR,))
    )
    update: dict[str, Any] = {"trainable_parameters": trained, "expected_trainable_parameters": trained}
    return run.preflight.model_copy(update=update | {"layers_adapted": 0 if full else run.preflight.layers})


def resemblance(related: bool) -> Resemblance:
    """The canary over texts, whose likeness by chance is 0.3: sealed items are alike, training rows are or are not."""

    def around(mean: float) -> tuple[float, ...]:
        return tuple(mean + (0.1 if place % 2 else -0.1) for place in range(CANARY_TEXTS))

    return Resemblance(
        way="Neighbours",
        by_train=around(0.8 if related else 0.3),
        by_sealed=around(0.7),
        within_train=around(0.8),
        chance=around(0.3),
    )


def _common(task: TaskCommon, pod: str, seconds: float, complete: bool = True) -> dict[str, Any]:
    return {
        "delivery_uid": task.delivery_uid, "inputs": task.inputs, "attempt": task.attempt, "pod": pod,
        "seconds": round(seconds, 3), "complete": complete,
    }  # fmt: skip


def _outcome(name: str, one: Scored, labels: tuple[str, ...], place: int, reached: float) -> HoldoutOutcome:
    """An item by its id; of a run that stopped short a share of the items is as the base has it."""
    if (place * 0.6180339887) % 1.0 >= reached:
        return HoldoutOutcome(id=name, base=one.base, candidate=one.base, free=one.base)
    told = one.base_answer is not None
    return HoldoutOutcome(
        id=name, base=one.base, candidate=one.candidate, free=one.free,
        base_answer=labels[1] if told and len(labels) > 1 else one.base_answer,
        candidate_answer=labels[0] if told and len(labels) > 1 else one.candidate_answer,
    )  # fmt: skip
