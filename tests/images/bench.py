"""A registry with base and data, and whole training runs of a tiny model against it, in one process or several."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

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


def launcher(count: int) -> list[str]:
    """What starts one process for each of several accelerators, as the Job does."""
    if count == 1:
        return []
    return ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]


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
        command = [sys.executable, *launcher(task.accelerators), "-m", "delivery_worker", "train"]
        return subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self, process: "subprocess.Popen[str]", name: str) -> tuple[TrainEvidence, int]:
        _, said = process.communicate(timeout=200)
        assert (self.folder / name / "evidence").exists(), said
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
