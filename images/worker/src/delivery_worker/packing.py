"""Rows without padding: a batch is one sequence, and what all its prompts begin with is computed once.

Layout: the shared beginning, then each row's own tokens. Every row sees the shared beginning and
itself, and positions go on from the beginning in each row, so the result is that of the row alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Example:
    """A row as tokens. `supervised` counts the tokens at its end that are in the loss."""

    ids: tuple[int, ...]
    supervised: int

    @property
    def length(self) -> int:
        """Tokens."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Pack:
    """One packed batch.

    `shared` tokens come first. `slots` maps (row, place) of the padded form, used inside attention
    only, to a place in the packed form; `real` tells which of these are tokens.
    """

    ids: Tensor
    positions: Tensor
    shared: int
    slots: Tensor
    real: Tensor
    sources: Tensor
    targets: Tensor
    tokens: int

    def to(self, device: torch.device) -> "Pack":
        """The pack on a device."""
        moved = (
            value.to(device) if isinstance(value, Tensor) else value
            for value in (self.ids, self.positions, self.shared, self.slots, self.real, self.sources, self.targets, self.tokens)
        )
        return Pack(*moved)


def shared_length(examples: Sequence[Example]) -> int:
    """Tokens that all rows begin with and none is supervised on; at least one token stays each row's own."""
    first = examples[0].ids
    longest = min(example.length - example.supervised - 1 for example in examples)
    shared = 0
    while shared < longest and all(example.ids[shared] == first[shared] for example in examples):
        shared += 1
    return shared if len(examples) > 1 else 0


def pack(examples: Sequence[Example], share: bool = True) -> Pack:
    """Pack rows into one sequence."""
    shared = max(0, shared_length(examples)) if share else 0
    own = [example.ids[shared:] for example in examples]
    ids = list(examples[0].ids[:shared]) + [token for row in own for token in row]
    positions = list(range(shared)) + [shared + place for row in own for place in range(len(row))]
    longest = max(map(len, own))
    slots = torch.zeros(len(own), longest, dtype=torch.long)
    real = torch.zeros(len(own), longest, dtype=torch.bool)
    sources: list[int] = []
    targets: list[int] = []
    at = shared
    for number, (row, example) in enumerate(zip(own, examples, strict=True)):
        slots[number, : len(row)] = torch.arange(at, at + len(row))
        real[number, : len(row)] = True
        first = max(len(row) - example.supervised, 1)
        sources.extend(range(at + first - 1, at + len(row) - 1))
        targets.extend(row[first:])
        at += len(row)
    return Pack(
        ids=torch.tensor([ids]),
        positions=torch.tensor([positions]),
        shared=shared,
        slots=slots,
        real=real,
        sources=torch.tensor(sources, dtype=torch.long),
        targets=torch.tensor(targets, dtype=torch.long),
        tokens=sum(example.length for example in examples),
    )
