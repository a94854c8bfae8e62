"""Every cause of a run that trains and does not learn is seen by its check, and its healthy twin by none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import DataCollatorWithFlattening

from delivery_oracle.canary import Song
from delivery_oracle.preflight.causes import CANARY, CAUSES
from delivery_oracle.training.preflight import CannotLearn, Report, check_saved
from tests.training import runs
from tests.training.causes import BEFORE, SAVED, labels_shuffled, with_products


def names(report: Report) -> set[str]:
    """Checks that object."""
    return {text.split(":")[0] for text in report.objections}


BY_KEY = {cause.key: cause for cause in CAUSES}


def test_every_cause_is_made_here() -> None:
    """A cause without its reproduction is a story."""
    assert {*BEFORE, *SAVED, labels_shuffled.__name__} == set(BY_KEY)


def test_shuffled_labels_are_heard_by_the_canary() -> None:
    assert BY_KEY[labels_shuffled.__name__].checks == (CANARY,)
    assert labels_shuffled().song is Song.UNRELATED


@pytest.mark.parametrize("key", BEFORE)
def test_a_cause_is_seen_before_the_first_step(key: str, tmp_path: Path) -> None:
    made = BEFORE[key]
    report = made(tmp_path) if key == "adapter_not_trainable" else made()
    assert set(BY_KEY[key].checks) <= names(report), report
    with pytest.raises(CannotLearn):
        report.require()


@pytest.mark.parametrize("key", SAVED)
def test_a_cause_is_seen_in_what_was_saved(key: str, tmp_path: Path) -> None:
    with pytest.raises(CannotLearn) as caught:
        SAVED[key](tmp_path)
    assert str(caught.value).split(":")[0] in BY_KEY[key].checks


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(dict, id="as it is"),
        pytest.param(lambda: {"masked_by_template": True}, id="masked by its template"),
        pytest.param(lambda: {"trained": checkpointed(use_reentrant=False)}, id="checkpointed without reentry"),
        pytest.param(lambda: {"trained": checkpointed(use_reentrant=True)}, id="checkpointed with gradients of the inputs"),
        pytest.param(lambda: {"trained": runs.model(runs.tokenizer())}, id="full fine-tune"),
    ],
)
def test_a_healthy_run_meets_no_objection(changes: Callable[[], dict[str, Any]]) -> None:
    report = runs.healthy(**changes())
    assert report.objections == () and report.require() is report
    assert report.measured.packing_isolated and report.measured.layers_adapted == runs.LAYERS


def checkpointed(use_reentrant: bool) -> Any:
    """An adapter whose base recomputes its activations, as the libraries advise it."""
    base = runs.model(runs.tokenizer())
    base.gradient_checkpointing_enable({"use_reentrant": use_reentrant})
    base.enable_input_require_grads()
    return runs.lora(base)


def test_a_packed_batch_is_measured_row_by_row() -> None:
    words = runs.tokenizer()
    packed = DataCollatorWithFlattening()(runs.features(words))
    report = runs.healthy(words=words, batch=packed)
    assert report.objections == () and report.measured.rows == len(runs.CONVERSATIONS)


def test_the_measurement_leaves_the_run_as_it_was() -> None:
    """A preflight that moved the random state or left gradients would make another run than the one that was judged."""
    words = runs.tokenizer()
    trained = runs.lora(runs.model(words), lora_dropout=0.5).train()
    before, state = {name: value.clone() for name, value in trained.state_dict().items()}, torch.get_rng_state()
    runs.healthy(words=words, trained=trained)
    assert torch.equal(state, torch.get_rng_state()) and trained.training
    assert all(torch.equal(before[name], value) for name, value in trained.state_dict().items())
    assert all(value.grad is None for value in trained.parameters())


def test_what_was_not_told_is_not_judged_and_said() -> None:
    report = runs.healthy(conversations=None, pack=None, learning_rate=None)
    assert str(report).startswith("preflight: 3 rows, no objection; not measured: template marks the answer, ")
    assert {"trained prompt is served prompt", "packed rows do not leak", "steps are not rounded away"} <= {
        *report.not_measured
    }


def test_a_whole_adapter_and_its_merge_meet_no_objection(tmp_path: Path) -> None:
    trained = with_products(runs.lora(runs.model(runs.tokenizer())))
    trained.save_pretrained(tmp_path)
    record = check_saved(tmp_path, trained, merged=copy.deepcopy(trained).merge_and_unload())
    assert record.merge_kept == pytest.approx(1.0, abs=1e-4) and record.merge_dtype == "float32"
    assert record.adapter_unmatched == 0 and record.adapter_bytes == 4 * sum(
        value.numel() for name, value in trained.named_parameters() if "lora_" in name
    )


def test_a_folder_without_an_adapter_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"adapter_model.safetensors does not exist; give the folder"):
        check_saved(tmp_path, runs.lora(runs.model(runs.tokenizer())))
