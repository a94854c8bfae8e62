"""The project's evaluator, but the base answers the holdout once for all candidates: twelve times would change nothing.

Its answers lie in the file that TBDL_BASE_ANSWERS names, under the digest of all that they depend on.
"""

import json
import os
from pathlib import Path
from typing import cast

from delivery_api.digests import digest
from delivery_api.tasks import EvaluateTask, TaskCommon
from delivery_io import runtime
from delivery_io.runtime import Context, task_from_environment
from delivery_io.tables import Row
from delivery_worker import evaluate
from delivery_worker.engine import Engine, flags

ANSWERS = "TBDL_BASE_ANSWERS"


def base_answers(task: EvaluateTask, context: Context, base: Path, weights: str, rows: list[Row]) -> list[str]:
    """What the base says within the label set; asked once."""
    asked = {"weights": weights, "flags": flags(task.precision, task.sequence_length), "labels": task.labels}
    key = digest({**asked, "items": [row.id for row in rows], "maxTokens": task.max_tokens})
    path = Path(os.environ[ANSWERS])
    known: dict[str, list[str]] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if key not in known:
        known[key] = evaluate.ask_base(task, context, base, rows)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(known), "utf-8")
        new.replace(path)
    return known[key]


def work(task: TaskCommon, context: Context) -> None:
    """The whole audit of one candidate."""
    task = cast(EvaluateTask, task)
    rows, pool = evaluate.read_items(task, context)
    context.recorder.set(planned_items=len(rows), artifact_digest=task.artifact.uri.rpartition("@")[2])
    base = context.fetcher.model(task.base, "spec.base")
    artifact = context.fetcher.model(task.artifact, "spec.output")
    weights = evaluate.weights_digest(base)
    context.recorder.set(base_digest=weights)
    said = evaluate.Said(base=base_answers(task, context, base, weights, rows))
    adapter = artifact if task.artifact_kind == "Adapter" else None
    engine = Engine(base if adapter else artifact, task.precision, task.sequence_length, adapter=adapter)
    evaluate.record_prompts(engine, pool, task, context)
    evaluate.ask_candidate(engine, rows, task, context, said)
    context.recorder.set(items=evaluate.outcomes(rows, said, task), stopped_free=said.stopped)


def main() -> int:
    """Run the task of this process."""
    return runtime.run(cast(EvaluateTask, task_from_environment()), work)


if __name__ == "__main__":
    raise SystemExit(main())
