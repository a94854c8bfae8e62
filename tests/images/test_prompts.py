"""One rendering for training and serving, ended by the token that ends a turn."""

import pytest

from delivery_io import prompts
from delivery_io.scoring import Metric, score
from tests.images.tiny import TEMPLATE, tokenizer


def test_training_and_serving_render_the_same_tokens() -> None:
    words = tokenizer()
    assert prompts.prompt_ids(words, "hé <|im_end|> ", "Say") == prompts.served_ids(words, "hé <|im_end|> ", "Say")


def test_a_template_that_adds_a_date_in_one_path_only_changes_the_digest() -> None:
    words, other = tokenizer(), tokenizer()
    other.chat_template = TEMPLATE.replace("{{ message['content'] }}", "{{ message['content'] }} ")
    first = prompts.prompts_digest([prompts.prompt_ids(words, "a", None)])
    assert first != prompts.prompts_digest([prompts.served_ids(other, "a", None)])


def test_the_stop_token_is_what_the_template_ends_a_turn_with() -> None:
    words = tokenizer()
    assert prompts.stop_id(words) == words.convert_tokens_to_ids("<|im_end|>")
    words.eos_token = "<|pad|>"
    assert prompts.stop_id(words) == words.convert_tokens_to_ids("<|im_end|>")


def test_without_a_template_the_end_of_text_token_stops() -> None:
    words = tokenizer()
    words.chat_template = None
    prompts.ensure_template(words)
    assert prompts.stop_id(words) == words.eos_token_id
    assert words.decode(prompts.prompt_ids(words, "a", None)) == "a\n"


@pytest.mark.parametrize(
    ("answer", "target", "metric", "value"),
    [
        ("card ", "card", "Accuracy", 1.0),
        ("Card", "card", "Accuracy", 0.0),
        ("card lost", "card", "ExactMatch", 0.0),
        ("the red card", "red card", "F1", 0.8),
        ("blue", "red", "F1", 0.0),
        ("", "red", "F1", 0.0),
    ],
)
def test_scores(answer: str, target: str, metric: Metric, value: float) -> None:
    assert score(answer, target, metric) == pytest.approx(value)
