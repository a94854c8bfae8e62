"""Three entry points: `audit` before anything is trained, `verify` once the artifact is served, `sign` at the end."""

import sys

from delivery_api.tasks import AuditTask, SignTask, VerifyTask
from delivery_io.runtime import task_from_environment

COMMANDS = {"audit": "Audit", "verify": "Verify", "sign": "Sign"}


def main() -> int:
    """Do what the task says."""
    task = task_from_environment()
    if sys.argv[1:] and COMMANDS.get(sys.argv[1]) != task.kind:
        sys.exit(f"Command {sys.argv[1]} does not fit a task of kind {task.kind}; use one of {', '.join(COMMANDS)}")
    if isinstance(task, AuditTask):
        from delivery_auditor import audit

        return audit.main(task)
    if isinstance(task, VerifyTask):
        from delivery_auditor import verify

        return verify.main(task)
    if isinstance(task, SignTask):
        from delivery_auditor import sign

        return sign.main(task)
    sys.exit(f"This image does not do {task.kind}; use the worker's")


if __name__ == "__main__":
    raise SystemExit(main())
