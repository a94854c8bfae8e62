"""Whole training runs of a tiny model against a real registry: evidence, artifact, resume, stop."""

import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from delivery_api.driver import Fields, Plan
from delivery_io import artifacts
from tests.images.bench import ROWS, Bench, losses, stopped_at
from tests.images.conftest import RegistryServer


@pytest.fixture
def bench(registry: RegistryServer, tiny: Path, tmp_path: Path) -> Bench:
    return Bench(registry, tiny, tmp_path)


def test_a_run_leaves_evidence_and_an_artifact_that_loads(bench: Bench, tmp_path: Path) -> None:
    evidence, status = bench.run(bench.task())
    assert status == 0 and evidence.problem is None
    assert [step.step for step in evidence.steps] == list(range(1, 9))
    assert [(look.step, len(look.items)) for look in evidence.looks] == [(4, 8), (8, 8)]
    seen = [item.id for look in evidence.looks for item in look.items]
    assert len(set(seen)) == len(seen), "a look saw an item again"
    preflight = evidence.preflight
    assert preflight is not None and preflight.packing_isolated and preflight.input_grads
    assert preflight.layers_adapted == preflight.layers == 2
    assert preflight.trainable_parameters == preflight.expected_trainable_parameters
    assert preflight.stop_supervised == preflight.rows == 40
    assert preflight.prompt_digest == preflight.train_prompt_digest and preflight.steps_kept == 1.0
    assert preflight.weights_moved == 1.0, "measured after the third step"
    artifact = evidence.artifact
    assert artifact is not None and artifact.adapter_norm > 0
    assert artifact.adapter_unmatched == 0 and artifact.merge_kept == pytest.approx(1.0, abs=1e-3)
    assert artifact.adapter_bytes == 4 * preflight.trainable_parameters
    artifacts.pull(bench.registry("out"), artifact.digest, tmp_path / "artifact")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "artifact")
    assert merged.config.tie_word_embeddings and merged.generation_config.eos_token_id in (2, [2])
    assert torch.isfinite(merged(input_ids=torch.tensor([[1, 5, 6]])).logits).all()


def test_a_killed_run_goes_on_with_the_same_losses(bench: Bench) -> None:
    """What a customer would lose otherwise: the hours before the kill, or a run that is not the one that was paid for."""
    undisturbed, _ = bench.run(bench.task(inputs="sha256:" + "cd" * 32), "whole")
    process = bench.start(bench.task(), "first")
    stopped_at(bench, process, 5)
    process.kill()
    process.communicate()
    resumed, status = bench.run(bench.task(attempt=2), "second")
    assert status == 0 and resumed.resumed_from == (4,)
    assert losses(resumed) == pytest.approx(losses(undisturbed), rel=1e-4)
    assert [look.step for look in resumed.looks] == [4, 8]
    assert [item.id for look in resumed.looks for item in look.items] == [i.id for k in undisturbed.looks for i in k.items]


def test_a_run_that_is_asked_to_stop_saves_first(bench: Bench) -> None:
    process = bench.start(bench.task(steps=2000), "stopped")
    stopped_at(bench, process, 5)
    process.send_signal(signal.SIGTERM)
    evidence, status = bench.finish(process, "stopped")
    assert status == 1 and evidence.problem is not None and evidence.problem.kind == "Terminated"
    last = evidence.steps[-1].step
    assert f"ckpt-{'ab' * 5}-{last:08d}" in bench.registry("out").tags()


def test_a_run_stops_when_its_money_is_used_up(bench: Bench) -> None:
    evidence, status = bench.run(bench.task(steps=100_000, seconds=3, look_steps=()))
    assert status == 1 and evidence.problem is not None and evidence.problem.kind == "Deadline"
    assert evidence.problem.field == "spec.terms.budget.limit" and evidence.artifact is None


def test_a_registry_that_dies_before_the_push_is_a_problem_and_no_silence(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DELIVERY_PUSH_SECONDS", "2")
    process = bench.start(bench.task(steps=60, checkpoint_every_steps=10_000, look_steps=()), "orphan")
    stopped_at(bench, process, 2)
    bench.server.stop()
    evidence, status = bench.finish(process, "orphan")
    assert status == 1 and evidence.problem is not None and evidence.problem.kind == "Push"
    assert evidence.problem.field == "spec.output.repository" and evidence.artifact is None


def test_padding_instead_of_packing_gives_the_same_losses(bench: Bench) -> None:
    packed, _ = bench.run(bench.task(), "packed")
    padded, _ = bench.run(bench.task(plan=Plan(artifact="Merged", packing=False), inputs="sha256:" + "ee" * 32), "padded")
    assert losses(padded) == pytest.approx(losses(packed), rel=1e-3)


def test_checkpointed_gradients_are_the_same_gradients(bench: Bench) -> None:
    """Checkpointing without gradients of the inputs is silent in the loss of the first step and trains nothing."""
    task = bench.task()
    thrifty = task.config.model_copy(update={"gradient_checkpointing": True})
    plain, _ = bench.run(task, "plain")
    saved, _ = bench.run(task.model_copy(update={"config": thrifty, "inputs": "sha256:" + "ff" * 32}), "saved")
    assert saved.preflight is not None and saved.preflight.input_grads
    assert losses(saved) == pytest.approx(losses(plain), rel=1e-3)


def test_a_full_fine_tune_delivers_merged_weights(bench: Bench) -> None:
    evidence, status = bench.run(bench.task(plan=Plan(method="Full", artifact="Merged")))
    assert status == 0 and evidence.preflight is not None and evidence.artifact is not None
    assert evidence.preflight.trainable_parameters == evidence.preflight.parameters
    assert evidence.artifact.kind == "Merged" and len(evidence.looks) == 2
    first, last = evidence.steps[0].loss, evidence.steps[-1].loss
    assert first is not None and last is not None and last < first


def test_an_adapter_is_delivered_with_its_tokenizer(bench: Bench, tmp_path: Path) -> None:
    evidence, status = bench.run(bench.task(plan=Plan(artifact="Adapter")))
    assert status == 0 and evidence.artifact is not None and evidence.artifact.kind == "Adapter"
    assert evidence.artifact.adapter_unmatched == 0 and evidence.artifact.merge_kept is None
    artifacts.pull(bench.registry("out"), evidence.artifact.digest, tmp_path / "artifact")
    names = {path.name for path in (tmp_path / "artifact").iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "chat_template.jinja"} <= names


def test_prompts_in_the_loss_are_supervised(bench: Bench) -> None:
    evidence, _ = bench.run(bench.task(plan=Plan(artifact="Merged", loss_on="All")))
    assert evidence.preflight is not None and evidence.preflight.supervised_minimum > 20


def test_personal_data_never_reaches_the_model(bench: Bench) -> None:
    """Two addresses, one text: after redaction the rows are the same, and so is every loss."""
    first, _ = bench.run(bench.task(train=bench.rows("ann", ROWS.replace("message", "ann@example.com"))), "ann")
    other = bench.task(train=bench.rows("bob", ROWS.replace("message", "bob.smith@example.org")), inputs="sha256:" + "dd" * 32)
    second, _ = bench.run(other, "bob")
    assert losses(first) == losses(second)


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"fields": Fields(input="body", target="label")}, "spec.intake.fields.input", "no column body"),
        ({"drop_rows": tuple(range(40))}, "spec.terms.data.train", "No row is left"),
        ({"plan": Plan(method="QLoRA")}, "spec.plan.method", "QLoRA"),
    ],
    ids=["column", "no rows", "method"],
)
def test_a_mistake_of_the_spec_is_one_line(bench: Bench, changes: dict[str, Any], field: str, says: str) -> None:
    evidence, status = bench.run(bench.task(**changes))
    assert status == 1 and evidence.problem is not None
    assert (evidence.problem.kind, evidence.problem.field) == ("Invalid", field) and says in evidence.problem.message


def test_an_answer_longer_than_the_sequence_is_never_cut(bench: Bench) -> None:
    task = bench.task()
    evidence, status = bench.run(task.model_copy(update={"config": task.config.model_copy(update={"sequence_length": 40})}))
    assert status == 1 and evidence.problem is not None and evidence.problem.field == "spec.config.sequenceLength"
    assert evidence.preflight is not None and evidence.preflight.rows_truncated == 40 and not evidence.steps
