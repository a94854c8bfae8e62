"""Bring together what a training run needs: rows, model, optimizer, probe and where checkpoints go."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from delivery_api import sealed
from delivery_api.evidence import Preflight
from delivery_api.tasks import TrainTask
from delivery_io import prompts, tables
from delivery_io.download import sha256_file
from delivery_io.redact import prepared_row
from delivery_io.registry import Registry
from delivery_io.runtime import Context
from delivery_io.tables import Row
from delivery_worker import model as models
from delivery_worker import parallel
from delivery_worker.checkpoint import Checkpoints, History
from delivery_worker.examples import examples, labels_of, training_rows
from delivery_worker.loss import batch_loss
from delivery_worker.packing import Example
from delivery_worker.parallel import Group
from delivery_worker.probe import Probe

CHECKPOINT_PATIENCE_SECONDS = 20.0
TRAIN, SEALED = "spec.terms.data.train", "spec.terms.data.sealed"


@dataclass(slots=True)
class Run:
    """One training run."""

    task: TrainTask
    context: Context
    group: Group
    base: Any
    model: Any
    tokenizer: Any
    optimizer: Any
    rows: Sequence[Example]
    pool: Sequence[Row]
    probe: Probe
    merged: models.Merged | None
    checkpoints: Checkpoints | None
    parameters: int
    expected: int
    history: History
    preflight: Preflight | None = None
    sums: dict[str, float] = field(default_factory=dict)

    @property
    def bare(self) -> Any:
        """The model without what accelerate wraps around it."""
        return self.model if self.group.is_sharded else self.group.accelerator.unwrap_model(self.model)

    def loss(self, batch: Sequence[Example]) -> Tensor:
        """Sum of the loss over a batch."""
        with self.group.accelerator.autocast():
            return batch_loss(self.model, batch, self.group.accelerator.device, self.task.plan.packing)

    def base_scope(self) -> tuple[Any, AbstractContextManager[Any]]:
        """The base, for the probe."""
        if self.task.plan.method == "Full":
            return self.base, nullcontext()
        scope = ExitStack()
        scope.enter_context(self.bare.disable_adapter())
        scope.enter_context(self.group.accelerator.autocast())
        return self.bare, scope

    def candidate_scope(self) -> tuple[Any, AbstractContextManager[Any]]:
        """What would be delivered now, for the probe."""
        if self.merged is not None:
            return self.merged.update(self.bare), nullcontext()
        return self.bare, self.group.accelerator.autocast()


def read_rows(task: TrainTask, context: Context) -> tuple[list[Row], list[Row]]:
    """(training rows, probe pool in its order); digests of both files go into the evidence."""
    train_path = context.fetcher.table(task.train, TRAIN)
    sealed_path = context.fetcher.table(task.sealed, SEALED)
    sealed_digest = sha256_file(sealed_path)
    context.recorder.set(train_digest=sha256_file(train_path), sealed_digest=sealed_digest)
    rows = training_rows(tables.read(train_path, task.fields, TRAIN).rows, task)
    items = tables.items(tables.read(sealed_path, task.fields, SEALED).rows)
    _, pool = sealed.split(items, sealed_digest, task.holdout_items)
    order = sealed.probe_order(pool, task.delivery_uid)
    return rows, [prepared_row(items[item], task.personal_data, task.task) for item in order]


def optimizer_of(model: Any, task: TrainTask) -> torch.optim.AdamW:
    """AdamW over what is trained, without decay: an adapter is small already."""
    trained = [value for value in model.parameters() if value.requires_grad]
    return torch.optim.AdamW(trained, lr=float(task.config.learning_rate or "1e-4"), weight_decay=0.0)


def output(task: TrainTask, context: Context, patience: float) -> Registry:
    """The output repository."""
    there = task.output
    registry = context.fetcher.registry(there.repository, there.secret, "spec.output", there.insecure)
    registry.patience = patience
    return registry


def _checkpoints(task: TrainTask, context: Context) -> Checkpoints | None:
    """Where adapters are kept; full fine-tunes have none in a registry."""
    if task.plan.method == "Full":
        return None
    patience = min(CHECKPOINT_PATIENCE_SECONDS, context.settings.push_seconds)
    return Checkpoints(output(task, context, patience), task.inputs, context.settings.work)


def prepare(task: TrainTask, context: Context) -> Run:
    """Fetch, load and spread; resumed from the newest checkpoint of the same inputs."""
    group = parallel.join(task)
    with group.in_turn():
        rows, pool = read_rows(task, context)
        context.check()
        folder = context.fetcher.model(task.base, "spec.base")
        context.check()
    torch.manual_seed(task.config.seed or 0)
    base, original, tokenizer = _loaded(task, folder, group)
    parameters, expected = sum(value.numel() for value in base.parameters()), models.expected_parameters(base, task)
    model = group.spread(models.trainable(base, task))
    optimizer = group.accelerator.prepare_optimizer(optimizer_of(model, task))
    checkpoints = _checkpoints(task, context)
    run = Run(
        task=task,
        context=context,
        group=group,
        base=original.model if task.plan.method == "Full" and original else base,
        model=model,
        tokenizer=tokenizer,
        optimizer=optimizer,
        rows=examples(rows, task, tokenizer, prompts.stop_id(tokenizer)),
        pool=pool,
        probe=Probe(task, pool, labels_of(rows) if task.task == "Classification" else (), tokenizer),
        merged=None if task.plan.method == "Full" else original,
        checkpoints=checkpoints,
        parameters=parameters,
        expected=expected,
        history=History(),
    )
    if checkpoints:
        run.history = checkpoints.newest(run.bare, run.optimizer, group.share)
    return run


def _loaded(task: TrainTask, folder: Path, group: Group) -> tuple[Any, models.Merged | None, Any]:
    """(base, copy of it, tokenizer). What is spread is first loaded beside the accelerators, of which none has room for all."""
    is_full, device = task.plan.method == "Full", group.accelerator.device
    place = torch.device("cpu") if group.is_sharded else device
    base, tokenizer = models.load(folder, "fp32" if is_full else task.config.precision or "fp32", place)
    if not is_full and models.artifact_kind(task, sum(value.numel() for value in base.parameters())) != "Merged":
        return base, None, tokenizer
    original = models.Merged(base)
    if group.is_sharded and is_full:
        group.spread(original.model)
    else:
        original.model.to(device)
    return base, original, tokenizer
