"""Completes config and schedule: the cheapest accelerator class that fits, and a config that fits on it.

Every class is tried with the fewest accelerators that do; what fits is ordered by whether it is in time and in the budget,
has nodes, and by expected price. What does not fit says what it needs, what there is, and what would make it fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic.alias_generators import to_camel

from delivery_api.accelerator import AcceleratorClass
from delivery_api.delivery import DeliverySpec
from delivery_api.driver import Config, Plan, Schedule
from delivery_api.status import Resolved
from delivery_oracle.configurator import layout, prediction
from delivery_oracle.configurator.architecture import Architecture
from delivery_oracle.configurator.certify import Case, Mistake, mistakes
from delivery_oracle.configurator.layout import Room, Rooms
from delivery_oracle.configurator.memory import gigabytes
from delivery_oracle.configurator.options import Option, filled, option
from delivery_oracle.configurator.recipe import BATCH_ROWS
from delivery_oracle.configurator.workload import Workload

LARGEST_MERGED = 2_000_000_000
CURES = {
    "Full": "use LoRA, or a smaller base",
    "LoRA": "use a class with more memory, or a smaller base",
    "QLoRA": "use a class with more memory, or a smaller base",
}


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
            prediction=prediction.of(self.option.memory.counted, self.option.duration.tokens_per_second),
        )


def resolve_plan(plan: Plan, base: Architecture) -> Plan:
    """The plan with nothing left to choose: Auto serves merged weights where they are small."""
    if plan.artifact != "Auto":
        return plan
    merged = plan.method == "Full" or base.parameters <= LARGEST_MERGED
    return plan.model_copy(update={"artifact": "Merged" if merged else "Adapter"})


def configure(spec: DeliverySpec, load: Workload, classes: Iterable[AcceleratorClass], rooms: Rooms | None = None) -> Proposal:
    """Config and schedule for a delivery; the same input gives the same answer on every machine.

    `rooms` is what the nodes have; None where nobody has looked. A class without nodes is taken only when no other will do:
    a cluster may make nodes for a pod that waits.
    """
    plan = resolve_plan(spec.plan, load.base)
    schedule_wrong, config_wrong = layout.mistakes_of(spec.schedule), layout.config_mistakes_of(spec.schedule, spec.config)
    if schedule_wrong or config_wrong:
        return Proposal(plan, spec.schedule, None, config_wrong, schedule_wrong, None, {})
    usable, schedule_mistakes, no_class = eligible(spec, plan, classes)
    tried = [option(spec, plan, load, kind, room_of(rooms, kind)) for kind in usable]
    options = [one for one in tried if one is not None]
    fitting = sorted((one for one in options if one.fits), key=lambda one: rank(spec, one, rooms))
    if fitting:
        return proposal(spec, plan, load, fitting)
    if usable and not options:
        return Proposal(plan, spec.schedule, None, (), (not_spread(spec, load.base, usable),), None, {})
    if not options:
        return Proposal(plan, spec.schedule, None, (), schedule_mistakes, no_class, {})
    return too_large(spec, plan, load, options)


def room_of(rooms: Rooms | None, kind: AcceleratorClass) -> Room | None:
    """What the nodes of a class have; None where nobody has looked."""
    return None if rooms is None else rooms.get(str(kind.metadata.get("name", "")), Room())


def has_room(one: Option, rooms: Rooms | None) -> bool:
    room = room_of(rooms, one.kind)
    return room is None or room.holds(one.layout)


def rank(spec: DeliverySpec, one: Option, rooms: Rooms | None) -> tuple[bool, bool, bool, Decimal, str]:
    """In time, in the budget, where nodes are, and cheap; in this order."""
    over = one.price.high > Decimal(spec.terms.budget.limit)
    return one.is_late(spec.schedule), over, not has_room(one, rooms), one.price.expected, one.name


def not_spread(spec: DeliverySpec, base: Architecture, usable: Sequence[AcceleratorClass]) -> Mistake:
    """Several accelerators are asked for: none of them could serve what comes out, or no number of them goes evenly."""
    schedule = spec.schedule
    if any(layout.served(base, kind.spec) for kind in usable):
        tried = ", ".join(str(count) for count in layout.COUNTS if count > 1)
        why = f"of {tried} accelerators none goes evenly with it and {BATCH_ROWS} rows a step; give spec.schedule.count"
    else:
        why = (
            "the audit and the servers use one accelerator each, which does not hold the base's weights; "
            "use a larger class or a smaller base"
        )
    if schedule.count:
        return Mistake("spec.schedule.count", f"={schedule.count}: {why}")
    if schedule.nodes not in (None, 1):
        return Mistake("spec.schedule.nodes", f"={schedule.nodes}: {why}")
    return Mistake("spec.config.parallelism", f"={spec.config.parallelism}: {why}")


def eligible(
    spec: DeliverySpec, plan: Plan, classes: Iterable[AcceleratorClass]
) -> tuple[list[AcceleratorClass], tuple[Mistake, ...], str | None]:
    """Classes that may be used at all, and why none is left."""
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


def proposal(spec: DeliverySpec, plan: Plan, load: Workload, fitting: Sequence[Option]) -> Proposal:
    """The best option as config and schedule, with the reason of every field."""
    best = fitting[0]
    chosen = {"accelerator_class": best.name, "count": best.layout.count, "nodes": best.layout.nodes}
    schedule = spec.schedule.model_copy(update=chosen)
    case = Case(spec.config, best.config, plan, load, best.kind.spec, best.layout.count)
    room = f"and to be sure it wants {gigabytes(best.memory.wanted)} of {gigabytes(best.kind.spec.memory_bytes)}"
    reasons = {f"config.{to_camel(field)}": reason for field, reason in best.reasons.items()}
    reasons["plan.artifact"] = "given" if spec.plan.artifact != "Auto" else artifact_reason(plan)
    reasons["schedule.acceleratorClass"] = class_reason(spec, fitting)
    reasons |= layout.reasons(best.layout, spec.schedule, spec.config, room)
    return Proposal(plan, schedule, best, mistakes(case), (), None, dict(sorted(reasons.items())))


def class_reason(spec: DeliverySpec, fitting: Sequence[Option]) -> str:
    """Why this class: in comparison with those that fit too."""
    best, others = fitting[0], len({one.name for one in fitting}) - 1
    if spec.schedule.accelerator_class:
        return "given, and it fits"
    if not others:
        return f"the only class that fits, {best.price}"
    without = [one.name for one in fitting if one.price.expected < best.price.expected]
    if not without:
        return f"the cheapest of {others + 1} classes that fit, {best.price}"
    cheaper = ", ".join(sorted(without))
    return f"the cheapest that is in time, in the budget and has nodes, {best.price}; cheaper but not so: {cheaper}"


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
    bound = spec.config != free and spec.schedule.count in (None, 1)
    without = [filled(free, plan, load, one.kind, layout.ALONE) for one in options] if bound else []
    if best := next((one for one in without if one.fits), None):
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
