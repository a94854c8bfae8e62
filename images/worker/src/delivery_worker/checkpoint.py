"""Adapter checkpoints in the output repository, so that a killed pod costs minutes and no second run.

They hold whole tensors, however many processes train: the first writes them, and reads them for all.

A checkpoint's tag is `ckpt-INPUTS-STEP`: the same inputs find it whichever attempt made it. Its manifest is
pushed last, so a tag that exists is whole; one that cannot be read gives way to the one before it.
"""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from peft import get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file, save_file

from delivery_api.digests import short
from delivery_api.evidence import Look, Step
from delivery_io import artifacts
from delivery_io.problems import WorkProblem
from delivery_io.registry import Registry
from delivery_worker.parallel import gathered, is_spread, like

ADAPTER, OPTIMIZER, STATE = "adapter_model.safetensors", "optimizer.pt", "state.json"


@dataclass(frozen=True, slots=True)
class History:
    """What a run had done when the checkpoint was made."""

    steps: tuple[Step, ...] = ()
    looks: tuple[Look, ...] = ()
    resumed_from: tuple[int, ...] = ()

    @property
    def step(self) -> int:
        """The last step."""
        return self.steps[-1].step if self.steps else 0


def prefix(inputs: str) -> str:
    """Beginning of the tags of a run's checkpoints."""
    return f"ckpt-{re.sub('[^A-Za-z0-9]', '', short(inputs))}-"


@dataclass(frozen=True, slots=True)
class State:
    """Whole tensors of a checkpoint: weights of the adapter by name, and the optimizer's."""

    adapter: dict[str, Any]
    optimizer: dict[str, Any]


def state_of(model: Any, optimizer: torch.optim.Optimizer) -> State:
    """What a checkpoint keeps; all processes must ask."""
    return State(gathered(get_peft_model_state_dict(model)), gathered(optimizer.state_dict()))


def write(folder: Path, state: State, history: History) -> None:
    """Files of a checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in state.adapter.items()}, folder / ADAPTER)
    torch.save(state.optimizer, folder / OPTIMIZER)
    done = {
        "steps": [step.model_dump(mode="json") for step in history.steps],
        "looks": [look.model_dump(mode="json") for look in history.looks],
        "resumedFrom": history.resumed_from,
    }
    (folder / STATE).write_text(json.dumps(done))


def read(folder: Path) -> tuple[State, History]:
    """What a checkpoint's files say."""
    state = State(load_file(folder / ADAPTER), torch.load(folder / OPTIMIZER, weights_only=True, map_location="cpu"))
    done = json.loads((folder / STATE).read_text())
    history = History(
        tuple(Step.model_validate(step) for step in done["steps"]),
        tuple(Look.model_validate(look) for look in done["looks"]),
        tuple(done["resumedFrom"]),
    )
    return state, History(history.steps, history.looks, (*history.resumed_from, history.step))


def restore(state: State, model: Any, optimizer: torch.optim.Optimizer) -> None:
    """Put a checkpoint's weights and optimizer state in place."""
    adapter, kept = state.adapter, state.optimizer
    if is_spread(model):
        held = get_peft_model_state_dict(model)
        adapter = {key: like(held[key], value) for key, value in adapter.items()}
        trained = [value for group in optimizer.param_groups for value in group["params"]]
        parts = {
            number: {
                key: like(trained[number], value) if isinstance(value, torch.Tensor) else value for key, value in one.items()
            }
            for number, one in kept["state"].items()
        }
        kept = {**kept, "state": parts}
    set_peft_model_state_dict(model, adapter)
    optimizer.load_state_dict(kept)


Read = tuple[State, History] | None
Share = Callable[[Callable[[], Any]], Any]
"""What the first process makes, for all of them."""


class Checkpoints:
    """Those of one run. A checkpoint that cannot be pushed is said so and skipped: the next one covers it."""

    def __init__(self, registry: Registry, inputs: str, work: Path) -> None:
        self._registry, self._prefix, self._work = registry, prefix(inputs), work

    def save(self, state: State, history: History) -> bool:
        """Push a checkpoint of the step that was done last."""
        folder = self._work / "checkpoint"
        write(folder, state, history)
        try:
            artifacts.push(self._registry, folder, "checkpoint", f"{self._prefix}{history.step:08d}")
        except WorkProblem as problem:
            print(f"Checkpoint of step {history.step} was not pushed: {problem.message}", file=sys.stderr, flush=True)
            return False
        return True

    def newest(self, model: Any, optimizer: torch.optim.Optimizer, share: Share) -> History:
        """Restore the newest checkpoint that can be read; an empty history when there is none."""
        for tag in share(self._tags):
            found: Read = share(partial(self._read, tag))
            try:
                if found is not None:
                    restore(found[0], model, optimizer)
                    return found[1]
            except (ValueError, KeyError, RuntimeError) as error:
                _passed_over(tag, error)
        return History()

    def _tags(self) -> list[str]:
        return sorted((tag for tag in self._registry.tags() if tag.startswith(self._prefix)), reverse=True)

    def _read(self, tag: str) -> Read:
        folder = self._work / tag
        try:
            artifacts.pull(self._registry, tag, folder)
            return read(folder)
        except (WorkProblem, OSError, ValueError, KeyError, RuntimeError) as error:
            _passed_over(tag, error)
            return None


def _passed_over(tag: str, error: Exception) -> None:
    print(f"Checkpoint {tag} cannot be used ({type(error).__name__}); trying an older one", file=sys.stderr)
