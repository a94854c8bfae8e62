"""Training runs of several processes, started by torchrun as a Job starts them: one process's run, faster or in less memory."""

import signal
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from delivery_api.driver import Plan
from delivery_api.evidence import TrainEvidence
from delivery_api.tasks import TrainTask
from delivery_io import artifacts
from delivery_io.problems import WorkProblem
from delivery_worker import parallel
from tests.images.bench import Bench, losses, stopped_at
from tests.images.conftest import RegistryServer

Parallelism = Literal["DataParallel", "FSDP"]
PROCESSES = 2


@pytest.fixture
def bench(registry: RegistryServer, tiny: Path, tmp_path: Path) -> Bench:
    return Bench(registry, tiny, tmp_path)


def shared(task: TrainTask, how: Parallelism, **changes: Any) -> TrainTask:
    """The same rows a step, half of them in each process, under inputs of its own."""
    config = task.config.model_copy(update={"parallelism": how, "micro_batch_size": 2})
    told = {"config": config, "accelerators": PROCESSES, "inputs": "sha256:" + "cd" * 32}
    return task.model_copy(update=told | changes)


def of_two(bench: Bench, task: TrainTask, name: str) -> TrainEvidence:
    process = bench.start(task, name)
    evidence, status = bench.finish(process, name)
    assert status == 0, evidence.problem
    return evidence


def answers(evidence: TrainEvidence) -> list[tuple[int, str, float, float]]:
    return [(look.step, item.id, item.base, item.candidate) for look in evidence.looks for item in look.items]


@pytest.mark.parametrize("how", ["DataParallel", "FSDP"])
def test_two_processes_do_what_one_does(bench: Bench, how: Parallelism, tmp_path: Path) -> None:
    alone, status = bench.run(bench.task(), "alone")
    assert status == 0
    together = of_two(bench, shared(bench.task(), how), "together")
    assert losses(together) == pytest.approx(losses(alone), rel=1e-3)
    assert [step.tokens for step in together.steps] == [step.tokens for step in alone.steps]
    assert answers(together) == answers(alone)
    assert together.preflight is not None and alone.preflight is not None
    assert together.preflight.model_copy(update={"weights_moved": 1.0}) == alone.preflight
    assert together.artifact is not None and alone.artifact is not None
    assert together.artifact.adapter_norm == pytest.approx(alone.artifact.adapter_norm, rel=1e-3)
    assert together.artifact.adapter_unmatched == 0 and together.artifact.merge_kept == pytest.approx(1.0, abs=1e-3)
    artifacts.pull(bench.registry("out"), together.artifact.digest, tmp_path / "artifact")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "artifact")
    assert torch.isfinite(merged(input_ids=torch.tensor([[1, 5, 6]])).logits).all()


def test_processes_that_are_asked_to_stop_stop_at_one_step_and_save(bench: Bench) -> None:
    process = bench.start(shared(bench.task(steps=2000), "FSDP", look_steps=()), "stopped")
    stopped_at(bench, process, 5)
    process.send_signal(signal.SIGTERM)
    evidence, status = bench.finish(process, "stopped")
    assert status != 0 and evidence.problem is not None and evidence.problem.kind == "Terminated"
    assert f"ckpt-{'cd' * 5}-{evidence.steps[-1].step:08d}" in bench.registry("out").tags()


def test_a_sharded_full_fine_tune_delivers_whole_weights(bench: Bench, tmp_path: Path) -> None:
    plan = Plan(method="Full", artifact="Merged")
    alone, _ = bench.run(bench.task(plan=plan), "alone")
    together = of_two(bench, shared(bench.task(plan=plan), "FSDP"), "together")
    assert losses(together) == pytest.approx(losses(alone), rel=1e-3)
    assert together.artifact is not None and alone.artifact is not None
    assert together.artifact.bytes == alone.artifact.bytes
    artifacts.pull(bench.registry("out"), together.artifact.digest, tmp_path / "artifact")
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "artifact").config.tie_word_embeddings


def test_a_sharded_run_delivers_an_adapter(bench: Bench, tmp_path: Path) -> None:
    plan = Plan(artifact="Adapter")
    alone, _ = bench.run(bench.task(plan=plan), "alone")
    together = of_two(bench, shared(bench.task(plan=plan), "FSDP"), "together")
    assert answers(together) == answers(alone)
    assert together.artifact is not None and alone.artifact is not None
    assert together.artifact.kind == "Adapter" and together.artifact.adapter_unmatched == 0
    for name, one in (("mine", together.artifact), ("theirs", alone.artifact)):
        artifacts.pull(bench.registry("out"), one.digest, tmp_path / name)
    mine, theirs = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("mine", "theirs"))
    assert mine.keys() == theirs.keys()
    assert all(torch.allclose(mine[key], theirs[key], rtol=1e-2, atol=1e-4) for key in mine)


def test_a_run_without_its_processes_does_not_start(bench: Bench) -> None:
    evidence, status = bench.run(shared(bench.task(), "FSDP"))
    assert status == 1 and evidence.problem is not None and evidence.problem.field == "spec.schedule.count"
    assert "1 processes were started for 2 accelerators" in evidence.problem.message


def test_what_one_process_fails_with_is_what_the_first_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first would otherwise say that a connection broke, and the run would be tried again for nothing."""
    launcher = torch.distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    for key, value in {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(launcher.port), "RANK": "1"}.items():
        monkeypatch.setenv(key, value)
    with pytest.raises(MemoryError), parallel.telling():
        raise MemoryError("on the second accelerator")
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(WorkProblem) as told, parallel.telling():
        raise RuntimeError("Connection closed by peer")
    assert told.value.kind == "OutOfMemory" and told.value.field == "spec.config.microBatchSize"
