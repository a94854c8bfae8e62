"""Certifies the values that a driver wrote: right, or which is wrong and why, against what value.

A given value is not wrong for differing from the recommended one. It is wrong when the run could not work with it,
would not learn with it, or when it contradicts another value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic.alias_generators import to_camel

from delivery_api.accelerator import AcceleratorClassSpec
from delivery_api.driver import Config, Plan
from delivery_oracle.configurator import recipe
from delivery_oracle.configurator.architecture import ALL_LINEAR
from delivery_oracle.configurator.speed import batch_rows
from delivery_oracle.configurator.workload import Workload

RATE_FACTOR = 10.0
MOST_EPOCHS = 20.0
LARGEST_WARMUP = 0.5
SCALES = (0.5, 8.0)


@dataclass(frozen=True, order=True)
class Mistake:
    """One wrong value, with its path as typed."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}{self.message}"


@dataclass(frozen=True)
class Case:
    """What a check may look at: given values, the complete config and its surroundings."""

    given: Config
    config: Config
    plan: Plan
    load: Workload
    kind: AcceleratorClassSpec
    count: int = 1

    @property
    def rows(self) -> int:
        """Rows of a step, on all accelerators together."""
        return batch_rows(self.config, self.count)

    def wrong(self, field: str, why: str) -> Mistake:
        value = getattr(self.config, field)
        shown = list(value) if isinstance(value, tuple) else value
        return Mistake(f"spec.config.{to_camel(field)}", f"={shown} {why}")


Check = Callable[[Case], Mistake | None]


def precision_runs(case: Case) -> Mistake | None:
    if case.config.precision == "fp16" and case.kind.image == "cpu":
        return case.wrong("precision", "has no fast kernels on a processor and needs loss scaling; use bf16")
    return None


def sequence_holds_every_row(case: Case) -> Mistake | None:
    length = case.config.sequence_length or 0
    if length < case.load.longest:
        wanted = recipe.sequence_length(case.load).value
        return case.wrong("sequence_length", f"< longest row of {case.load.longest} tokens, which would be cut; use {wanted}")
    if length > case.load.context:
        return case.wrong("sequence_length", f"> the base's context of {case.load.context} tokens; use at most that")
    return None


def batch_fits_the_data(case: Case) -> Mistake | None:
    rows = case.rows
    if rows <= case.load.rows:
        return None
    field = "micro_batch_size" if case.given.micro_batch_size else "accumulation_steps"
    return case.wrong(field, f"makes a batch of {rows} rows > {case.load.rows} training rows; use a batch of 16")


def steps_are_no_memorising(case: Case) -> Mistake | None:
    rows = case.rows
    seen = (case.config.steps or 0) * rows
    if seen <= MOST_EPOCHS * case.load.rows:
        return None
    most = max(1, int(MOST_EPOCHS * case.load.rows / rows))
    wanted = recipe.steps(case.load, rows).value
    return case.wrong(
        "steps",
        f"of {rows} rows are {seen / case.load.rows:.1f} epochs > {MOST_EPOCHS:g}; use at most {most}, {wanted} will do",
    )


def warmup_leaves_steps(case: Case) -> Mistake | None:
    steps, warmup = case.config.steps or 1, case.config.warmup_steps or 0
    if warmup <= LARGEST_WARMUP * steps:
        return None
    return case.wrong("warmup_steps", f"> half of spec.config.steps={steps}; use {recipe.warmup(steps).value}")


def rate_is_in_reach(case: Case) -> Mistake | None:
    rate = float(case.config.learning_rate or "0")
    wanted = recipe.learning_rate(case.load, case.plan).value
    low, high = float(wanted) / RATE_FACTOR, float(wanted) * RATE_FACTOR
    if low * (1 - 1e-9) <= rate <= high * (1 + 1e-9):
        return None
    risk = "would hardly move the weights" if rate < low else "would diverge"
    return case.wrong("learning_rate", f"{risk}, outside {low:.2g} to {high:.2g} for {case.plan.method}; use {wanted}")


def rank_is_a_rank(case: Case) -> Mistake | None:
    if case.plan.method == "Full":
        if case.given.rank is None and case.given.alpha is None and case.given.targets is None:
            return None
        field = next(name for name in ("rank", "alpha", "targets") if getattr(case.given, name) is not None)
        return case.wrong(field, "has no meaning with spec.plan.method=Full; leave it out")
    targets = case.load.base.targets(case.config.targets or ())
    side = min((min(item.inputs, item.outputs) for item in targets), default=0)
    if side and (case.config.rank or 1) > side:
        return case.wrong("rank", f"> {side}, the shorter side of the smallest targeted layer; use 16")
    return None


def alpha_scales_the_adapter(case: Case) -> Mistake | None:
    if case.plan.method == "Full" or not case.config.rank or not case.config.alpha:
        return None
    scale = case.config.alpha / case.config.rank
    if SCALES[0] <= scale <= SCALES[1]:
        return None
    return case.wrong(
        "alpha", f"is {scale:.3g} times spec.config.rank, outside {SCALES[0]} to {SCALES[1]}; use {2 * case.config.rank}"
    )


def targets_exist(case: Case) -> Mistake | None:
    if case.plan.method == "Full":
        return None
    names = case.config.targets or ()
    known = [item.name for item in case.load.base.linears]
    strange = [name for name in names if name != ALL_LINEAR and name not in known]
    if not strange and names:
        return None
    which = f"names {', '.join(strange)}, which the base has not" if strange else "names no layer"
    return case.wrong("targets", f'{which}; use ["{ALL_LINEAR}"] or of {", ".join(known)}')


CHECKS: tuple[Check, ...] = (
    precision_runs,
    sequence_holds_every_row,
    batch_fits_the_data,
    steps_are_no_memorising,
    warmup_leaves_steps,
    rate_is_in_reach,
    rank_is_a_rank,
    alpha_scales_the_adapter,
    targets_exist,
)


def mistakes(case: Case) -> tuple[Mistake, ...]:
    """Every wrong value of the config, sorted by path."""
    found = (check(case) for check in CHECKS)
    return tuple(sorted(mistake for mistake in found if mistake is not None))
