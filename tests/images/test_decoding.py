"""Batched, cached decoding says what one prompt at a time without a cache says."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from delivery_worker import attention, decoding

STOP = 2
LABELS = [[10, 11, STOP], [10, 11, 12, STOP], [10, 13, 14, 15, STOP], [20, STOP], [21, 22, STOP], [21, 23, 24, STOP]]
PROMPTS = [[1, 5, 6, place, place + 1, *([7] * (place % 5)), 9] for place in range(40, 64)]


@pytest.fixture
def model(tiny: Path) -> Any:
    attention.register()
    return AutoModelForCausalLM.from_pretrained(tiny, attn_implementation=attention.NAME, dtype=torch.float32).eval()


@torch.no_grad()
def slow(model: Any, prompt: list[int]) -> int:
    node, said = decoding.trie(LABELS), list(prompt)
    while not node.is_decided:
        logits = model(input_ids=torch.tensor([said])).logits[0, -1]
        token = max(node.children, key=lambda token: float(logits[token]))
        node, said = node.children[token], [*said, token]
    return node.labels[0]


def test_constrained_answers_are_those_of_slow_decoding(model: Any) -> None:
    assert decoding.constrained(model, PROMPTS, decoding.trie(LABELS)) == [slow(model, prompt) for prompt in PROMPTS]


def test_answers_do_not_depend_on_the_batch(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    together = decoding.constrained(model, PROMPTS, decoding.trie(LABELS))
    monkeypatch.setattr(decoding, "BATCH", 5)
    assert decoding.constrained(model, PROMPTS, decoding.trie(LABELS)) == together


def test_free_answers_are_those_of_generate(model: Any) -> None:
    said = decoding.free(model, PROMPTS[:6], frozenset({STOP}), 12)
    for prompt, answer in zip(PROMPTS[:6], said, strict=True):
        whole = model.generate(torch.tensor([prompt]), max_new_tokens=12, do_sample=False, eos_token_id=STOP, pad_token_id=0)
        wanted = whole[0, len(prompt) :].tolist()
        assert answer == (wanted[: wanted.index(STOP)] if STOP in wanted else wanted)


def test_one_label_needs_no_model() -> None:
    assert decoding.constrained(None, PROMPTS, decoding.trie([[5, STOP]])) == [0] * len(PROMPTS)


def test_a_label_that_begins_another_can_be_said() -> None:
    root = decoding.trie(LABELS)
    assert root.children[10].children[11].children[STOP].labels == [0]
    assert root.children[10].children[11].children[12].labels == [1]
