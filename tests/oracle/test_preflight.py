"""Every named check of the preflight can object, and none objects to a healthy run."""

from __future__ import annotations

import pytest

from delivery_api.evidence import ArtifactRecord
from delivery_oracle.preflight import CHECKS, artifact_objection, objections
from tests.oracle import world as w

SPOILED = {
    "every_row_is_supervised": ({"rows_unsupervised": 4}, "4 of 4000 rows have no token in the loss"),
    "no_row_is_cut": ({"rows_truncated": 7}, "7 of 4000 rows are longer than spec.config.sequenceLength=192"),
    "stop_token_is_learned": ({"stop_supervised": 3999}, "ends the loss of 3999 of 4000 rows"),
    "stop_token_is_shipped": ({"generation_stop_ids": (0, 5)}, "stops on token 2, the generation config on 0, 5"),
    "padding_keeps_the_stop_token": ({"pad_is_stop": True}, "padding hides the stop token"),
    "one_beginning_of_text": ({"begin_tokens": 2}, "2 beginning-of-text tokens"),
    "trained_prompt_is_served_prompt": ({"train_prompt_digest": "sha256:q"}, "rendered differently"),
    "every_layer_is_adapted": ({"layers_adapted": 2}, "2 of 30 layers have an adapter"),
    "trainable_parameters_add_up": ({"trainable_parameters": 100}, "100 parameters are trained, 4,884,480 expected"),
    "gradients_reach_the_weights": ({"input_grads": False}, "no gradient reaches"),
    "steps_are_not_rounded_away": ({"dtype": "bfloat16"}, "spec.config.learningRate=1e-6 is rounded away in bfloat16"),
    "packed_rows_do_not_leak": ({"packing_isolated": False}, "packed rows see each other"),
}


def test_a_healthy_run_meets_no_objection():
    assert objections(w.preflight(), w.plan(), w.config()) == ()


@pytest.mark.parametrize("check", [check.__name__ for check in CHECKS])
def test_a_spoiled_run_meets_exactly_one(check):
    changes, words = SPOILED[check]
    config = w.config(learning_rate="1e-6") if check == "steps_are_not_rounded_away" else w.config()
    (said,) = objections(w.preflight(**changes), w.plan(), config)
    assert said.startswith(check.replace("_", " ")) and words in said


def test_all_objections_are_reported_together():
    assert len(objections(w.preflight(rows_truncated=1, pad_is_stop=True), w.plan(), w.config())) == 2


def test_rules_of_adapters_do_not_bind_a_full_fine_tune():
    assert objections(w.preflight(layers_adapted=0), w.plan(method="Full"), w.config()) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"bytes": 0}, "empty"),
        ({"adapter_norm": 0.0}, "inert"),
        ({"adapter_bytes": 4_000_000}, "4,000,000 bytes, at least 9,768,960"),
        ({"merge_dtype": "int4"}, "merged in int4"),
    ],
)
def test_what_was_saved(changes, words):
    said = artifact_objection(w.preflight(), ArtifactRecord(**w.artifact(**changes)), w.plan())
    assert (said is None) if words is None else (words in (said or ""))
