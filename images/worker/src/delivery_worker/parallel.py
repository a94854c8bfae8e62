"""How the processes of one run share it: what they agree on, and how the model is spread over them.

torchrun starts one process for each accelerator. The first writes evidence, checkpoints and the artifact; the others
take part in every step, look and gathering, and write nothing. With one process everything here is the plain thing.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs
from torch import Tensor, distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from delivery_api.tasks import TrainTask
from delivery_io.problems import WorkProblem
from delivery_io.runtime import Context, problem_of
from delivery_measure.weights import whole

PATIENCE = timedelta(hours=1)
"""The first process may push for minutes while the others wait."""
CAUSE = "delivery/cause"
CAUSE_SECONDS = 10.0
Made = TypeVar("Made")


def is_first() -> bool:
    """Whether this process writes what the run leaves."""
    return int(os.environ.get("RANK", "0")) == 0


@dataclass(frozen=True, slots=True)
class Group:
    """The processes of one run, and how they hold the model: each a copy of its own, or each a part of it."""

    accelerator: Accelerator
    is_sharded: bool

    @property
    def size(self) -> int:
        """Processes."""
        return int(self.accelerator.num_processes)

    @property
    def is_first(self) -> bool:
        """Whether this process writes what the run leaves."""
        return bool(self.accelerator.is_main_process)

    def in_turn(self) -> AbstractContextManager[None]:
        """One process of a node does it first, and leaves for the others what it fetched."""
        turn: AbstractContextManager[None] = self.accelerator.local_main_process_first()
        return turn

    def share(self, make: Callable[[], Made]) -> Made:
        """What the first process makes; all of them have it afterwards, or fail as it did."""
        if self.size == 1:
            return make()
        told: list[Any] = [None, None]
        if self.is_first:
            try:
                told = [make(), None]
            except WorkProblem as problem:
                told = [None, (problem.kind, problem.field, problem.message)]
        distributed.broadcast_object_list(told, src=0, device=self.accelerator.device)
        if told[1] is not None:
            raise WorkProblem(*told[1])
        made: Made = told[0]
        return made

    def check(self, context: Context) -> None:
        """Stop when one of them is asked to or is out of time; all of them at the same step, or the others would wait."""
        mine: tuple[str, str, str] | None = None
        try:
            context.check()
        except WorkProblem as problem:
            mine = (problem.kind, problem.field, problem.message)
        found: list[Any] = [mine]
        if self.size > 1:
            found = [None] * self.size
            distributed.all_gather_object(found, mine)
        first = next((one for one in found if one is not None), None)
        if first is not None:
            raise WorkProblem(*first)

    def mean(self, value: float) -> float:
        """Mean over the processes."""
        mine = torch.tensor([value], dtype=torch.float64, device=self.accelerator.device)
        return float(self.accelerator.gather(mine).mean())

    def spread(self, model: Any) -> Any:
        """The model as this process trains it; a sharded one stays the same object."""
        if not self.is_sharded:
            return self.accelerator.prepare_model(model)
        mesh = init_device_mesh(self.accelerator.device.type, (self.size,))
        for part in (*blocks(model), model):
            shard = fully_shard(part, mesh=mesh, reshard_after_forward=True)
            if self.accelerator.device.type == "cpu":
                # gloo has no mean.
                shard.set_force_sum_reduction_for_comms(True)
        return model

    def pass_of(self, model: Any, is_last: bool) -> AbstractContextManager[None]:
        """Around one forward and backward pass: copies exchange gradients once a step, parts cannot keep whole ones."""
        if self.size == 1 or self.is_sharded or is_last:
            return nullcontext()
        apart: AbstractContextManager[None] = self.accelerator.no_sync(model)
        return apart

    def clip(self, model: Any, most: float) -> float:
        """Clip the gradients of all parts together; their norm."""
        return float(whole(self.accelerator.clip_grad_norm_(model.parameters(), most)))


def join(task: TrainTask) -> Group:
    """The processes of this run; raises where they are not as many as the task says."""
    precision, cuda = task.config.precision or "fp32", torch.cuda.is_available()
    is_sharded = task.config.parallelism == "FSDP"
    if precision == "fp16" and not cuda:
        raise WorkProblem("Invalid", "spec.config.precision", "fp16 trains on GPUs only; use bf16 or fp32 on this class")
    if precision == "fp16" and is_sharded:
        raise WorkProblem("Invalid", "spec.config.precision", "fp16 does not go with parallelism FSDP; use bf16")
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if started != task.accelerators:
        message = f"{started} processes were started for {task.accelerators} accelerators; start one for each by torchrun"
        raise WorkProblem("Invalid", "spec.schedule.count", message)
    together = InitProcessGroupKwargs(backend="nccl" if cuda else "gloo", timeout=PATIENCE)
    accelerator = Accelerator(
        mixed_precision="no" if precision == "fp32" else precision,
        cpu=not cuda,
        kwargs_handlers=[together] if started > 1 else [],
    )
    return Group(accelerator, is_sharded)


def blocks(model: Any) -> list[Any]:
    """The numbered layers of a transformer, each of which is gathered and let go as one."""
    count = model.config.get_text_config().num_hidden_layers
    lists = [part for part in model.modules() if isinstance(part, torch.nn.ModuleList) and len(part) == count]
    return [block for part in lists[:1] for block in part]


def gathered(value: Any) -> Any:
    """A state with every tensor whole; all processes must ask."""
    if isinstance(value, Tensor):
        return whole(value.detach())
    if isinstance(value, dict):
        return {key: gathered(item) for key, item in value.items()}
    if isinstance(value, list):
        return [gathered(item) for item in value]
    return value


def weights_of(model: Any, keep: bool) -> dict[str, Tensor]:
    """All weights of a model whole and in the processor's memory; tied ones stay one. Nothing where they are not kept."""
    seen: dict[int, Tensor] = {}
    kept: dict[str, Tensor] = {}
    for name, value in model.state_dict(keep_vars=True).items():
        if id(value) not in seen:
            tensor = whole(value.detach())
            seen[id(value)] = tensor.cpu() if keep else tensor.new_empty(0)
        kept[name] = seen[id(value)]
    return kept if keep else {}


def like(parameter: Tensor, value: Tensor) -> Tensor:
    """A whole tensor as the parameter is held: this process's part of it, where that is spread."""
    if not isinstance(parameter, DTensor) or value.shape != parameter.shape:
        return value
    placed = value.to(parameter.device)
    return distribute_tensor(placed, parameter.device_mesh, parameter.placements, src_data_rank=None)


def is_spread(model: Any) -> bool:
    """Whether the processes hold parts of it."""
    return isinstance(model, FSDPModule)


@contextmanager
def telling() -> Iterator[None]:
    """What one process fails with ends all of them; the first records that, and not the connection that broke for it."""
    try:
        yield
    except Exception as error:
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            raise
        if is_first():
            raise _cause_of(error) from error
        _leave(problem_of(error))
        raise


def _store() -> Any:
    """torchrun's own, which outlives the processes."""
    place, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    return distributed.TCPStore(place, port, is_master=False, timeout=timedelta(seconds=CAUSE_SECONDS))


def _leave(problem: WorkProblem) -> None:
    with suppress(RuntimeError):
        _store().set(CAUSE, "\n".join((problem.kind, problem.field, problem.message)))


def _cause_of(error: Exception) -> Exception:
    """What another process failed with, where this one only lost its peer."""
    if isinstance(error, WorkProblem):
        return error
    try:
        kind, field, message = _store().get(CAUSE).decode().split("\n", 2)
    except (RuntimeError, ValueError):
        return error
    return WorkProblem(kind, field, message)
