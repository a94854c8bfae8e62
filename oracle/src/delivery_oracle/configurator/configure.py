"""Completes config and schedule: the cheapest accelerator class that fits, and a config that fits on it.

The trainer of this version runs on one accelerator. Every class is tried; what fits is ordered by expected price.
What does not fit says what it needs, what there is, and what would make it fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from pydantic.alias_generators import to_camel

from delivery_api.accelerator import AcceleratorClass
from delivery_api.delivery import DeliverySpec
from delivery_api.driver import Config, Plan, Schedule
from delivery_api.status import Resolved
from delivery_oracle.configurator import memory, prediction, price, recipe, speed
from delivery_oracle.configurator.architecture import Architecture
from delivery_oracle.configurator.certify import Case, Mistake, mistakes
from delivery_oracle.configurator.memory import Memory, gigabytes
from delivery_oracle.configurator.price import Price
from delivery_oracle.configurator.recipe import Choice
from delivery_oracle.configurator.speed import Duration
from delivery_oracle.configurator.workload import Workload

MICRO_BATCHES = (16, 8, 4, 2, 1)
LARGEST_MERGED = 2_000_000_000
CURES = {
    "Full": "use LoRA, or a smaller base",
    "LoRA": "use a class with more memory, or a smaller base",
    "QLoRA": "use a class with more memory, or a smaller base",
}


@dataclass(frozen=True)
class Option:
    """One way to run it: class, complete config, and what that takes."""

    kind: AcceleratorClass
    config: Config
    reasons: dict[str, str]
    memory: Memory
    duration: Duration
    price: Price

    @property
    def name(self) -> str:
        return str(self.kind.metadata.get("name", ""))

    @property
    def fits(self) -> bool:
        return self.memory.fits(self.kind.spec.memory_bytes)


@dataclass(frozen=True)
class Proposal:
    """The answer of the configurator: the best option, and every mistake found on the way."""

    plan: Plan
    schedule: Schedule
    option: Option | None
    config_mistakes: tuple[Mistake, ...]
    schedule_mistakes: tuple[Mistake, ...]
    no_class: str | None
    reasons: dict[str, str]

    def resolved(self) -> Resolved | None:
        """For `status.resolved`; None while nothing fits or a value is wrong."""
        if self.option is None or self.config_mistakes or self.schedule_mistakes:
            return None
        return Resolved(
            plan=self.plan,
            config=self.option.config,
            schedule=self.schedule,
            reasons=self.reasons,
            hours=f"{self.option.duration.expected / 3600:.2f}",
            prediction=prediction.of(self.option.memory.peak, self.option.duration.tokens_per_second),
        )


def resolve_plan(plan: Plan, base: Architecture) -> Plan:
    """The plan with nothing left to choose: Auto serves merged weights where they are small."""
    if plan.artifact != "Auto":
        return plan
    merged = plan.method == "Full" or base.parameters <= LARGEST_MERGED
    return plan.model_copy(update={"artifact": "Merged" if merged else "Adapter"})


def configure(spec: DeliverySpec, load: Workload, classes: Iterable[AcceleratorClass]) -> Proposal:
    """Config and schedule for a delivery; the same input gives the same answer on every machine."""
    plan = resolve_plan(spec.plan, load.base)
    usable, schedule_mistakes, no_class = eligible(spec, plan, classes)
    options = [option(spec.config, plan, load, kind) for kind in usable]
    fitting = sorted((one for one in options if one.fits), key=lambda one: (one.price.expected, one.name))
    if fitting:
        return proposal(spec, plan, load, fitting[0], fitting)
    if not options:
        return Proposal(plan, spec.schedule, None, (), schedule_mistakes, no_class, {})
    return too_large(spec, plan, load, options)


def eligible(
    spec: DeliverySpec, plan: Plan, classes: Iterable[AcceleratorClass]
) -> tuple[list[AcceleratorClass], tuple[Mistake, ...], str | None]:
    """Classes that may be used at all, and why none is left."""
    if spec.schedule.count not in (None, 1):
        why = f"={spec.schedule.count}, the trainer runs on one accelerator; use 1, or leave it out"
        return [], (Mistake("spec.schedule.count", why),), None
    known = sorted(classes, key=lambda kind: str(kind.metadata.get("name", "")))
    wanted, currency = spec.schedule.accelerator_class, spec.terms.budget.currency
    named = [kind for kind in known if wanted is None or kind.metadata.get("name") == wanted]
    if not named:
        there = ", ".join(str(kind.metadata.get("name")) for kind in known) or "none"
        which = f"spec.schedule.acceleratorClass={wanted} does not exist" if wanted else "There is no AcceleratorClass"
        return [], (), f"{which}; there is {there}"
    left = [kind for kind in named if kind.spec.currency == currency and runs(plan, kind)]
    if left:
        return left, (), None
    priced = ", ".join(sorted({kind.spec.currency for kind in named}))
    why = (
        f"priced in {priced}, spec.terms.budget.currency={currency}"
        if all(kind.spec.currency != currency for kind in named)
        else f"of processors, which spec.plan.method={plan.method} does not run on; use LoRA"
    )
    if wanted:
        return [], (Mistake("spec.schedule.acceleratorClass", f"={wanted} is {why}"),), None
    return [], (), f"Every AcceleratorClass is {why}"


def runs(plan: Plan, kind: AcceleratorClass) -> bool:
    """4-bit kernels exist for GPUs only."""
    return plan.method != "QLoRA" or kind.spec.image == "cuda"


def option(given: Config, plan: Plan, load: Workload, kind: AcceleratorClass) -> Option:
    """The fastest config that fits on this class; when none fits, the smallest."""
    last: Option | None = None
    for checkpointing, micro in product(choices(given.gradient_checkpointing, (False, True)), micro_batches(given)):
        last = measured(given, plan, load, kind, micro, bool(checkpointing))
        if last.fits:
            return last
    assert last is not None
    return last


def choices(given: bool | None, otherwise: tuple[bool, ...]) -> tuple[bool, ...]:
    return otherwise if given is None else (given,)


def micro_batches(given: Config) -> tuple[int, ...]:
    """Rows in a pass to try, largest first, so that a step stays at the recipe's batch."""
    if given.micro_batch_size is not None:
        return (given.micro_batch_size,)
    passes = given.accumulation_steps or 1
    most = max(1, recipe.BATCH_ROWS // passes)
    return tuple(rows for rows in MICRO_BATCHES if rows <= most)


def measured(given: Config, plan: Plan, load: Workload, kind: AcceleratorClass, micro: int, checkpointing: bool) -> Option:
    """One complete config with its memory, time and price."""
    accumulation = given.accumulation_steps or max(1, recipe.BATCH_ROWS // micro)
    batch = micro * accumulation
    chosen = recipe.simple(load, plan) | {
        "precision": recipe.precision(kind.spec),
        "micro_batch_size": Choice(micro, f"{micro} rows in a pass fit into {gigabytes(kind.spec.memory_bytes)}"),
        "accumulation_steps": Choice(accumulation, f"{accumulation} x {micro} rows are {batch} rows a step"),
        "gradient_checkpointing": Choice(
            checkpointing, "needed to fit, at a third more time" if checkpointing else "it fits without, which is faster"
        ),
        "steps": recipe.steps(load, batch),
    }
    chosen["warmup_steps"] = recipe.warmup(given.steps or chosen["steps"].value)
    if plan.method != "Full":
        chosen["alpha"] = recipe.alpha(given.rank or chosen["rank"].value)
    config, reasons = recipe.fill(given, chosen)
    used = memory.estimate(load, plan, config, kind.spec.image == "cuda", kind.spec)
    duration = speed.estimate(load, plan, config, kind.spec)
    return Option(kind, config, reasons, used, duration, price.estimate(duration, kind.spec))


def proposal(spec: DeliverySpec, plan: Plan, load: Workload, best: Option, fitting: Sequence[Option]) -> Proposal:
    """The best option as config and schedule, with the reason of every field."""
    schedule = spec.schedule.model_copy(update={"accelerator_class": best.name, "count": 1})
    case = Case(spec.config, best.config, plan, load, best.kind.spec)
    others = len({one.name for one in fitting}) - 1
    cheapest = f"the cheapest of {others + 1} classes that fit" if others else "the only class that fits"
    named = "given, and it fits" if spec.schedule.accelerator_class else f"{cheapest}, {best.price}"
    room = f"and to be sure it wants {gigabytes(best.memory.wanted)} of {gigabytes(best.kind.spec.memory_bytes)}"
    reasons = {f"config.{to_camel(field)}": reason for field, reason in best.reasons.items()}
    reasons["plan.artifact"] = "given" if spec.plan.artifact != "Auto" else artifact_reason(plan)
    reasons["schedule.acceleratorClass"] = named
    reasons["schedule.count"] = f"the trainer runs on one accelerator, {room}"
    return Proposal(plan, schedule, best, mistakes(case), (), None, dict(sorted(reasons.items())))


def artifact_reason(plan: Plan) -> str:
    if plan.artifact == "Merged":
        return "merged weights are small and serve without overhead"
    return "an adapter over its base, as merged weights would be large"


def too_large(spec: DeliverySpec, plan: Plan, load: Workload, options: Sequence[Option]) -> Proposal:
    """Nothing fits: whose fault it is, and what would make it fit."""
    roomiest = max(options, key=lambda one: (one.kind.spec.memory_bytes - one.memory.wanted, one.name))
    short = (
        f"needs {gigabytes(roomiest.memory.wanted)}, {roomiest.name} has "
        f"{gigabytes(roomiest.kind.spec.memory_bytes)}, mostly {roomiest.memory.largest()}"
    )
    free = Config()
    without = [option(free, plan, load, one.kind) for one in options] if spec.config != free else []
    if any(one.fits for one in without):
        best = next(one for one in without if one.fits)
        return Proposal(plan, spec.schedule, None, (memory_mistake(spec.config, best, short),), (), None, {})
    cure = CURES[plan.method]
    if spec.schedule.accelerator_class:
        path = "spec.schedule.acceleratorClass"
        why = f"={spec.schedule.accelerator_class} does not fit: {short}; leave it out, {cure}"
        return Proposal(plan, spec.schedule, None, (), (Mistake(path, why),), None, {})
    return Proposal(plan, spec.schedule, None, (), (), f"No AcceleratorClass fits: it {short}; {cure}", {})


def memory_mistake(given: Config, best: Option, short: str) -> Mistake:
    """The given value that takes the memory, and one that fits."""
    if given.micro_batch_size and given.micro_batch_size > (best.config.micro_batch_size or 1):
        return Mistake(
            "spec.config.microBatchSize",
            f"={given.micro_batch_size} does not fit: it {short}; use {best.config.micro_batch_size}",
        )
    if given.gradient_checkpointing is False and best.config.gradient_checkpointing:
        return Mistake("spec.config.gradientCheckpointing", f"=false does not fit: it {short}; use true")
    if given.precision == "fp32":
        return Mistake("spec.config.precision", f"=fp32 does not fit: it {short}; use bf16")
    return Mistake("spec.config", f" does not fit: it {short}; leave out what is not needed")
