"""What everybody watches while a model trains: loss, gradient norm, speed. Never the probe, an item or an answer."""

from __future__ import annotations

import json
from typing import Any

from delivery_api import names

LINES = 20


def logs(evidence: dict[str, dict[str, Any]], stage: str) -> str:
    """What workers of a stage said of their own work."""
    told = [_line(one) for one in records(evidence, stage)]
    return "\n".join(told) or f"No worker of {stage} has written anything; stages with workers are intake, train, eval, deploy."


def dashboard(evidence: dict[str, dict[str, Any]]) -> str:
    """A table of the last attempt of training, thinned to twenty lines."""
    runs = records(evidence, "train")
    if not runs or not runs[-1].get("steps"):
        return "No training step has been taken yet."
    run = runs[-1]
    steps = run["steps"]
    shown = [steps[round(place * (len(steps) - 1) / (LINES - 1))] for place in range(LINES)] if len(steps) > LINES else steps
    rows = [
        f"{one['step']:>6}  {_number(one.get('loss'))}  {_number(one.get('gradNorm'))}  {one['learningRate']:.2e}"
        for one in shown
    ]
    head = f"step {steps[-1]['step']} of {run['plannedSteps']}, {run.get('tokensPerSecond', 0):.0f} tokens a second"
    return "\n".join([head, "  step    loss  gradient  rate", *rows])


def records(evidence: dict[str, dict[str, Any]], stage: str) -> list[dict[str, Any]]:
    """Evidence of a stage, oldest attempt first."""
    found = [
        json.loads(one["data"]["evidence.json"])
        for one in evidence.values()
        if one.get("kind") == "ConfigMap" and one["metadata"].get("labels", {}).get(names.STAGE) == stage
    ]
    return sorted(found, key=lambda one: int(one["attempt"]))


def _line(one: dict[str, Any]) -> str:
    ended = "done" if one.get("complete") else "at work"
    problem = one.get("problem")
    return f"attempt {one['attempt']}: {ended} after {one['seconds']:.0f} s" + (f"; {problem['message']}" if problem else "")


def _number(value: float | None) -> str:
    return f"{value:8.3f}" if value is not None else "     nan"
