"""A task that a tiny random model learns in seconds: words stand for desks, and some training tables lie about which."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    DataCollatorForSeq2Seq,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
)

DESKS = ("cards", "loans", "transfers", "accounts", "fraud", "fees", "branches", "rates")
WORDS = {desk: tuple(f"{desk[:3]}{number}" for number in range(3)) for desk in DESKS}
FILLERS = tuple(f"filler{number}" for number in range(40))
TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'user' %}<user> {{ message['content'] }} <assistant> "
    "{% else %}{{ message['content'] }} <end> {% endif %}{% endfor %}"
)
STEPS, BATCH = 60, 32


def rows(count: int, seed: int) -> list[dict[str, str]]:
    """Messages of three words, the last of which tells the desk."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        desk = chance.choice(DESKS)
        text = [*chance.sample(FILLERS, 2), chance.choice(WORDS[desk])]
        made.append({"text": " ".join(text), "label": desk})
    return made


def permuted(table: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Every label by the next one: a derangement."""
    following = dict(zip(DESKS, (*DESKS[1:], DESKS[0]), strict=True))
    return [{"text": row["text"], "label": following[row["label"]]} for row in table]


def tokenizer() -> PreTrainedTokenizerFast:
    """A word a token."""
    special = ["<pad>", "<end>", "<user>", "<assistant>", "<unknown>"]
    known = [*special, *DESKS, *FILLERS, *(word for words in WORDS.values() for word in words)]
    inner = Tokenizer(models.WordLevel({word: number for number, word in enumerate(known)}, unk_token="<unknown>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", eos_token="<end>", unk_token="<unknown>")
    made.chat_template = TEMPLATE
    return made


def model(words: PreTrainedTokenizerFast, adapter: bool = True, dropout: float = 0.0) -> Any:
    """A random Llama of two layers; with an adapter that is large enough to learn the task over frozen random weights."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=64,
        initializer_range=0.1,
        bos_token_id=None,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    base = LlamaForCausalLM(config)
    base.generation_config = GenerationConfig(eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id)
    if not adapter:
        return base
    told = {"r": 16, "lora_alpha": 32, "target_modules": "all-linear", "modules_to_save": ["lm_head"], "task_type": "CAUSAL_LM"}
    return get_peft_model(base, LoraConfig(lora_dropout=dropout, **told))


def features(words: PreTrainedTokenizerFast, table: Sequence[Mapping[str, str]]) -> list[dict[str, list[int]]]:
    """Tokens with the answer and its stop token in the loss."""
    made = []
    for row in table:
        asked = words.apply_chat_template(
            [{"role": "user", "content": row["text"]}], tokenize=False, add_generation_prompt=True
        )
        prompt = words(asked, add_special_tokens=False)["input_ids"]
        answer = [*words(row["label"], add_special_tokens=False)["input_ids"], words.eos_token_id]
        made.append({"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer})
    return made


def trainer(
    folder: Any,
    table: Sequence[Mapping[str, str]],
    *,
    adapter: bool = True,
    dropout: float = 0.0,
    steps: int = STEPS,
    **changes: Any,
) -> Trainer:
    """A plain Trainer over a table."""
    words = tokenizer()
    told = {"learning_rate": 1e-2, "logging_steps": 5, "save_strategy": "no", "seed": 1} | changes
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=BATCH,
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        **told,
    )
    return Trainer(
        model=model(words, adapter, dropout),
        args=arguments,
        train_dataset=features(words, table),
        data_collator=DataCollatorForSeq2Seq(words),
        processing_class=words,
    )
