"""Whether two processes that each hold a part of the model train what one does: the losses, step by step, on the small base.

Three runs of the trainer with the same rows in every step: in one process, all rows in one pass; in one process, half of
them in each of two passes, which differs by rounding alone and so tells how large noise is; and in two processes by FSDP,
killed without warning and resumed from its checkpoint. Figures are written as measured, whatever they say.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Any

from delivery_api.digests import canonical, digest
from delivery_api.driver import Config, Fields, Plan
from delivery_api.evidence import TrainEvidence, read_evidence
from delivery_api.sources import Repository, Source
from delivery_api.tasks import TrainTask
from delivery_io.download import sha256_file
from delivery_io.fetch import folder_digest
from experiments.tbdl.registry import registry

HERE = Path(__file__).parent
TORCHRUN = ("-m", "torch.distributed.run", "--standalone")
ROWS = 16
PROCESSES = 2
NO_LIMIT_SECONDS = 3600
TOLERANCE = 3.0
"""Times the noise that a difference may be: both are of a few steps."""


class Bench:
    """Files that the trainer reads, and where each run leaves its evidence."""

    def __init__(self, folder: Path, base: Path, data: Path, host: str, steps: int) -> None:
        self.folder, self.host, self.steps = folder, host, steps
        (folder / "claims" / "rows").mkdir(parents=True)
        for name in ("train.csv", "test.csv"):
            shutil.copy(data / name, folder / "claims" / "rows" / name)
        (folder / "claims" / "model").symlink_to(base.resolve().parent, target_is_directory=True)
        self.base = Source(uri=f"pvc://model/{base.name}", digest=folder_digest(base))

    def rows(self, name: str) -> Source:
        """A table of rows, pinned."""
        return Source(uri=f"pvc://rows/{name}", digest=sha256_file(self.folder / "claims" / "rows" / name))

    def task(self, run: str, micro: int, processes: int, attempt: int = 1) -> TrainTask:
        """A run of `steps` steps over the same rows."""
        config = Config(
            precision="bf16",
            micro_batch_size=micro,
            accumulation_steps=ROWS // micro // processes,
            sequence_length=512,
            steps=self.steps,
            warmup_steps=1,
            learning_rate="1e-3",
            rank=16,
            alpha=32,
            targets=("all-linear",),
            seed=1,
            parallelism="FSDP" if processes > 1 else None,
        )
        return TrainTask(
            delivery_uid="parallel",
            inputs=digest({"run": run}),
            attempt=attempt,
            base=self.base,
            train=self.rows("train.csv"),
            sealed=self.rows("test.csv"),
            fields=Fields(input="text", target="category"),
            task="Classification",
            metric="Accuracy",
            holdout_items=1000,
            personal_data="Allow",
            insecure_registries=(self.host,),
            plan=Plan(artifact="Adapter"),
            config=config,
            accelerators=processes,
            look_steps=(self.steps,),
            look_items=16,
            checkpoint_every_steps=2,
            seconds=NO_LIMIT_SECONDS,
            output=Repository(repository=f"oci://{self.host}/models", insecure=True),
        )

    def run(self, name: str, task: TrainTask, kill_after: int | None = None) -> TrainEvidence | None:
        """The evidence of a run; None of one that was killed after a step."""
        folder = self.folder / f"{name}-{task.attempt}"
        (folder / "work").mkdir(parents=True)
        places = {
            "DELIVERY_TASK": canonical(task),
            "DELIVERY_EVIDENCE_DIR": str(folder / "evidence"),
            "DELIVERY_WORK": str(folder / "work"),
            "DELIVERY_TERMINATION_LOG": str(folder / "termination"),
            "DELIVERY_CLAIMS": str(self.folder / "claims"),
            "PYTHONUNBUFFERED": "1",
            "OMP_WAIT_POLICY": "PASSIVE",
        }
        launcher = (*TORCHRUN, f"--nproc-per-node={task.accelerators}") if task.accelerators > 1 else ()
        command = [sys.executable, *launcher, "-m", "delivery_worker", "train"]
        print(f"{name}, attempt {task.attempt}", flush=True)
        process = subprocess.Popen(
            command,
            env=os.environ | places,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for line in process.stdout or ():
            if line.startswith(("Step ", "Looked ")):
                print(f"    {line.rstrip()}", flush=True)
            if kill_after and line.startswith(f"Step {kill_after}/"):
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return None
        if process.wait():
            raise SystemExit(f"{name} ended with exit code {process.returncode}; its evidence is in {folder / 'evidence'}")
        evidence = read_evidence.validate_json((folder / "evidence" / "evidence.json").read_bytes())
        assert isinstance(evidence, TrainEvidence) and evidence.complete and evidence.problem is None
        return evidence


def losses(evidence: TrainEvidence) -> list[float]:
    """The loss of every step."""
    return [step.loss for step in evidence.steps if step.loss is not None]


def apart(one: list[float], other: list[float]) -> float:
    """Root of the mean square of the differences, relative to the loss."""
    return float(mean(((a - b) / b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5)


def figures(alone: TrainEvidence, halves: TrainEvidence, parts: TrainEvidence, seconds: float) -> dict[str, Any]:
    """What is compared, and with what."""
    noise, difference = apart(losses(halves), losses(alone)), apart(losses(parts), losses(alone))
    return {
        "steps": len(alone.steps),
        "losses": {name: losses(one) for name, one in (("one", alone), ("oneInTwoPasses", halves), ("twoByFsdp", parts))},
        "noise": float(f"{noise:.3g}"),
        "difference": float(f"{difference:.3g}"),
        "withinNoise": difference <= TOLERANCE * noise,
        "resumedFrom": list(parts.resumed_from),
        "sameAnswers": sum(a.candidate == b.candidate for a, b in zip(alone.looks[0].items, parts.looks[0].items, strict=True)),
        "askedItems": len(alone.looks[0].items),
        "peakGigabytes": {"one": alone.peak_memory_bytes / 1e9, "eachOfTwo": parts.peak_memory_bytes / 1e9},
        "secondsPerStep": {"one": mean(s.seconds for s in alone.steps), "two": mean(s.seconds for s in parts.steps)},
        "seconds": round(seconds, 1),
    }


def main() -> int:
    """Train three times, compare, and write what was measured."""
    parser = argparse.ArgumentParser(prog="experiments/parallel/run", description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="model folder")
    parser.add_argument("--data", type=Path, required=True, help="folder with train.csv and test.csv of BANKING77")
    parser.add_argument("--steps", type=int, default=6, help="optimizer steps of each run; at least 4")
    parser.add_argument("--results", type=Path, default=HERE / "measured.json")
    given = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, registry(Path(folder) / "registry") as host:
        bench = Bench(Path(folder), given.base, given.data, host, given.steps)
        alone = bench.run("one process", bench.task("alone", ROWS, 1))
        halves = bench.run("one process in two passes", bench.task("halves", ROWS // 2, 1))
        name, half = "two processes by FSDP", ROWS // PROCESSES
        bench.run(name, bench.task("parts", half, PROCESSES), kill_after=3)
        parts = bench.run(name, bench.task("parts", half, PROCESSES, attempt=2))
    assert alone and halves and parts
    found = figures(alone, halves, parts, time.monotonic() - started)
    given.results.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
    return 0 if found["withinNoise"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
