"""The frame around every worker: read the task, do the work, leave complete evidence, whatever happens.

SIGTERM and the deadline are looked at between pieces of work by `Context.check`, so that work ends
with its results saved. A fault of ours becomes a one-line problem; its traceback goes to the log.
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import TypeVar

from pydantic import ValidationError

from delivery_api.evidence import AuditEvidence, EvaluateEvidence, EvidenceCommon, SignEvidence, TrainEvidence, VerifyEvidence
from delivery_api.tasks import AuditTask, EvaluateTask, SignTask, Task, TrainTask, VerifyTask, read_task
from delivery_io.evidence import NoSink, Overflow, Recorder, sink_for
from delivery_io.fetch import Fetcher
from delivery_io.problems import WorkProblem
from delivery_io.settings import Settings, from_environment

EVIDENCE: dict[str, type[EvidenceCommon]] = {
    "Audit": AuditEvidence,
    "Train": TrainEvidence,
    "Evaluate": EvaluateEvidence,
    "Verify": VerifyEvidence,
    "Sign": SignEvidence,
}
OUT_OF_MEMORY = ("OutOfMemoryError", "MemoryError")


@dataclass(slots=True)
class Context:
    """What a piece of work is given besides its task."""

    settings: Settings
    fetcher: Fetcher
    recorder: Recorder
    deadline: float = float("inf")
    terminated: bool = field(default=False)

    def check(self) -> None:
        """Raise when the pod is asked to stop, or the time that the money buys is used up."""
        if self.terminated:
            raise WorkProblem("Terminated", "", "The pod was asked to stop; the next attempt goes on from the last checkpoint")
        if time.monotonic() > self.deadline:
            raise WorkProblem(
                "Deadline", "spec.terms.budget.limit", "The time that the budget buys is used up; raise the budget"
            )


EvidenceTask = TypeVar("EvidenceTask", AuditTask, TrainTask, EvaluateTask, VerifyTask, SignTask)


def task_from_environment() -> Task:
    """The task of this process."""
    try:
        return read_task.validate_json(os.environ["DELIVERY_TASK"])
    except KeyError:
        sys.exit("No task: set DELIVERY_TASK to the JSON of a task")
    except ValidationError as error:
        where = "; ".join(".".join(map(str, item["loc"])) + ": " + item["msg"] for item in error.errors())
        sys.exit(f"DELIVERY_TASK is not a task: {where}")


def problem_of(error: BaseException) -> WorkProblem:
    """Any failure as one line for people."""
    if isinstance(error, WorkProblem):
        return error
    traceback.print_exception(error)
    if type(error).__name__ in OUT_OF_MEMORY:
        return WorkProblem(
            "OutOfMemory", "spec.config.microBatchSize", "Memory ran out; use a smaller micro batch or a larger class"
        )
    return WorkProblem("Internal", "", f"The worker failed with {type(error).__name__}; its log has the details")


def run(
    task: EvidenceTask,
    work: Callable[[EvidenceTask, Context], None],
    overflow: Callable[[Context], Overflow] | None = None,
    records: bool = True,
) -> int:
    """Do the work and record it; returns the exit status. Of several processes that do it together, one records."""
    settings = from_environment()
    kind = task.kind
    evidence = EVIDENCE[kind](delivery_uid=task.delivery_uid, inputs=task.inputs, attempt=task.attempt, pod=settings.pod)
    recorder = Recorder(sink_for(settings, kind, task.delivery_uid) if records else NoSink(), evidence)
    context = Context(settings, Fetcher(settings, task.insecure_registries), recorder)
    if overflow is not None and records:
        recorder.on_overflow(overflow(context))
    seconds = getattr(task, "seconds", None)
    if seconds is not None:
        context.deadline = time.monotonic() + seconds

    def terminate(signum: int, frame: FrameType | None) -> None:
        context.terminated = True

    signal.signal(signal.SIGTERM, terminate)
    try:
        work(task, context)
    except Exception as error:
        problem = problem_of(error)
        print(f"{problem.kind}: {problem.field}: {problem.message}", file=sys.stderr, flush=True)
        recorder.set(problem=problem.record())
    if not records:
        return 0 if recorder.evidence.problem is None else 1
    digest = recorder.finish()
    try:
        settings.termination_log.write_text(digest)
    except OSError:
        print(f"The termination message cannot be written to {settings.termination_log}; evidence {digest}", file=sys.stderr)
    return 0 if recorder.evidence.problem is None else 1
