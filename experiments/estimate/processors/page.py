"""What was measured beside what was predicted, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from delivery_api.driver import Config, Plan
from delivery_oracle import data
from delivery_oracle.commands.configure import accelerator_classes
from delivery_oracle.configurator import architecture, memory, speed
from delivery_oracle.configurator.workload import Workload, from_audit
from experiments.estimate.published import ROOT
from experiments.tbdl import trace as traces

BASE = "HuggingFaceTB/SmolLM2-135M-Instruct"
MEMORY_GOAL, SPEED_GOAL = 0.10, 0.15
TRACES = ROOT / "experiments/tbdl"
RECORDED: dict[str, Any] = {
    "precision": "bf16", "micro_batch_size": 16, "accumulation_steps": 1, "rank": 16, "targets": ("all-linear",),
    "gradient_checkpointing": False,
}  # fmt: skip
"""As `experiments/tbdl/manifest.json` has it."""
Found = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One configuration: predicted and measured bytes, and tokens a second by the clock and by processor time."""

    name: str
    predicted_bytes: float
    bytes: float
    predicted_speed: float
    speed: float
    predicted_busy: float
    busy: float

    @property
    def memory_error(self) -> float:
        return self.predicted_bytes / self.bytes - 1

    @property
    def speed_error(self) -> float:
        return self.predicted_speed / self.speed - 1

    @property
    def busy_error(self) -> float:
        return self.predicted_busy / self.busy - 1


def named(found: Found) -> str:
    """A configuration in a few words."""
    passes = f"{found['passes']} x " if found.get("passes", 1) > 1 else ""
    length = f"{found['meanTokens']:.0f}" + (" uneven" if found.get("spread") else "")
    marks = [
        found["method"], f"{passes}{found['rows']} x {length}", "packed" if found["packing"] else "padded",
        *(["checkpointing"] if found["checkpointing"] else []),
        *([f"rank {found['rank']}"] if "rank" in found else []),
        *(["all tokens in the loss"] if found.get("lossOn") == "All" else []),
        *([found["precision"]] if "precision" in found else []),
    ]  # fmt: skip
    return ", ".join(marks)


def told(found: Found) -> str:
    """Its figures, for whoever watches."""
    return (
        f"{found['peakBytes'] / 1e9:.2f} GB, {found['tokensPerSecond']:.0f} tokens/s, {found['busyShare']:.2f} processors busy"
    )


def parts(found: Found) -> tuple[Workload, Plan, Config]:
    """The configuration as the configurator is told it, lengths as an audit measures them."""
    base = architecture.read(yaml.safe_load(resources.files(data).joinpath("bases.yaml").read_text())[BASE])
    load = Workload(
        base=base, rows=96, mean_tokens=found["meanTokens"], p95_tokens=found["p95Tokens"], longest=found["longest"],
        longest_answer=8, supervised_tokens=found["supervised"], context=8192, holdout=0, probe=0, shared=found["shared"],
        uneven=bool(found.get("spread")),
    )  # fmt: skip
    plan = Plan(method=found["method"], packing=found["packing"], artifact="Merged", loss_on=found.get("lossOn", "Completion"))
    full = found["method"] == "Full"
    config = Config(
        precision=found.get("precision", "bf16"), micro_batch_size=found["rows"], accumulation_steps=found.get("passes", 1),
        gradient_checkpointing=found["checkpointing"], steps=found["steps"], optimizer="AdamW",
        rank=None if full else found.get("rank", 16), targets=None if full else ("all-linear",),
    )  # fmt: skip
    return load, plan, config


def tokens_per_second(found: Found) -> float:
    """Predicted for the processors of the chart's class, before calibration."""
    load, plan, config = parts(found)
    kind = next(one.spec for one in accelerator_classes(None) if one.metadata["name"] == "cpu")
    return speed.batch_rows(config) * load.mean_tokens / speed.step_seconds(load, plan, config, kind)


def lines(found: Sequence[Found]) -> list[Line]:
    """Every case against its prediction; the first is the calibration, by whose speed the others are scaled."""
    calibration, *rest = found
    expected = tokens_per_second(calibration)
    clock = calibration["tokensPerSecond"] / expected
    busy = calibration["tokensPerSecond"] / calibration["busyShare"] / expected
    return [
        Line(
            named(one), memory.on_processor(*parts(one)).peak, one["peakBytes"], clock * tokens_per_second(one),
            one["tokensPerSecond"], busy * tokens_per_second(one), one["tokensPerSecond"] / one["busyShare"],
        )
        for one in rest
    ]  # fmt: skip


def whole_runs(folder: Path = TRACES) -> str:
    """Memory of the recorded runs of a hundred steps, looks of the probe included, against what was predicted of them."""
    made = ["| run | GB measured | predicted | off |\n|---|---|---|---|\n"]
    for path in sorted((folder / "traces").glob("*.json")):
        seen = traces.read(folder, path.stem)
        assert seen is not None
        loss = "All" if seen.arm == "mask" else "Completion"
        plan, config = Plan(artifact="Merged", loss_on=loss), Config(**RECORDED)
        expected = memory.on_processor(from_audit(seen.audit), plan, config).peak
        held = seen.train.peak_memory_bytes
        made.append(f"| {path.stem} | {held / 1e9:.2f} | {expected / 1e9:.2f} | {expected / held - 1:+.0%} |\n")
    return "".join(made)


def mean(errors: Sequence[float]) -> float:
    return sum(map(abs, errors)) / len(errors)


def text(found: Sequence[Found]) -> str:
    """The whole page."""
    seen = lines(found)
    wide, slow = [one.memory_error for one in seen], [one.speed_error for one in seen]
    busy = [one.busy_error for one in seen]
    rows = "".join(
        f"| {one.name} | {one.bytes / 1e9:.2f} | {one.predicted_bytes / 1e9:.2f} | {one.memory_error:+.0%} "
        f"| {one.speed:.0f} | {one.predicted_speed:.0f} | {one.speed_error:+.0%} | {one.busy_error:+.0%} |\n"
        for one in seen
    )
    return HEAD.format(
        count=len(seen), calibration=named(found[0]), calibrated=told(found[0]), rows=rows,
        memory=f"{mean(wide):.1%}", memory_within=within(wide, MEMORY_GOAL), speed=f"{mean(slow):.1%}",
        speed_within=within(slow, SPEED_GOAL), busy=f"{mean(busy):.1%}", busy_within=within(busy, SPEED_GOAL),
        whole=whole_runs(),
    )  # fmt: skip


def within(errors: Sequence[float], goal: float) -> str:
    """How many are no further off."""
    return f"{sum(abs(error) <= goal for error in errors)} of {len(errors)} within {goal:.0%}"


HEAD = """# Estimates: the trainer on processors

Written by `experiments/estimate/processors/run`, which trains each configuration of `cases.yaml` for a few steps with the
worker's own code, each in a process of its own, on SmolLM2-135M and two cores.
Memory is the most that the process held; speed the median step but for the first, tokens without padding.
Predictions are the configurator's for the chart's class `cpu`; all speeds are scaled by one run of the same session
({calibration}: {calibrated}).
The last column is the same by processor time, which other work on the machine changes less.
Looks of the probe, checkpoints and the push are left out.

{count} configurations: memory {memory} off on average, {memory_within}; speed {speed} by the clock, {speed_within},
and {busy} by processor time, {busy_within}.

| configuration: rows x tokens | GB measured | predicted | off | tokens/s measured | predicted | off | off by processor time |
|---|---|---|---|---|---|---|---|
{rows}
## Whole runs

The runs of [the experiment](tbdl.md), whose lengths vary from step to step and whose looks ask 128 items, twice a delivery's.

{whole}"""
