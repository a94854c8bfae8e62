"""Measured before the first step: whether this run can learn at all. The oracle judges; nothing here stops a run."""

from collections.abc import Sequence
from typing import Any

import torch

from delivery_api.evidence import Preflight
from delivery_api.tasks import TrainTask
from delivery_io import prompts
from delivery_io.tables import Row
from delivery_measure import rows as measured_rows
from delivery_measure import weights
from delivery_measure.prompts import beginnings, shipped_stops
from delivery_worker.packing import Example, pack


def _logits(model: Any, batch: Sequence[Example], share: bool = True) -> torch.Tensor:
    packed = pack(batch, share).to(model.device)
    output = model(
        input_ids=packed.ids, position_ids=packed.positions, pack=packed, logits_to_keep=packed.sources, use_cache=False
    )
    return output.logits[0].float()


@torch.no_grad()
def is_isolated(model: Any, first: Example, second: Example) -> bool:
    """Whether a row packed after another has the logits it has alone, and does not see what the other says."""
    alone = model(input_ids=torch.tensor([second.ids], device=model.device), use_cache=False)
    alone_logits = alone.logits[0, -second.supervised - 1 : -1].float()
    answer = first.ids[-first.supervised :]
    other = Example((*first.ids[: -first.supervised], *(second.ids[-1:] * len(answer))), first.supervised)
    after, after_other = (_logits(model, [row, second])[-second.supervised :] for row in (first, other))
    return weights.agree(alone_logits, after, after_other)


def as_row(example: Example) -> measured_rows.Row:
    """An example with a label for each of its tokens."""
    masked = example.length - example.supervised
    return measured_rows.Row(example.ids, (*[measured_rows.IGNORED] * masked, *example.ids[masked:]))


def measure(
    model: Any,
    tokenizer: Any,
    task: TrainTask,
    rows: Sequence[Example],
    sealed: Sequence[Row],
    loss_of: Any,
    parameters: int,
    expected: int,
) -> Preflight:
    """All measurements of science: labels, lengths, stop tokens, prompts, coverage, gradients, isolation."""
    stop = prompts.stop_id(tokenizer)
    found = measured_rows.supervision(map(as_row, rows), stop, task.config.sequence_length)
    batch = list(rows[: task.config.micro_batch_size or 16])
    kept_stops = int((pack(batch).targets == stop).sum())
    served = [prompts.served_ids(tokenizer, row.text, task.instruction) for row in sealed[: prompts.DIGEST_ITEMS]]
    trained = [prompts.prompt_ids(tokenizer, row.text, task.instruction) for row in sealed[: prompts.DIGEST_ITEMS]]
    values = [value for _, value in weights.trained(model)]
    return Preflight(
        rows=found.rows,
        supervised_minimum=found.minimum,
        supervised_median=found.median,
        rows_unsupervised=found.unsupervised,
        rows_truncated=found.cut,
        stop_supervised=found.stopping,
        stop_token_id=stop,
        generation_stop_ids=shipped_stops(model.generation_config),
        pad_is_stop=tokenizer.pad_token_id == stop and kept_stops < len(batch),
        begin_tokens=beginnings(trained[0], tokenizer.bos_token_id) if trained else 0,
        prompt_digest=prompts.prompts_digest(served),
        train_prompt_digest=prompts.prompts_digest(trained),
        layers=weights.layers(model),
        layers_adapted=weights.layers_adapted(model),
        trainable_parameters=sum(value.numel() for value in values),
        expected_trainable_parameters=expected,
        parameters=parameters,
        input_grads=weights.gradients_reach(model, lambda: loss_of(batch[:2])),
        dtype=str(values[0].dtype).removeprefix("torch.") if values else "none",
        steps_kept=weights.steps_kept(model, float(task.config.learning_rate or "1e-4")),
        packing_isolated=is_isolated(model, rows[0], rows[1]) if len(rows) > 1 else True,
    )
