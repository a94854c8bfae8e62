"""A task and where it is to run; its inputs digest is the name of the work."""

from dataclasses import dataclass

from delivery_api.digests import digest, plain
from delivery_api.finding import Finding
from delivery_api.stages import Stage
from delivery_api.tasks import TaskBase
from delivery_operator.manifests.pod import PodPlan
from delivery_operator.observed import Accelerated

NOT_INPUTS = frozenset({"inputs", "attempt", "seconds", "insecureRegistries"})
"""What a task says that does not change its result."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A task and where it is to run."""

    stage: Stage
    task: TaskBase
    pod: PodPlan
    held: Accelerated | None = None
    queue: str | None = None
    needs_seconds: int = 0
    """Time that it is expected to need; it does not start when the money left buys less."""
    obstacle: Finding | None = None
    """Why it cannot start now, whatever else is so; what has run already is judged all the same."""

    @property
    def inputs(self) -> str:
        """Digest of what would change the result."""
        return digest({key: value for key, value in plain(self.task).items() if key not in NOT_INPUTS})
