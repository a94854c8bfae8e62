"""One image, three entry points: `train`, `evaluate`, `serve`. The task in DELIVERY_TASK must be of that kind."""

import sys

from delivery_api.tasks import EvaluateTask, ServeTask, TrainTask
from delivery_io.runtime import task_from_environment

COMMANDS = {"train": "Train", "evaluate": "Evaluate", "serve": "Serve"}


def main() -> int:
    """Do what the task says; torch is imported only by what needs it."""
    task = task_from_environment()
    if sys.argv[1:] and COMMANDS.get(sys.argv[1]) != task.kind:
        sys.exit(f"Command {sys.argv[1]} does not fit a task of kind {task.kind}; use one of {', '.join(COMMANDS)}")
    if isinstance(task, TrainTask):
        from delivery_worker import train

        return train.main(task)
    if isinstance(task, EvaluateTask):
        from delivery_worker import evaluate

        return evaluate.main(task)
    if isinstance(task, ServeTask):
        from delivery_worker import serve

        return serve.main(task)
    sys.exit(f"This image does not do {task.kind}; use the auditor's")


if __name__ == "__main__":
    raise SystemExit(main())
