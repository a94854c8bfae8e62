"""One run after another: data audited, trained with the clean probe, what came out audited. It records and judges nothing.

The trainer is not ended by a flag here: what a flag would have stopped is trained to its end, so that the audit can say
what it had become.
"""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from delivery_api.digests import digest
from delivery_api.evidence import AuditEvidence, EvaluateEvidence, TrainEvidence
from delivery_api.sources import Repository, Source
from delivery_api.tasks import AuditTask, EvaluateTask, TrainTask

from . import rows, trace
from .manifest import FIELDS, Case, Manifest, cases, config_of
from .registry import registry
from .trace import Trace
from .workers import Workers, code_digest

NO_LIMIT_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Bench:
    """Where things lie: results, what can be thrown away, and the files that the manifest names."""

    results: Path
    scratch: Path
    base: Path | None
    train: Path
    sealed: Path
    device: str


def mount(bench: Bench, manifest: Manifest) -> Path:
    """The claims folder that the workers see: base, sealed rows, and the training rows of every run."""
    claims = bench.scratch / "claims"
    shutil.rmtree(claims, ignore_errors=True)
    for name in ("train", "sealed"):
        (claims / name).mkdir(parents=True)
    if bench.base is not None:
        (claims / "base").symlink_to(bench.base.resolve().parent, target_is_directory=True)
    shutil.copy(bench.sealed, claims / "sealed" / "sealed.csv")
    original = rows.read(bench.train)
    for case in cases(manifest.arms, manifest.seeds):
        (claims / "train" / f"{case.name}.csv").write_bytes(rows.of_arm(original, case.arm, case.seed))
    return claims


def run_all(bench: Bench, manifest: Manifest) -> None:
    """All runs that have no trace yet."""
    left = [case for case in cases(manifest.arms, manifest.seeds) if not trace.path_of(bench.results, case.name).exists()]
    answers = {"TBDL_BASE_ANSWERS": str(bench.scratch / "base-answers.json")}
    workers = Workers(mount(bench, manifest), answers)
    started = time.monotonic()
    for done, case in enumerate(left):
        elapsed = time.monotonic() - started
        eta = f"about {elapsed / done * (len(left) - done) / 60:.0f} min left" if done else "time left is known after the first"
        print(f"[{elapsed / 60:5.1f} min] run {case.name} ({done + 1} of {len(left)} left to do; {eta})", flush=True)
        made = run_one(bench, manifest, case, workers)
        trace.write(bench.results, case.name, made)
        shutil.rmtree(bench.scratch / case.name)
        took = ", ".join(f"{name} {spent:.0f} s" for name, spent in made.seconds.items())
        print(f"    recorded {case.name}: {took}", flush=True)


def run_one(bench: Bench, manifest: Manifest, case: Case, workers: Workers) -> Trace:
    """One arm with one seed."""
    folder = bench.scratch / case.name
    with registry(folder / "registry") as host:
        tasks = Tasks(manifest, case, host)
        audit, audited = workers.run("delivery_auditor", tasks.audit(), folder / "audit")
        audit = cast(AuditEvidence, audit)
        attempt = 1 + len(list(folder.glob("train-*")))
        train, trained = workers.run("delivery_worker", tasks.train(audit, attempt), folder / f"train-{attempt}")
        train = cast(TrainEvidence, train)
        evaluate, evaluated = workers.run("experiments.tbdl.evaluator", tasks.evaluate(audit, train), folder / "evaluate")
    spent = {"audit": audited, "train": trained, "evaluate": evaluated}
    return Trace(
        manifest=manifest.id,
        arm=case.arm,
        seed=case.seed,
        code=code_digest(),
        device=bench.device,
        seconds={name: one.clock for name, one in spent.items()},
        processor_seconds={name: one.processor for name, one in spent.items()},
        audit=audit,
        train=train,
        evaluate=cast(EvaluateEvidence, evaluate),
    )


@dataclass(frozen=True)
class Tasks:
    """What the workers of one run are told, as the operator would."""

    manifest: Manifest
    case: Case
    host: str

    @property
    def _common(self) -> dict[str, object]:
        return {
            "delivery_uid": f"tbdl-{self.case.name}",
            "inputs": digest({"manifest": self.manifest.id, "arm": self.case.arm, "seed": self.case.seed}),
            "base": self.manifest.base,
            "sealed": self.manifest.sealed,
            "fields": FIELDS,
            "task": "Classification",
            "metric": "Accuracy",
            "holdout_items": self.manifest.holdout_items,
            "personal_data": "Allow",
            "insecure_registries": (self.host,),
        }

    @property
    def _rows(self) -> Source:
        return Source(uri=f"pvc://train/{self.case.name}.csv", digest=self.manifest.arm_data[self.case.name])

    def audit(self) -> AuditTask:
        """Read the data, measure the canary."""
        return AuditTask.model_validate(self._common | {"train": self._rows})

    def train(self, audit: AuditEvidence, attempt: int) -> TrainTask:
        """Train to the last step, with all looks that were planned."""
        return TrainTask.model_validate(
            self._common
            | {
                "attempt": attempt,
                "train": self._rows,
                "drop_rows": audit.drop_rows,
                "plan": self.case.plan,
                "config": config_of(self.manifest, self.case),
                "look_steps": self.manifest.look_steps,
                "look_items": self.manifest.look_items,
                "output": Repository(repository=f"oci://{self.host}/models", insecure=True),
                "seconds": NO_LIMIT_SECONDS,
            }
        )

    def evaluate(self, audit: AuditEvidence, train: TrainEvidence) -> EvaluateTask:
        """Score the artifact on the holdout."""
        if train.artifact is None or audit.lengths is None:
            raise SystemExit(f"{self.case.name} left no artifact: its loss was not finite; nothing can be audited")
        return EvaluateTask.model_validate(
            self._common
            | {
                "artifact": Source(uri=train.artifact.uri),
                "artifact_kind": train.artifact.kind,
                "labels": tuple(sorted(audit.labels)),
                "precision": self.manifest.config.precision,
                "max_tokens": audit.lengths.answer_maximum,
                "sequence_length": self.manifest.config.sequence_length,
                "seconds": NO_LIMIT_SECONDS,
            }
        )
