"""How a model answers sealed items during a run: one of the labels, or freely; scored in [0, 1], forward only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch

from delivery_measure.prompts import stop_id
from delivery_oracle.training.items import Item

BATCH = 32
FREE_TOKENS = 64
Prompt = Callable[[str], str]
Metric = Callable[[str, str], float]
Score = Callable[[Any, Sequence[Item]], Sequence[float]]


def exact(said: str, wanted: str) -> float:
    """1 for the same text, spaces around it left out."""
    return float(said.strip() == wanted.strip())


class Answers:
    """Scores a model on items: by constrained greedy answers out of `labels`, or, without labels, by free ones.

    `prompt` writes the text that the model is given, as in training; left out, the tokenizer's chat template writes it.
    """

    def __init__(
        self, tokenizer: Any, labels: Iterable[str] | None = None, prompt: Prompt | None = None, metric: Metric = exact
    ) -> None:
        if prompt is None and not tokenizer.chat_template:
            raise ValueError("the tokenizer has no chat template; say how a prompt is written: prompt=lambda text: ...")
        self._tokenizer, self._prompt, self._metric = tokenizer, prompt, metric
        self._stop = stop_id(tokenizer)
        self._trie = trie([[*self._ids(label), self._stop] for label in sorted(set(labels))]) if labels is not None else None

    def __call__(self, model: Any, items: Sequence[Item]) -> list[float]:
        """Scores of a model's answers, in the order of the items. Mode and random state are left as they were."""
        was_training = model.training
        model.eval()
        with torch.no_grad(), torch.random.fork_rng():
            said = [
                answer for start in range(0, len(items), BATCH) for answer in self._say(model, items[start : start + BATCH])
            ]
        model.train(was_training)
        return [self._metric(answer, item.target) for answer, item in zip(said, items, strict=True)]

    def among(self, rows: Iterable[Mapping[str, Any]], items: Iterable[Item]) -> frozenset[str]:
        """Ids of the items whose prompt a training row begins with: what was trained on says nothing when it is asked."""
        prompts: dict[tuple[int, ...], list[str]] = {}
        for item in items:
            prompts.setdefault(tuple(self._asked(item)), []).append(item.id)
        lengths = sorted({len(prompt) for prompt in prompts})
        found: set[str] = set()
        for row in rows:
            ids = tuple(map(int, row["input_ids"]))
            for length in lengths:
                found.update(prompts.get(ids[:length], ()))
        return frozenset(found)

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _asked(self, item: Item) -> list[int]:
        if self._prompt is not None:
            return list(self._tokenizer(self._prompt(item.text))["input_ids"])
        turn = [{"role": "user", "content": item.text}]
        return self._ids(self._tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True))

    def _say(self, model: Any, items: Sequence[Item]) -> list[str]:
        asked = [self._asked(item) for item in items]
        longest = max(map(len, asked))
        padding = self._tokenizer.pad_token_id if self._tokenizer.pad_token_id is not None else self._stop
        ids = torch.tensor([[padding] * (longest - len(row)) + row for row in asked], device=model.device)
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in asked], device=model.device)
        how: dict[str, Any] = {"max_new_tokens": FREE_TOKENS}
        if self._trie is not None:
            tree = self._trie
            how = {
                "max_new_tokens": depth(tree),
                "prefix_allowed_tokens_fn": lambda _, sent: allowed(tree, sent[longest:].tolist(), self._stop),
            }
        said = model.generate(
            input_ids=ids, attention_mask=mask, do_sample=False, pad_token_id=padding, eos_token_id=self._stop, **how
        )
        return [self._tokenizer.decode(row[longest:], skip_special_tokens=True) for row in said]


Trie = dict[int, "Trie"]


def trie(sequences: Iterable[Sequence[int]]) -> Trie:
    """Token sequences as a tree."""
    root: Trie = {}
    for sequence in sequences:
        here = root
        for token in sequence:
            here = here.setdefault(token, {})
    return root


def depth(tree: Trie) -> int:
    """Tokens of the longest sequence."""
    return 1 + max(map(depth, tree.values())) if tree else 0


def allowed(tree: Trie, said: Sequence[int], stop: int) -> list[int]:
    """Tokens that may follow what was said: those of some label, and after its end the stop token only."""
    here = tree
    for token in said:
        here = here.get(token, {})
    return list(here) or [stop]
