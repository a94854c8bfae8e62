"""Measured before the first step: whether this run can learn at all. The oracle judges; nothing here stops a run."""

from collections.abc import Sequence
from typing import Any

import torch

from delivery_api.evidence import Preflight
from delivery_api.tasks import TrainTask
from delivery_io import prompts
from delivery_io.tables import Row
from delivery_worker.model import adapted_layers, adapters
from delivery_worker.packing import Example, pack

RELATIVE_TOLERANCE = 0.05


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
    scale = float(alone_logits.abs().max())
    near = float((after - alone_logits).abs().max()) <= RELATIVE_TOLERANCE * scale
    return near and bool(torch.allclose(after, after_other, atol=1e-4 * scale, rtol=0))


def gradients_reach(model: Any, batch: Sequence[Example], loss_of: Any) -> bool:
    """Whether one backward pass gives every numbered layer with trained parameters a gradient."""
    model.zero_grad()
    loss_of(batch).backward()
    trained = [(name, value) for name, value in model.named_parameters() if value.requires_grad]
    reached = [name for name, value in trained if value.grad is not None and bool(value.grad.abs().sum() > 0)]
    model.zero_grad()
    if adapted_layers([name for name, _ in trained]) == 0:
        return bool(reached)
    return adapted_layers(reached) == adapted_layers([name for name, _ in trained])


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
    supervised = sorted(example.supervised for example in rows)
    batch = list(rows[: task.config.micro_batch_size or 16])
    kept_stops = int((pack(batch).targets == stop).sum())
    served = [prompts.served_ids(tokenizer, row.text, task.instruction) for row in sealed[: prompts.DIGEST_ITEMS]]
    trained = [prompts.prompt_ids(tokenizer, row.text, task.instruction) for row in sealed[: prompts.DIGEST_ITEMS]]
    begin = tokenizer.bos_token_id
    leading = next((place for place, token in enumerate(trained[0]) if token != begin), 0) if trained else 0
    values = [value for value in model.parameters() if value.requires_grad]
    names = [name for name, _ in adapters(model)] or [name for name, value in model.named_parameters() if value.requires_grad]
    ends = model.generation_config.eos_token_id
    return Preflight(
        rows=len(rows),
        supervised_minimum=supervised[0],
        supervised_median=float(supervised[len(supervised) // 2]),
        rows_unsupervised=sum(count < 1 for count in supervised),
        rows_truncated=sum(example.length > (task.config.sequence_length or 1 << 30) for example in rows),
        stop_supervised=sum(example.supervised > 0 and example.ids[-1] == stop for example in rows),
        stop_token_id=stop,
        generation_stop_ids=tuple(ends) if isinstance(ends, list) else (ends,),
        pad_is_stop=tokenizer.pad_token_id == stop and kept_stops < len(batch),
        begin_tokens=leading,
        prompt_digest=prompts.prompts_digest(served),
        train_prompt_digest=prompts.prompts_digest(trained),
        layers=int(model.config.num_hidden_layers),
        layers_adapted=adapted_layers(names),
        trainable_parameters=sum(value.numel() for value in values),
        expected_trainable_parameters=expected,
        parameters=parameters,
        input_grads=gradients_reach(model, batch[:2], loss_of),
        dtype=str(values[0].dtype).removeprefix("torch.") if values else "none",
        packing_isolated=is_isolated(model, rows[0], rows[1]) if len(rows) > 1 else True,
    )
