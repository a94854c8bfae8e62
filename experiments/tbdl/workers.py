"""The project's own workers as processes, as their pods would start them; SIGTERM is passed on, so that they save first."""

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from delivery_api.digests import canonical, digest, sha256
from delivery_api.evidence import AuditEvidence, EvaluateEvidence, TrainEvidence, read_evidence
from delivery_api.tasks import AuditTask, EvaluateTask, TrainTask

ROOT = Path(__file__).parents[2]
SOURCES = ("crds/src", "oracle/src/delivery_measure", "images/common/src", "images/auditor/src", "images/worker/src")
SHOWN = re.compile(r"^(Step \d+/|Looked at|Answered )")
EVERY_STEPS = 10
Task = AuditTask | TrainTask | EvaluateTask
Evidence = AuditEvidence | TrainEvidence | EvaluateEvidence


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one worker: by the clock, which a busy machine changes, and of processors, which it changes little."""

    clock: float
    processor: float


def processor_seconds() -> float:
    """Of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Stopped(SystemExit):
    """The experiment was asked to stop; run it again to go on."""


def code_digest() -> str:
    """Digest of the sources that train, look and serve."""
    files = sorted(path for source in SOURCES for path in (ROOT / source).rglob("*.py"))
    return digest({path.relative_to(ROOT).as_posix(): sha256(path.read_bytes()) for path in files})


class Workers:
    """Starts one worker after another."""

    def __init__(self, claims: Path, extra: Mapping[str, str]) -> None:
        paths = os.pathsep.join([*(str(ROOT / source) for source in SOURCES), str(ROOT / "oracle/src"), str(ROOT)])
        quiet = {"OMP_WAIT_POLICY": "PASSIVE", "TRANSFORMERS_VERBOSITY": "error", "VLLM_LOGGING_LEVEL": "WARNING"}
        self._env = {
            **os.environ,
            **quiet,
            "PYTHONPATH": paths,
            "PYTHONUNBUFFERED": "1",
            "DELIVERY_CLAIMS": str(claims),
            **extra,
        }
        self._process: subprocess.Popen[str] | None = None
        self._stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def run(self, module: str, task: Task, folder: Path) -> tuple[Evidence, Spent]:
        """(evidence, time) of one worker; its log is beside its evidence."""
        self.check()
        (folder / "work").mkdir(parents=True, exist_ok=True)
        places = {
            "DELIVERY_TASK": canonical(task),
            "DELIVERY_EVIDENCE_DIR": str(folder / "evidence"),
            "DELIVERY_WORK": str(folder / "work"),
            "DELIVERY_TERMINATION_LOG": str(folder / "termination"),
        }
        started, used = time.monotonic(), processor_seconds()
        with (folder / "log").open("w") as log:
            command = [sys.executable, "-m", module]
            # A session of its own: SIGTERM is ours to send, once.
            self._process = subprocess.Popen(
                command,
                env={**self._env, **places},
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            for line in self._process.stdout or ():
                log.write(line)
                log.flush()
                self._show(line.rstrip())
            self._process.wait()
        self.check()
        spent = Spent(round(time.monotonic() - started, 1), round(processor_seconds() - used, 1))
        return self._evidence(folder), spent

    def check(self) -> None:
        """Stop between two workers when asked to."""
        if self._stopping:
            raise Stopped("Stopped as asked; the same command goes on from here")

    def _show(self, line: str) -> None:
        if not SHOWN.match(line):
            return
        taken = re.match(r"Step (\d+)/", line)
        if taken is None or int(taken[1]) % EVERY_STEPS == 0 or taken[1] == "1":
            print(f"    {line}", flush=True)

    def _evidence(self, folder: Path) -> Evidence:
        path = folder / "evidence" / "evidence.json"
        if not path.exists():
            raise SystemExit(f"The worker left no evidence; see {folder / 'log'}")
        evidence = read_evidence.validate_json(path.read_bytes())
        if not isinstance(evidence, AuditEvidence | TrainEvidence | EvaluateEvidence) or not evidence.complete:
            raise SystemExit(f"The worker left no complete evidence; see {folder / 'log'}")
        if evidence.problem is not None:
            raise SystemExit(f"{evidence.problem.kind}: {evidence.problem.message}; see {folder / 'log'}")
        return evidence
