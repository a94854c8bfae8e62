"""How a tokenizer renders conversations: what an engine would be given, where a turn ends, what a template marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from delivery_api.digests import digest

DIGEST_ITEMS = 16
MARK = "\u2042mark\u2042"
Messages = Sequence[Mapping[str, Any]]


def served(tokenizer: Any, conversation: Messages) -> list[int]:
    """Tokens of a conversation's prompt, its last answer left out, as an engine renders it from messages."""
    asked = list(conversation[:-1]) if conversation[-1]["role"] == "assistant" else list(conversation)
    rendered = tokenizer.apply_chat_template(asked, tokenize=True, add_generation_prompt=True, return_dict=True)
    return list(rendered["input_ids"])


def marked(tokenizer: Any, conversation: Messages) -> int:
    """Tokens that the chat template marks as an answer; 0 for a template without generation blocks."""
    rendered = tokenizer.apply_chat_template(
        list(conversation), tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    return int(sum(rendered["assistant_masks"]))


def stop_id(tokenizer: Any) -> int:
    """The token that ends a turn: what the chat template puts after an answer, else the end-of-text token."""
    if tokenizer.chat_template:
        turn = [{"role": "user", "content": "q"}, {"role": "assistant", "content": MARK}]
        after = tokenizer.apply_chat_template(turn, tokenize=False).rpartition(MARK)[2]
        ids = tokenizer(after, add_special_tokens=False)["input_ids"] if after else []
        if ids and (ids[0] in tokenizer.all_special_ids or ids[0] in tokenizer.added_tokens_decoder):
            return int(ids[0])
    if tokenizer.eos_token_id is None:
        raise ValueError("the tokenizer has no end-of-text token and its template ends no turn; give it an eos_token")
    return int(tokenizer.eos_token_id)


def beginnings(ids: Sequence[int], begin: int | None) -> int:
    """Beginning-of-text tokens that a row starts with."""
    return next((place for place, token in enumerate(ids) if token != begin), len(ids))


def prompts_digest(rendered: Sequence[Sequence[int]]) -> str:
    """Digest of the first prompts' tokens; equal digests mean equal prompts."""
    return digest([list(ids) for ids in rendered[:DIGEST_ITEMS]])


def shipped_stops(generation_config: Any) -> tuple[int, ...]:
    """Tokens that an engine stops on, by the generation config that is shipped."""
    ends = generation_config.eos_token_id
    return () if ends is None else (int(ends),) if isinstance(ends, int) else tuple(map(int, ends))
