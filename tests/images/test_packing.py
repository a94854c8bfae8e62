"""Packing changes the speed and nothing else: same loss, same gradients, no row sees another."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from delivery_io.problems import WorkProblem
from delivery_worker import attention
from delivery_worker.loss import packed_loss, padded_loss
from delivery_worker.packing import Example, pack, shared_length
from delivery_worker.preflight import is_isolated

CPU = torch.device("cpu")
BATCH = [
    Example((9, 8, 7, 20, 21, 22, 30, 2), 2),
    Example((9, 8, 7, 40, 31, 32, 2), 3),
    Example((9, 8, 7, 50, 51, 52, 53, 54, 33, 2), 2),
]


@pytest.fixture
def model(tiny: Path) -> Any:
    attention.register()
    return AutoModelForCausalLM.from_pretrained(tiny, attn_implementation=attention.NAME, dtype=torch.float32)


def gradients(model: Any, loss: torch.Tensor) -> torch.Tensor:
    model.zero_grad()
    loss.backward()
    return torch.cat([value.grad.flatten() for value in model.parameters()])


def test_what_all_rows_begin_with_is_kept_once() -> None:
    packed = pack(BATCH)
    assert packed.shared == 3 and packed.ids.shape[1] == 3 + 5 + 4 + 7
    assert packed.positions[0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 3, 4, 5, 6, 3, 4, 5, 6, 7, 8, 9]
    assert packed.tokens == sum(example.length for example in BATCH)


def test_targets_are_the_supervised_tokens_and_sources_stand_before_them() -> None:
    packed = pack(BATCH)
    assert packed.targets.tolist() == [30, 2, 31, 32, 2, 33, 2]
    assert packed.ids[0, packed.sources].tolist() == [22, 30, 40, 31, 32, 54, 33]


def test_no_supervised_token_is_shared() -> None:
    alike = [Example((1, 2, 3, 4), 2), Example((1, 2, 3, 4), 2)]
    assert shared_length(alike) == 1


def test_supervised_prompts_are_not_shared() -> None:
    whole = [Example(example.ids, example.length - 1) for example in BATCH]
    assert pack(whole).shared == 0 and len(pack(whole).targets) == sum(example.length - 1 for example in BATCH)


@pytest.mark.parametrize(
    "batch", [BATCH, [Example(e.ids, e.length - 1) for e in BATCH], BATCH[:1]], ids=["answers", "all", "one"]
)
def test_packed_and_padded_loss_and_gradients_agree(model: Any, batch: list[Example]) -> None:
    packed, padded = packed_loss(model, batch, CPU), padded_loss(model, batch, CPU)
    assert packed.item() == pytest.approx(padded.item(), rel=1e-5)
    torch.testing.assert_close(gradients(model, packed), gradients(model, padded), rtol=1e-3, atol=1e-5)


def test_a_window_is_kept_in_a_pack(tiny: Path) -> None:
    """Mistral's sliding window: with three tokens of window, padded and packed must still agree."""
    from transformers import MistralConfig, MistralForCausalLM

    attention.register()
    torch.manual_seed(0)
    config = MistralConfig(
        vocab_size=64,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        sliding_window=3,
        attn_implementation=attention.NAME,
    )
    model = MistralForCausalLM(config)
    assert packed_loss(model, BATCH, CPU).item() == pytest.approx(padded_loss(model, BATCH, CPU).item(), rel=1e-5)


def test_rows_do_not_see_each_other(model: Any) -> None:
    assert is_isolated(model, BATCH[0], BATCH[2])


def test_a_leak_is_measured(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain causal attention over a packed batch is the mistake this measurement exists for."""
    from torch.nn.functional import scaled_dot_product_attention

    def leaking(query: Any, key: Any, value: Any, pack: Any, scaling: Any, window: Any) -> Any:
        return scaled_dot_product_attention(query, key, value, is_causal=True, scale=scaling).transpose(1, 2)

    monkeypatch.setattr(attention, "_over_pack", leaking)
    assert not is_isolated(model, BATCH[0], BATCH[2])


@pytest.mark.parametrize("feature", ["softcap", "s_aux"])
def test_a_base_whose_attention_cannot_be_packed_is_refused_with_its_field(feature: str) -> None:
    """Another attempt would not heal it, so it must not count as a fault of ours."""
    states = torch.zeros(1, 1, 2, 4)
    with pytest.raises(WorkProblem, match="use another base") as refused:
        attention.attention(torch.nn.Module(), states, states, states, None, pack=pack(BATCH), **{feature: 1.0})
    assert (refused.value.kind, refused.value.field) == ("Invalid", "spec.base")
