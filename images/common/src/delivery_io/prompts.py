"""How a row becomes tokens: one rendering for training, probe, audit and serving.

The prompt is the base's own chat template with one user turn; the answer is tokenized on its own,
because that is how an engine makes it, and ends with the token that ends a turn in the template.
"""

from collections.abc import Sequence
from typing import Any

from delivery_api.digests import digest

PLAIN_TEMPLATE = "{% for message in messages %}{{ message['content'] + '\n' }}{% endfor %}"
MARK = "\u2042mark\u2042"
DIGEST_ITEMS = 16


def messages(text: str, instruction: str | None) -> list[dict[str, str]]:
    """The one user turn that customers send, too."""
    return [{"role": "user", "content": f"{instruction}\n\n{text}" if instruction else text}]


def ensure_template(tokenizer: Any) -> None:
    """Give a tokenizer without a chat template the plain one; it is saved with the artifact."""
    if not tokenizer.chat_template:
        tokenizer.chat_template = PLAIN_TEMPLATE


def prompt_ids(tokenizer: Any, text: str, instruction: str | None) -> list[int]:
    """Tokens of the prompt as trained on."""
    rendered = tokenizer.apply_chat_template(messages(text, instruction), tokenize=False, add_generation_prompt=True)
    return list(tokenizer(rendered, add_special_tokens=False)["input_ids"])


def served_ids(tokenizer: Any, text: str, instruction: str | None) -> list[int]:
    """Tokens of the prompt as an engine renders it from messages."""
    rendered = tokenizer.apply_chat_template(
        messages(text, instruction), tokenize=True, add_generation_prompt=True, return_dict=True
    )
    return list(rendered["input_ids"])


def answer_ids(tokenizer: Any, target: str) -> list[int]:
    """Tokens of an answer, without its stop token."""
    return list(tokenizer(target, add_special_tokens=False)["input_ids"])


def stop_id(tokenizer: Any) -> int:
    """The token that ends a turn: what the template puts after an answer, else the end-of-text token."""
    turn = [{"role": "user", "content": "q"}, {"role": "assistant", "content": MARK}]
    after = tokenizer.apply_chat_template(turn, tokenize=False).rpartition(MARK)[2]
    ids = tokenizer(after, add_special_tokens=False)["input_ids"] if after else []
    if ids and (ids[0] in tokenizer.all_special_ids or ids[0] in tokenizer.added_tokens_decoder):
        return int(ids[0])
    return int(tokenizer.eos_token_id)


def prompts_digest(rendered: Sequence[list[int]]) -> str:
    """Digest of the first prompts' tokens; equal digests mean equal prompts."""
    return digest([list(ids) for ids in rendered[:DIGEST_ITEMS]])
