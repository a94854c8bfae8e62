"""Whole training runs of a tiny model against a real registry: evidence, artifact, resume, stop."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from delivery_api.digests import canonical, sha256
from delivery_api.driver import Config, Fields, Plan
from delivery_api.evidence import TrainEvidence, read_evidence
from delivery_api.sources import Repository, Source
from delivery_api.tasks import TrainTask
from delivery_io import artifacts
from delivery_io.registry import Registry, parse
from delivery_worker import train
from tests.images.conftest import RegistryServer

ROWS = "\n".join(
    f'{{"text": "message {number} about {word}", "label": "{word}"}}' for number in range(20) for word in ("card", "loan")
)
SEALED = "\n".join(
    f'{{"text": "question {number} on {word}", "label": "{word}"}}' for number in range(20) for word in ("card", "loan")
)


class Bench:
    """A registry with base and data, and runs of the trainer as its own process."""

    def __init__(self, server: RegistryServer, tiny: Path, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.base = self.push("base", tiny)
        self.train, self.sealed = self.rows("train", ROWS), self.rows("sealed", SEALED)

    def registry(self, repository: str) -> Registry:
        return Registry(parse(f"oci://{self.server.host}/{repository}", "test"), "test", insecure=True)

    def push(self, repository: str, folder: Path) -> Source:
        return Source(uri=artifacts.push(self.registry(repository), folder, "data").uri)

    def rows(self, name: str, text: str) -> Source:
        folder = self.folder / name
        folder.mkdir()
        (folder / "rows.jsonl").write_text(text)
        return self.push(name, folder)

    def task(self, steps: int = 8, **changes: Any) -> TrainTask:
        config = Config(
            precision="fp32",
            micro_batch_size=4,
            accumulation_steps=2,
            sequence_length=256,
            steps=steps,
            warmup_steps=2,
            learning_rate="1e-2",
            rank=4,
            alpha=8,
            targets=("all-linear",),
            seed=3,
        )
        task = TrainTask(
            delivery_uid="uid",
            inputs="sha256:" + "ab" * 32,
            base=self.base,
            train=self.train,
            sealed=self.sealed,
            fields=Fields(input="text", target="label"),
            task="Classification",
            metric="Accuracy",
            holdout_items=20,
            insecure_registries=(self.server.host,),
            plan=Plan(artifact="Merged"),
            config=config,
            look_steps=(4, 8),
            look_items=8,
            checkpoint_every_steps=2,
            seconds=600,
            output=Repository(repository=f"oci://{self.server.host}/out", insecure=True),
        )
        return task.model_copy(update=changes)

    def environment(self, name: str) -> dict[str, str]:
        (self.folder / name / "work").mkdir(parents=True, exist_ok=True)
        return {
            "DELIVERY_EVIDENCE_DIR": str(self.folder / name / "evidence"),
            "DELIVERY_WORK": str(self.folder / name / "work"),
            "DELIVERY_TERMINATION_LOG": str(self.folder / name / "termination"),
        }

    def start(self, task: TrainTask, name: str) -> "subprocess.Popen[str]":
        """As its own process, for runs that are disturbed."""
        env = os.environ | self.environment(name) | {"DELIVERY_TASK": canonical(task)}
        command = [sys.executable, "-m", "delivery_worker", "train"]
        return subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self, process: "subprocess.Popen[str]", name: str) -> tuple[TrainEvidence, int]:
        process.communicate(timeout=200)
        return self.evidence(name), process.returncode

    def evidence(self, name: str) -> TrainEvidence:
        text = (self.folder / name / "evidence/evidence.json").read_text()
        assert (self.folder / name / "evidence/digest").read_text() == sha256(text)
        assert (self.folder / name / "termination").read_text() == sha256(text)
        evidence = read_evidence.validate_json(text)
        assert isinstance(evidence, TrainEvidence) and evidence.complete
        return evidence

    def run(self, task: TrainTask, name: str = "run") -> tuple[TrainEvidence, int]:
        """In this process, as starting another takes longer than the run."""
        with pytest.MonkeyPatch.context() as patch:
            for key, value in self.environment(name).items():
                patch.setenv(key, value)
            status = train.main(task)
        return self.evidence(name), status


@pytest.fixture
def bench(registry: RegistryServer, tiny: Path, tmp_path: Path) -> Bench:
    return Bench(registry, tiny, tmp_path)


def losses(evidence: TrainEvidence) -> list[float | None]:
    return [step.loss for step in evidence.steps]


def stopped_at(bench: Bench, process: "subprocess.Popen[str]", step: int) -> None:
    """Wait until the run says that it took a step."""
    assert process.stdout is not None
    until = time.monotonic() + 120
    for line in process.stdout:
        assert time.monotonic() < until
        if line.startswith(f"Step {step}/"):
            return
    raise AssertionError(f"the run ended before step {step}")


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
