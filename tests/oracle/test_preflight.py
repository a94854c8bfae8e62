"""Every named check of the preflight can object, and none objects to a healthy run."""

from __future__ import annotations

import pytest

from delivery_api.evidence import ArtifactRecord, Preflight
from delivery_oracle.preflight import CHECKS, SAVED_CHECKS, Words, artifact_objection, not_measured, objections
from delivery_oracle.preflight.__main__ import main, page
from delivery_oracle.preflight.causes import CANARY, CAUSES
from tests.oracle import world as w

SPOILED = {
    "template marks the answer": ({"assistant_tokens": 0}, "marks no token as the answer"),
    "every row is supervised": ({"rows_unsupervised": 4}, "4 of 4000 rows have no token in the loss"),
    "no row is cut": ({"rows_truncated": 7}, "7 of 4000 rows are longer than spec.config.sequenceLength=192"),
    "stop token is learned": ({"stop_supervised": 3999}, "ends the loss of 3999 of 4000 rows"),
    "stop token is shipped": ({"generation_stop_ids": (0, 5)}, "stops on token 2, the generation config on 0, 5"),
    "padding keeps the stop token": ({"pad_is_stop": True}, "padding hides the stop token"),
    "one beginning of text": ({"begin_tokens": 2}, "2 beginning-of-text tokens"),
    "trained prompt is served prompt": ({"train_prompt_digest": "sha256:q"}, "rendered differently"),
    "every layer is adapted": ({"layers_adapted": 2}, "2 of 30 layers have an adapter"),
    "trainable parameters add up": ({"trainable_parameters": 100}, "100 parameters are trained, 4,884,480 expected"),
    "gradients reach the weights": ({"input_grads": False}, "no gradient reaches"),
    "steps are not rounded away": ({"dtype": "bfloat16"}, "spec.config.learningRate=1e-6 is rounded away in bfloat16"),
    "first steps change the weights": ({"weights_moved": 0.0}, "the first steps changed 0% of the trained tensors"),
    "packed rows do not leak": ({"packing_isolated": False}, "packed rows see each other"),
}


def test_a_healthy_run_meets_no_objection():
    assert objections(w.preflight(), w.plan(), w.config()) == ()


@pytest.mark.parametrize("check", [check.name for check in CHECKS])
def test_a_spoiled_run_meets_exactly_one(check):
    changes, words = SPOILED[check]
    config = w.config(learning_rate="1e-6") if check == "steps are not rounded away" else w.config()
    (said,) = objections(w.preflight(**changes), w.plan(), config)
    assert said.startswith(check) and words in said


def test_all_objections_are_reported_together():
    assert len(objections(w.preflight(rows_truncated=1, pad_is_stop=True), w.plan(), w.config())) == 2


def test_rules_of_adapters_do_not_bind_a_full_fine_tune():
    assert objections(w.preflight(layers_adapted=0), w.plan(method="Full"), w.config()) == ()


def test_a_step_that_few_weights_notice_is_rounded_away():
    """The rule for bfloat16 is not enough: large weights swallow larger steps."""
    seen = w.preflight(dtype="bfloat16", steps_kept=0.02)
    (said,) = objections(seen, w.plan(), w.config(learning_rate="1e-4"))
    assert "spec.config.learningRate=1e-4 is rounded away in bfloat16: a step changes 2% of the trained weights" in said


def test_a_user_reads_the_names_that_they_typed():
    words = Words(length="max_length", targets="LoraConfig.target_modules", packing="packing")
    wrong = objections(w.preflight(rows_truncated=7, layers_adapted=2, packing_isolated=False), w.plan(), w.config(), words)
    assert [name in said for name, said in zip(("max_length=192", "target_modules to", "packing to"), wrong, strict=True)] == [
        True
    ] * 3
    assert "spec." not in " ".join(wrong)


def test_what_was_not_measured_is_named_and_no_objection():
    bare = {"prompt_digest": None, "train_prompt_digest": None, "packing_isolated": None, "assistant_tokens": None}
    seen = w.preflight(**bare)
    assert objections(seen, w.plan(), w.config()) == ()
    assert not_measured(seen) == (
        "template marks the answer",
        "trained prompt is served prompt",
        "first steps change the weights",
        "packed rows do not leak",
    )


def test_one_rendered_prompt_alone_is_an_objection():
    """Half of a comparison is no agreement."""
    assert objections(w.preflight(train_prompt_digest=None), w.plan(), w.config())


SAVED = {
    "artifact is not empty": ({"bytes": 0}, "empty"),
    "adapter is not inert": ({"adapter_norm": 0.0}, "inert"),
    "adapter is whole": ({"adapter_bytes": 4_000_000}, "4,000,000 bytes, at least 9,768,960"),
    "merge keeps the adapter": ({"merge_dtype": "int4"}, "merged in int4"),
    "adapter fits the base": ({"adapter_unmatched": 12}, "12 tensors of the adapter fit no module"),
}


@pytest.mark.parametrize("check", [check.name for check in SAVED_CHECKS])
def test_what_was_saved_is_judged_by_name(check):
    changes, words = SAVED[check]
    said = artifact_objection(w.preflight().trainable_parameters, ArtifactRecord(**w.artifact(**changes)), w.plan())
    assert said is not None and said.startswith(check) and words in said


def test_a_whole_artifact_meets_no_objection():
    kept = ArtifactRecord(**w.artifact(merge_kept=0.98, adapter_unmatched=0))
    assert artifact_objection(w.preflight().trainable_parameters, kept, w.plan()) is None


def test_a_merge_that_rounds_the_adapter_away_is_seen_in_any_format():
    lost = ArtifactRecord(**w.artifact(merge_dtype="bfloat16", merge_kept=0.03))
    assert "3% of what it does is left" in (artifact_objection(w.preflight().trainable_parameters, lost, w.plan()) or "")


def test_every_cause_is_seen_by_checks_that_exist_and_every_check_sees_a_cause():
    names = {check.name for check in (*CHECKS, *SAVED_CHECKS)}
    seen = {name for cause in CAUSES for name in cause.checks}
    assert seen - {CANARY} <= names
    assert names - seen == {"artifact is not empty"}


def test_every_measurement_is_a_field_of_the_evidence():
    assert {field for check in CHECKS for field in check.measured} <= set(Preflight.model_fields)
    assert {field for check in SAVED_CHECKS for field in check.measured} <= set(ArtifactRecord.model_fields)


def test_the_reference_page_is_what_the_checks_say(request, tmp_path):
    """`python -m delivery_oracle.preflight docs/reference/preflight.md` writes it."""
    assert main([str(tmp_path / "page.md")]) == 0
    assert (tmp_path / "page.md").read_text() == page()
    assert (request.config.rootpath / "docs/reference/preflight.md").read_text() == page()
