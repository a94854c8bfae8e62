"""A small healthy run made with the real libraries, in parts that a cause can spoil one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import processors
from transformers import (
    DataCollatorForSeq2Seq,
    DataCollatorWithFlattening,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from delivery_oracle.training.preflight import Report, check_run
from tests.images import tiny

IGNORED = -100
LAYERS = 4
OPEN, CLOSE = "{% generation %}", "{% endgeneration %}"
HEAD = "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% if message['role'] == 'assistant' %}"
TAIL = "{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
PROMPT_TURN = "{% else %}{{ message['content'] }}<|im_end|>\n"
MARKED = f"{HEAD}{OPEN}{{{{ message['content'] }}}}<|im_end|>{CLOSE}\n{PROMPT_TURN}{TAIL}"
STOP_LEFT_OUT = f"{HEAD}{OPEN}{{{{ message['content'] }}}}{CLOSE}<|im_end|>\n{PROMPT_TURN}{TAIL}"
CONVERSATIONS = tuple(
    [{"role": "user", "content": f"Route this: {text}"}, {"role": "assistant", "content": answer}]
    for text, answer in (("my card is lost", "card"), ("a loan for a house", "loan"), ("close it", "account"))
)


def tokenizer(template: str = MARKED) -> PreTrainedTokenizerFast:
    """A byte tokenizer with a chat template."""
    made = tiny.tokenizer()
    made.chat_template = template
    return made


def model(words: PreTrainedTokenizerFast, *, stop: int | None = None, dtype: torch.dtype = torch.float32) -> LlamaForCausalLM:
    """A random Llama of four layers that stops where the tokenizer does."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words) + 2,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=256,
        bos_token_id=None,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    made = LlamaForCausalLM(config).to(dtype)
    made.generation_config = GenerationConfig(eos_token_id=words.eos_token_id if stop is None else stop)
    return made


def lora(base: Any, **changes: Any) -> Any:
    """An adapter over every linear layer."""
    return get_peft_model(base, LoraConfig(**{"r": 4, "target_modules": "all-linear", "task_type": "CAUSAL_LM"} | changes))


def features(words: PreTrainedTokenizerFast, **how: Any) -> list[dict[str, list[int]]]:
    """Rows as a trainer prepares them: the mask of the loss is what the template marks as the answer."""
    made = []
    for conversation in CONVERSATIONS:
        told = {"tokenize": True, "return_dict": True, "return_assistant_tokens_mask": True} | how
        rendered = words.apply_chat_template(conversation, **told)
        ids, marks = list(rendered["input_ids"]), list(rendered["assistant_masks"])
        # The line end after a turn is the template's, and no engine waits for it.
        kept = max((at for at, mark in enumerate(marks) if mark), default=len(ids) - 1) + 1
        labels = [token if mark else IGNORED for token, mark in zip(ids, marks, strict=True)]
        made.append({"input_ids": ids[:kept], "labels": labels[:kept]})
    return made


def padded(words: PreTrainedTokenizerFast, rows: Sequence[dict[str, list[int]]]) -> Any:
    """A batch as the library's collator for labels makes it."""
    rows = [row | {"attention_mask": [1] * len(row["input_ids"])} for row in rows]
    return DataCollatorForSeq2Seq(words, label_pad_token_id=IGNORED)(rows)


def flattened(rows: Sequence[Sequence[int]]) -> Any:
    """Rows packed into one, as the library's collator without padding does it."""
    return DataCollatorWithFlattening()([{"input_ids": list(row), "labels": list(row)} for row in rows])


def leaking(rows: Sequence[Sequence[int]]) -> Any:
    """Rows packed into one with a mask that only knows padding: how packing leaked before position ids told rows apart."""
    ids = torch.tensor([[token for row in rows for token in row]])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def doubled(words: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    """A tokenizer that puts a beginning-of-text token before every text, and a template that writes it, too."""
    words.add_special_tokens({"bos_token": "<|begin|>"})
    words.chat_template = "{{ bos_token }}" + words.chat_template
    words.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin|> $A", special_tokens=[("<|begin|>", words.bos_token_id)]
    )
    return words


def healthy(**changes: Any) -> Report:
    """The report on the healthy run, or on one that differs from it as told."""
    words = changes.pop("words", None) or tokenizer()
    trained = changes.pop("trained", None) or lora(model(words))
    batch = changes.pop("batch", None) or padded(words, features(words))
    told = {"learning_rate": 1e-3, "max_length": 128, "conversations": CONVERSATIONS, "pack": flattened} | changes
    return check_run(trained, words, batch, **told)
