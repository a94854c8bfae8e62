"""Greedy answers of a model inside the trainer, in batches with a key-value cache: one of a label set, or free.

What all prompts begin with is computed once. A row whose answer is decided leaves the batch, so a look
of the probe costs little more than reading its prompts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from delivery_worker.packing import Example, Pack, pack

BATCH = 64


@dataclass(slots=True)
class Node:
    """A place in the trie of label token sequences; `labels` are those that can still be meant."""

    labels: list[int] = field(default_factory=list)
    children: dict[int, "Node"] = field(default_factory=dict)

    @property
    def is_decided(self) -> bool:
        """Whether only one label can be meant."""
        return len(self.labels) == 1


def trie(sequences: Sequence[Sequence[int]]) -> Node:
    """Trie of sequences, each with its stop token at the end, so that a label may begin another."""
    root = Node()
    for number, sequence in enumerate(sequences):
        node = root
        node.labels.append(number)
        for token in sequence:
            node = node.children.setdefault(token, Node())
            node.labels.append(number)
    return root


@dataclass(slots=True)
class _Batch:
    """Prompts being answered: cache, mask over it, and the position of each row's next token."""

    model: Any
    cache: DynamicCache
    mask: Tensor
    positions: Tensor
    logits: Tensor

    def feed(self, chunks: Sequence[Sequence[int]]) -> None:
        """One or more further tokens for each row."""
        device, longest = self.mask.device, max(map(len, chunks))
        ids = torch.tensor([[0] * (longest - len(chunk)) + list(chunk) for chunk in chunks], device=device)
        real = torch.tensor([[0] * (longest - len(chunk)) + [1] * len(chunk) for chunk in chunks], device=device)
        self.mask = torch.cat([self.mask, real], dim=1)
        places = (self.positions[:, None] + real.cumsum(1) - 1).clamp(min=0)
        output = self.model(
            input_ids=ids,
            attention_mask=self.mask,
            position_ids=places,
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self.positions = self.positions + real.sum(1)
        self.logits = output.logits[:, -1]

    def keep(self, rows: list[int]) -> None:
        """Go on with some of the rows."""
        index = torch.tensor(rows, device=self.mask.device)
        self.cache.batch_select_indices(index)
        self.mask, self.positions, self.logits = self.mask[index], self.positions[index], self.logits[index]


def _read(model: Any, prompts: Sequence[Sequence[int]]) -> _Batch:
    """Read the prompts packed, without padding; then give each row a cache of its own."""
    device = model.device
    packed = pack([Example(tuple(prompt), 1) for prompt in prompts]).to(device)
    together = DynamicCache()
    last = packed.slots.gather(1, packed.real.sum(1, keepdim=True) - 1)[:, 0]
    output = model(
        input_ids=packed.ids,
        position_ids=packed.positions,
        pack=packed,
        past_key_values=together,
        use_cache=True,
        logits_to_keep=last,
    )
    cache = DynamicCache()
    for number, layer in enumerate(together.layers):
        cache.update(_own(layer.keys, packed), _own(layer.values, packed), number)
    seen = packed.real.new_ones(len(prompts), packed.shared)
    mask = torch.cat([seen, packed.real], dim=1).long()
    return _Batch(model, cache, mask, mask.sum(1), output.logits[0])


def _own(states: Tensor, packed: Pack) -> Tensor:
    """Each row's keys or values: those of the shared beginning, then its own, padded at the end."""
    rows = states[0][:, packed.slots].transpose(0, 1)
    if not packed.shared:
        return rows
    return torch.cat([states[:, :, : packed.shared].expand(len(rows), -1, -1, -1), rows], dim=2)


def _choose(logits: Tensor, nodes: Sequence[Node]) -> list[int]:
    """The best allowed next token of each row."""
    chosen = []
    for row, node in zip(logits.float(), nodes, strict=True):
        allowed = list(node.children)
        chosen.append(allowed[int(row[allowed].argmax())])
    return chosen


def _forced(node: Node) -> tuple[Node, list[int]]:
    """Go down while there is only one way; the tokens passed need no choice and are read in one go."""
    passed: list[int] = []
    while len(node.children) == 1:
        token, node = next(iter(node.children.items()))
        passed.append(token)
    return node, passed


def _constrained(model: Any, prompts: Sequence[Sequence[int]], root: Node) -> list[int]:
    batch = _read(model, prompts)
    answers = [-1] * len(prompts)
    rows, nodes = list(range(len(prompts))), [root] * len(prompts)
    while True:
        tokens = _choose(batch.logits, nodes)
        nodes = [node.children[token] for node, token in zip(nodes, tokens, strict=True)]
        for row, node in zip(rows, nodes, strict=True):
            if node.is_decided:
                answers[row] = node.labels[0]
        open_rows = [place for place, node in enumerate(nodes) if not node.is_decided]
        if not open_rows:
            return answers
        if len(open_rows) < len(rows):
            batch.keep(open_rows)
        rows, tokens = [rows[place] for place in open_rows], [tokens[place] for place in open_rows]
        ahead = [_forced(nodes[place]) for place in open_rows]
        nodes = [node for node, _ in ahead]
        batch.feed([[token, *more] for token, (_, more) in zip(tokens, ahead, strict=True)])


def _free(model: Any, prompts: Sequence[Sequence[int]], stops: frozenset[int], limit: int) -> list[list[int]]:
    batch = _read(model, prompts)
    answers: list[list[int]] = [[] for _ in prompts]
    rows = list(range(len(prompts)))
    for _ in range(limit):
        tokens = batch.logits.argmax(-1).tolist()
        open_rows = [place for place, token in enumerate(tokens) if token not in stops]
        for place in open_rows:
            answers[rows[place]].append(tokens[place])
        if not open_rows:
            break
        if len(open_rows) < len(rows):
            batch.keep(open_rows)
        rows = [rows[place] for place in open_rows]
        batch.feed([[tokens[place]] for place in open_rows])
    return answers


def _in_batches(prompts: Sequence[Sequence[int]], answer: Any) -> list[Any]:
    """Apply to batches of like length, in the order of the prompts."""
    order = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
    answers: list[Any] = [None] * len(prompts)
    for start in range(0, len(order), BATCH):
        chunk = order[start : start + BATCH]
        for number, said in zip(chunk, answer([prompts[number] for number in chunk]), strict=True):
            answers[number] = said
    return answers


@torch.inference_mode()
def constrained(model: Any, prompts: Sequence[Sequence[int]], root: Node) -> list[int]:
    """Number of the label that each prompt is answered with, when only labels can be said."""
    if root.is_decided:
        return [root.labels[0]] * len(prompts)
    return _in_batches(prompts, lambda chunk: _constrained(model, chunk, root))


@torch.inference_mode()
def free(model: Any, prompts: Sequence[Sequence[int]], stops: frozenset[int], limit: int) -> list[list[int]]:
    """Tokens of each answer, without its stop token, at most `limit`."""
    return _in_batches(prompts, lambda chunk: _free(model, chunk, stops, limit))
