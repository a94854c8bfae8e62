"""The loss of a batch, from logits of supervised tokens only; packed, or row by row with padding."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from delivery_worker.packing import Example, pack


def supervised(batch: Sequence[Example]) -> int:
    """Tokens in the loss."""
    return sum(example.supervised for example in batch)


def packed_loss(model: Any, batch: Sequence[Example], device: torch.device) -> Tensor:
    """Sum over supervised tokens of a packed batch."""
    packed = pack(batch).to(device)
    output = model(
        input_ids=packed.ids, position_ids=packed.positions, pack=packed, logits_to_keep=packed.sources, use_cache=False
    )
    return cross_entropy(output.logits[0].float(), packed.targets, reduction="sum")


def padded_loss(model: Any, batch: Sequence[Example], device: torch.device) -> Tensor:
    """The same of a padded batch; supervised places are known by their number, never by a token's id."""
    longest = max(example.length for example in batch)
    ids = torch.tensor([[*example.ids, *[0] * (longest - example.length)] for example in batch], device=device)
    mask = torch.tensor([[1] * example.length + [0] * (longest - example.length) for example in batch], device=device)
    sources = [
        (row, place)
        for row, example in enumerate(batch)
        for place in range(example.length - example.supervised - 1, example.length - 1)
    ]
    rows, places = (torch.tensor(side, device=device) for side in zip(*sources, strict=True))
    first = int(places.min())
    keep = torch.arange(first, longest, device=device)
    logits = model(input_ids=ids, attention_mask=mask, logits_to_keep=keep, use_cache=False).logits
    return cross_entropy(logits[rows, places - first].float(), ids[rows, places + 1], reduction="sum")


def batch_loss(model: Any, batch: Sequence[Example], device: torch.device, packing: bool) -> Tensor:
    """Sum of the loss over supervised tokens."""
    return (packed_loss if packing else padded_loss)(model, batch, device)
