"""One way to run a delivery: a class, a complete config, and the memory, time and money that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from delivery_api.accelerator import AcceleratorClass
from delivery_api.delivery import DeliverySpec
from delivery_api.driver import Config, Plan, Schedule
from delivery_api.model import seconds_of
from delivery_oracle.configurator import layout, memory, price, recipe, speed
from delivery_oracle.configurator.layout import Layout, Room
from delivery_oracle.configurator.memory import Memory, gigabytes
from delivery_oracle.configurator.price import Price
from delivery_oracle.configurator.recipe import Choice
from delivery_oracle.configurator.speed import Duration
from delivery_oracle.configurator.workload import Workload

MICRO_BATCHES = (16, 8, 4, 2, 1)


@dataclass(frozen=True)
class Option:
    """One way to run it: class, complete config, and what that takes."""

    kind: AcceleratorClass
    config: Config
    reasons: dict[str, str]
    memory: Memory
    duration: Duration
    price: Price
    layout: Layout

    @property
    def name(self) -> str:
        return str(self.kind.metadata.get("name", ""))

    @property
    def fits(self) -> bool:
        return self.memory.fits(self.kind.spec.memory_bytes)

    def is_late(self, schedule: Schedule) -> bool:
        """Whether the high estimate misses the deadline."""
        return schedule.deadline is not None and self.duration.high > seconds_of(schedule.deadline)


def option(spec: DeliverySpec, plan: Plan, load: Workload, kind: AcceleratorClass, room: Room | None) -> Option | None:
    """The fewest accelerators of this class that fit and are in time; else what comes closest."""
    closest: Option | None = None
    for one in layout.layouts(spec.schedule, spec.config, load.base, kind.spec, room):
        tried = filled(spec.config, plan, load, kind, one)
        if tried.fits and not tried.is_late(spec.schedule):
            return tried
        if closest is None or not closest.fits or (tried.fits and tried.duration.high < closest.duration.high):
            closest = tried
    return closest


def filled(given: Config, plan: Plan, load: Workload, kind: AcceleratorClass, spread: Layout) -> Option:
    """The fastest config that fits on so many of this class; when none fits, the smallest."""
    last: Option | None = None
    kept = given.gradient_checkpointing
    choices = (False, True) if kept is None else (kept,)
    for checkpointing, micro in product(choices, micro_batches(given, spread.count)):
        last = measured(given, plan, load, kind, micro, checkpointing, spread)
        if last.fits:
            return last
    assert last is not None
    return last


def micro_batches(given: Config, count: int) -> tuple[int, ...]:
    """Rows in a pass of each accelerator to try, largest first, so that a step stays at the recipe's batch."""
    if given.micro_batch_size is not None:
        return (given.micro_batch_size,)
    passes = (given.accumulation_steps or 1) * count
    most = max(1, recipe.BATCH_ROWS // passes)
    return tuple(rows for rows in MICRO_BATCHES if rows <= most)


def measured(
    given: Config, plan: Plan, load: Workload, kind: AcceleratorClass, micro: int, checkpointing: bool, spread: Layout
) -> Option:
    """One complete config with its memory, time and price."""
    count = spread.count
    accumulation = given.accumulation_steps or max(1, recipe.BATCH_ROWS // (micro * count))
    batch = micro * accumulation * count
    times = f"{count} accelerators x {accumulation} x {micro}" if count > 1 else f"{accumulation} x {micro}"
    chosen = recipe.simple(load, plan) | {
        "precision": recipe.precision(kind.spec),
        "micro_batch_size": Choice(micro, f"{micro} rows in a pass fit into {gigabytes(kind.spec.memory_bytes)}"),
        "accumulation_steps": Choice(accumulation, f"{times} rows are {batch} rows a step"),
        "gradient_checkpointing": Choice(
            checkpointing, "needed to fit, at a third more time" if checkpointing else "it fits without, which is faster"
        ),
        "steps": recipe.steps(load, batch),
    }
    chosen["warmup_steps"] = recipe.warmup(given.steps or chosen["steps"].value)
    if plan.method != "Full":
        chosen["alpha"] = recipe.alpha(given.rank or chosen["rank"].value)
    config, reasons = recipe.fill(given, chosen)
    config = config.model_copy(update={"parallelism": spread.parallelism})
    used = memory.estimate(load, plan, config, kind.spec.image == "cuda", kind.spec, count)
    duration = speed.estimate(load, plan, config, kind.spec, count)
    return Option(kind, config, reasons, used, duration, price.estimate(duration, kind.spec, count), spread)
