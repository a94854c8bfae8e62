"""The whole measurement of a run before its first step, from a model, a tokenizer and a batch as the run makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from delivery_api.evidence import Preflight
from delivery_measure import prompts, weights
from delivery_measure.prompts import Messages
from delivery_measure.rows import rows_of, supervision

Pack = Callable[[Sequence[Sequence[int]]], Mapping[str, Any]]


def measure(
    model: Any,
    tokenizer: Any,
    batch: Mapping[str, Any],
    *,
    learning_rate: float | None = None,
    max_length: int | None = None,
    conversations: Sequence[Messages] | None = None,
    masked_by_template: bool = False,
    pack: Pack | None = None,
    loss: Callable[[], Tensor] | None = None,
) -> Preflight:
    """Measurements of a run that is about to start. The model is left as it was.

    `batch` is one that the run's collator made: `input_ids` and `labels` of shape (rows, tokens).
    `conversations` are the messages behind its rows, in the same order, each ending with the answer.
    `pack` makes a model's inputs of several rows' tokens, where the run packs rows.
    `loss` computes the run's loss; left out, the model's own loss of the batch.
    """
    stop = prompts.stop_id(tokenizer)
    rows = rows_of(batch)
    found = supervision(rows, stop, max_length)
    if conversations is not None and len(conversations) > len(rows):
        raise ValueError(f"{len(conversations)} conversations for {len(rows)} rows of the batch; give those of its rows")
    rendered = [prompts.served(tokenizer, one) for one in conversations or ()]
    trained = [list(row.ids[: len(ids)]) for row, ids in zip(rows, rendered, strict=False)]
    values = [value for _, value in weights.trained(model)]
    return Preflight(
        rows=found.rows,
        supervised_minimum=found.minimum,
        supervised_median=found.median,
        rows_unsupervised=found.unsupervised,
        rows_truncated=found.cut,
        stop_supervised=found.stopping,
        stop_token_id=stop,
        generation_stop_ids=prompts.shipped_stops(model.generation_config),
        pad_is_stop=tokenizer.pad_token_id == stop and found.hiding > 0,
        begin_tokens=max(prompts.beginnings(row.ids, tokenizer.bos_token_id) for row in rows),
        assistant_tokens=min(prompts.marked(tokenizer, one) for one in conversations or ()) if masked_by_template else None,
        prompt_digest=prompts.prompts_digest(rendered) if rendered else None,
        train_prompt_digest=prompts.prompts_digest(trained) if rendered else None,
        layers=weights.layers(model),
        layers_adapted=weights.layers_adapted(model),
        trainable_parameters=sum(value.numel() for value in values),
        expected_trainable_parameters=weights.expected_parameters(model),
        parameters=sum(value.numel() for value in model.parameters()),
        input_grads=weights.gradients_reach(model, loss or (lambda: own_loss(model, batch))),
        dtype=str(values[0].dtype).removeprefix("torch.") if values else "none",
        steps_kept=None if learning_rate is None else weights.steps_kept(model, learning_rate),
        packing_isolated=weights.is_isolated(model, pack, rows[0].ids, rows[1].ids) if pack and len(rows) > 1 else None,
    )


def own_loss(model: Any, batch: Mapping[str, Any]) -> Tensor:
    """The loss that the model computes of a batch with labels."""
    moved = {key: value.to(model.device) for key, value in batch.items() if isinstance(value, Tensor)}
    loss: Tensor = model(**moved).loss
    return loss
