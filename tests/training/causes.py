"""Every cause of a run that trains and does not learn, made with the library that it happens in, and seen by its check.

No cause is described by a number here: each is the mistake itself, and what sees it is the measurement of a real
model, tokenizer, collator or saved folder. Each has a healthy twin in which the same checks say nothing.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    DataCollatorForLanguageModeling,
    PreTrainedTokenizerFast,
)

from delivery_measure import weights
from delivery_measure.canary import Example, of_labels
from delivery_oracle.canary import Report as Heard
from delivery_oracle.canary import listen
from delivery_oracle.training.preflight import Report, check_saved
from tests.training import runs, toy


def merging_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-pair tokenizer trained on texts in which the response marker stands behind a line end."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["<|pad|>", "<|im_end|>"], initial_alphabet=alphabet)
    inner.train_from_iterator(["### Question: lost\n### Answer: card", "### Question: house\n### Answer: loan"] * 9, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<|pad|>", eos_token="<|im_end|>")


def after_marker(words: PreTrainedTokenizerFast, text: str, marker: str) -> dict[str, list[int]]:
    """Labels as completion-only collators make them: what follows the marker's tokens, or nothing when these are not found."""
    ids = words(text)["input_ids"] + [words.eos_token_id]
    sought = words(marker)["input_ids"]
    found = next((at for at in range(len(ids)) if ids[at : at + len(sought)] == sought), len(ids))
    start = found + len(sought)
    return {"input_ids": ids, "labels": [runs.IGNORED] * min(start, len(ids)) + ids[start:]}


def every_label_masked() -> Report:
    words = merging_tokenizer()
    rows = [after_marker(words, "### Question: lost\n### Answer: card", "### Answer:") for _ in range(2)]
    return runs.healthy(words=words, batch=runs.padded(words, rows), conversations=None)


def answer_cut() -> Report:
    words = runs.tokenizer()
    cut = runs.features(words, truncation=True, max_length=45)
    return runs.healthy(words=words, batch=runs.padded(words, cut), max_length=45)


def template_without_markers() -> Report:
    words = runs.tokenizer(runs.MARKED.replace(runs.OPEN, "").replace(runs.CLOSE, ""))
    return runs.healthy(words=words, masked_by_template=True)


def stop_outside_mask() -> Report:
    return runs.healthy(words=runs.tokenizer(runs.STOP_LEFT_OUT), masked_by_template=True)


def padding_hides_stop() -> Report:
    words = runs.tokenizer()
    words.pad_token = words.eos_token
    rows = [{"input_ids": row["input_ids"]} for row in runs.features(words)]
    return runs.healthy(words=words, batch=DataCollatorForLanguageModeling(words, mlm=False)(rows))


def stop_not_shipped() -> Report:
    words = runs.tokenizer()
    return runs.healthy(words=words, trained=runs.lora(runs.model(words, stop=words.pad_token_id)))


def doubled_beginning() -> Report:
    words = runs.doubled(runs.tokenizer())
    rows = []
    for conversation in runs.CONVERSATIONS:
        ids = words(words.apply_chat_template(conversation, tokenize=False).rstrip("\n"))["input_ids"]
        rows.append({"input_ids": ids, "labels": ids})
    return runs.healthy(words=words, batch=runs.padded(words, rows))


def templates_differ() -> Report:
    words = runs.tokenizer()
    texts = [f"User: {asked['content']}\nAssistant: " for asked, _ in runs.CONVERSATIONS]
    rows = []
    for text, (_, said) in zip(texts, runs.CONVERSATIONS, strict=True):
        prompt, answer = words(text)["input_ids"], [*words(said["content"])["input_ids"], words.eos_token_id]
        rows.append({"input_ids": prompt + answer, "labels": [runs.IGNORED] * len(prompt) + answer})
    return runs.healthy(words=words, batch=runs.padded(words, rows))


def few_layers_adapted() -> Report:
    words = runs.tokenizer()
    return runs.healthy(words=words, trained=runs.lora(runs.model(words), target_modules=r".*layers\.3\..*_proj"))


def adapter_not_trainable(folder: Path) -> Report:
    words = runs.tokenizer()
    runs.lora(runs.model(words)).save_pretrained(folder)
    return runs.healthy(words=words, trained=PeftModel.from_pretrained(runs.model(words), folder))


def checkpointing_without_input_gradients() -> Report:
    words = runs.tokenizer()
    trained = runs.lora(runs.model(words))
    trained.get_base_model().gradient_checkpointing_enable({"use_reentrant": True})
    trained.get_base_model().disable_input_require_grads()
    return runs.healthy(words=words, trained=trained)


def rounded_away() -> Report:
    words = runs.tokenizer()
    trained = runs.model(words, dtype=torch.bfloat16)
    before = [value.clone() for value in trained.parameters()]
    optimizer = torch.optim.AdamW(trained.parameters(), lr=2e-6, weight_decay=0.0)
    trained(**runs.padded(words, runs.features(words))).loss.backward()
    optimizer.step()
    pairs = zip(before, trained.parameters(), strict=True)
    moved = sum(int((old != new).sum()) for old, new in pairs) / sum(value.numel() for value in before)
    assert moved < 0.1, "the library's own step leaves nearly all weights as they were"
    return runs.healthy(words=words, trained=trained, learning_rate=2e-6)


def optimizer_of_other_weights() -> Report:
    words = runs.tokenizer()
    base = runs.model(words)
    optimizer = torch.optim.AdamW(base.parameters(), lr=1e-3)
    trained = runs.lora(base)
    before, batch = weights.sums(trained), runs.padded(words, runs.features(words))
    for _ in range(weights.FIRST_STEPS):
        trained(**batch).loss.backward()
        optimizer.step()
    return runs.healthy(words=words, trained=trained).after_first_steps(weights.moved(trained, before))


def packing_leaks() -> Report:
    return runs.healthy(pack=runs.leaking)


BEFORE: dict[str, Callable[..., Report]] = {
    made.__name__: made
    for made in (
        every_label_masked,
        answer_cut,
        template_without_markers,
        stop_outside_mask,
        padding_hides_stop,
        stop_not_shipped,
        doubled_beginning,
        templates_differ,
        few_layers_adapted,
        adapter_not_trainable,
        checkpointing_without_input_gradients,
        rounded_away,
        optimizer_of_other_weights,
        packing_leaks,
    )
}


def with_products(trained: Any, scale: float = 0.02) -> Any:
    """The adapter as after training: no product is zero."""
    with torch.no_grad():
        for name, value in trained.named_parameters():
            if "lora_B" in name:
                value.normal_(std=scale)
    return trained


def sharded_save(folder: Path) -> None:
    words = runs.tokenizer()
    trained = with_products(runs.lora(runs.model(words)))
    gathered = {
        name: value if "layers.0." in name else value.new_empty(0)
        for name, value in trained.state_dict().items()
        if "lora_" in name
    }
    trained.save_pretrained(folder, state_dict=gathered)
    check_saved(folder, trained)


def served_but_inert(folder: Path) -> None:
    words = runs.tokenizer()
    trained = with_products(runs.lora(runs.model(words)))
    trained.save_pretrained(folder)
    path = folder / "adapter_model.safetensors"
    save_file({re.sub(r"model\.model\.", "model.model.language_model.", name): v for name, v in load_file(path).items()}, path)
    served = PeftModel.from_pretrained(runs.model(words), folder)
    ids = torch.tensor([[5, 6, 7]])
    with torch.no_grad(), served.disable_adapter():
        bare = served(ids).logits
    assert torch.equal(bare, served(ids).logits), "the library serves it as the base, without a word"
    check_saved(folder, trained)


def adapter_saved_untrained(folder: Path) -> None:
    trained = runs.lora(runs.model(runs.tokenizer()))
    trained.save_pretrained(folder)
    check_saved(folder, trained)


def merged_in_few_bits(folder: Path) -> None:
    runs.model(runs.tokenizer()).save_pretrained(folder / "base")
    four_bits = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4")
    base = AutoModelForCausalLM.from_pretrained(folder / "base", quantization_config=four_bits)
    trained = with_products(runs.lora(base), scale=0.002)
    trained.save_pretrained(folder)
    check_saved(folder, trained, merged=copy.deepcopy(trained).merge_and_unload())


def labels_shuffled() -> Heard:
    """The wrong column is worse than no column: its labels are there, and mean nothing."""
    sealed = [Example(row["text"], row["label"]) for row in toy.rows(300, seed=2)]
    rows = toy.rows(1200, seed=1)
    labels = random.Random(3).sample([row["label"] for row in rows], len(rows))
    train = [Example(row["text"], label) for row, label in zip(rows, labels, strict=True)]
    canary = of_labels(train, sealed, "seed")
    assert canary is not None
    return listen(canary)


SAVED: dict[str, Callable[[Path], None]] = {
    made.__name__: made for made in (sharded_save, served_but_inert, adapter_saved_untrained, merged_in_few_bits)
}
