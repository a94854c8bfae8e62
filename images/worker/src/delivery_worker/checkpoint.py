"""Adapter checkpoints in the output repository, so that a killed pod costs minutes and no second run.

A checkpoint's tag is `ckpt-INPUTS-STEP`: the same inputs find it whichever attempt made it. Its manifest is
pushed last, so a tag that exists is whole; one that cannot be read gives way to the one before it.
"""

import json
import re
import sys
from dataclasses import dataclass
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


def write(folder: Path, model: Any, optimizer: torch.optim.Optimizer, history: History) -> None:
    """Files of a checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in get_peft_model_state_dict(model).items()}, folder / ADAPTER)
    torch.save(optimizer.state_dict(), folder / OPTIMIZER)
    state = {
        "steps": [step.model_dump(mode="json") for step in history.steps],
        "looks": [look.model_dump(mode="json") for look in history.looks],
        "resumedFrom": history.resumed_from,
    }
    (folder / STATE).write_text(json.dumps(state))


def restore(folder: Path, model: Any, optimizer: torch.optim.Optimizer) -> History:
    """Put a checkpoint's weights and optimizer state in place."""
    set_peft_model_state_dict(model, load_file(folder / ADAPTER))
    optimizer.load_state_dict(torch.load(folder / OPTIMIZER, weights_only=True))
    state = json.loads((folder / STATE).read_text())
    history = History(
        tuple(Step.model_validate(step) for step in state["steps"]),
        tuple(Look.model_validate(look) for look in state["looks"]),
        tuple(state["resumedFrom"]),
    )
    return History(history.steps, history.looks, (*history.resumed_from, history.step))


class Checkpoints:
    """Those of one run. A checkpoint that cannot be pushed is said so and skipped: the next one covers it."""

    def __init__(self, registry: Registry, inputs: str, work: Path) -> None:
        self._registry, self._prefix, self._work = registry, prefix(inputs), work

    def save(self, model: Any, optimizer: torch.optim.Optimizer, history: History) -> bool:
        """Push a checkpoint of the step that was done last."""
        folder = self._work / "checkpoint"
        write(folder, model, optimizer, history)
        try:
            artifacts.push(self._registry, folder, "checkpoint", f"{self._prefix}{history.step:08d}")
        except WorkProblem as problem:
            print(f"Checkpoint of step {history.step} was not pushed: {problem.message}", file=sys.stderr, flush=True)
            return False
        return True

    def newest(self, model: Any, optimizer: torch.optim.Optimizer) -> History:
        """Restore the newest checkpoint that can be read; an empty history when there is none."""
        tags = sorted((tag for tag in self._registry.tags() if tag.startswith(self._prefix)), reverse=True)
        for tag in tags:
            folder = self._work / tag
            try:
                artifacts.pull(self._registry, tag, folder)
                return restore(folder, model, optimizer)
            except (WorkProblem, OSError, ValueError, KeyError, RuntimeError) as error:
                print(f"Checkpoint {tag} cannot be used ({type(error).__name__}); trying an older one", file=sys.stderr)
        return History()
