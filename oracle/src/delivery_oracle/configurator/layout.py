"""How many accelerators a run is spread over, on which nodes, and how they share it: what the trainer and the nodes can do.

Copies (DataParallel) make a run faster. Parts (FSDP) make it fit, for more traffic. The audit and the servers hold the
model on one accelerator, so that a base that fits on none alone is refused here, whatever training could do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from delivery_api.accelerator import AcceleratorClassSpec
from delivery_api.driver import Config, Schedule
from delivery_oracle.configurator import own
from delivery_oracle.configurator.architecture import Architecture
from delivery_oracle.configurator.certify import Mistake
from delivery_oracle.configurator.recipe import BATCH_ROWS

Parallelism = Literal["DataParallel", "FSDP"]
COUNTS = (1, 2, 4, 8, 16)
"""Numbers of accelerators to try; a step's rows are divided by them."""
SERVED_WIDTH = 2
SERVED_ROOM = 1.15
"""Memory of an engine over that of its weights: a small cache, and what it computes in."""


@dataclass(frozen=True)
class Room:
    """Accelerators on each node that the class's pods could run on, in use or not."""

    nodes: tuple[int, ...] = ()

    def least_nodes(self, count: int) -> int | None:
        """The fewest nodes that have so many, the same number each; None where there is no such set."""
        for nodes in range(1, count + 1):
            if count % nodes == 0 and sum(have >= count // nodes for have in self.nodes) >= nodes:
                return nodes
        return None

    def holds(self, layout: Layout) -> bool:
        """Whether so many nodes have so many accelerators each."""
        return sum(have >= layout.each for have in self.nodes) >= layout.nodes


Rooms = Mapping[str, Room]
"""Class to room; a class that is not in it has no node at all."""


@dataclass(frozen=True)
class Layout:
    """A number of accelerators, evenly over nodes."""

    count: int = 1
    nodes: int = 1
    parallelism: Parallelism | None = None

    @property
    def each(self) -> int:
        """Accelerators of a node."""
        return self.count // self.nodes

    def __str__(self) -> str:
        spread = f" on {self.nodes} nodes" if self.nodes > 1 else ""
        return f"{self.count} accelerators{spread}"


ALONE = Layout()


def layouts(
    schedule: Schedule, config: Config, base: Architecture, kind: AcceleratorClassSpec, room: Room | None
) -> list[Layout]:
    """What may be tried on a class, the cheapest first: accelerators cost alike, and more of them talk more."""
    counts = [schedule.count] if schedule.count else [count for count in COUNTS if is_free(count, config)]
    if schedule.nodes and not schedule.count:
        counts = [count for count in counts if count % schedule.nodes == 0]
    if schedule.count is None and (config.parallelism or schedule.nodes not in (None, 1)):
        counts = [count for count in counts if count > 1]
    ways: tuple[Parallelism, ...] = (config.parallelism,) if config.parallelism else ("DataParallel", "FSDP")
    found = []
    for count in counts:
        if count == 1:
            found.append(ALONE)
        elif served(base, kind):
            nodes = schedule.nodes or nodes_of(count, kind, room)
            found.extend(Layout(count, nodes, how) for how in ways)
    return found


def is_free(count: int, config: Config) -> bool:
    """Whether the rows of a step can be divided by it, with what the driver has fixed."""
    given = (config.micro_batch_size or 1) * (config.accumulation_steps or 1)
    return count == 1 or (BATCH_ROWS % (count * given) == 0)


def nodes_of(count: int, kind: AcceleratorClassSpec, room: Room | None) -> int:
    """Nodes for so many accelerators: as there is room, else as nodes of that card are built."""
    there = room.least_nodes(count) if room else None
    if there:
        return there
    per_node = max(1, own.device(kind).per_node)
    return next(nodes for nodes in range(1, count + 1) if count % nodes == 0 and count // nodes <= per_node)


def served(base: Architecture, kind: AcceleratorClassSpec) -> bool:
    """Whether one accelerator can answer: the audit and the servers use one each."""
    return SERVED_WIDTH * SERVED_ROOM * base.parameters <= kind.memory_bytes


def mistakes_of(schedule: Schedule) -> tuple[Mistake, ...]:
    """What contradicts itself, whatever the class."""
    count, nodes = schedule.count, schedule.nodes
    if count and nodes and count % nodes:
        return (Mistake("spec.schedule.nodes", f"={nodes} does not divide spec.schedule.count={count} evenly"),)
    return ()


def config_mistakes_of(schedule: Schedule, config: Config) -> tuple[Mistake, ...]:
    """A way of sharing that nobody shares, or that its number format does not go with."""
    how, found = config.parallelism, []
    if how and schedule.count == 1:
        why = f"={how} has no meaning with spec.schedule.count=1; leave one of them out"
        found.append(Mistake("spec.config.parallelism", why))
    if how == "FSDP" and config.precision == "fp16":
        found.append(Mistake("spec.config.precision", "=fp16 does not go with spec.config.parallelism=FSDP; use bf16"))
    return tuple(found)


def reasons(layout: Layout, given: Schedule, config: Config, room: str) -> dict[str, str]:
    """One sentence for each choice."""
    if layout.count == 1:
        return {"schedule.count": f"one accelerator is enough, {room}", "schedule.nodes": "one accelerator is on one node"}
    copies = "each holds a copy, as the model fits on one"
    parts = "each holds a part, as the model does not fit on one"
    how = copies if layout.parallelism == "DataParallel" else parts
    return {
        "schedule.count": f"given, {room}" if given.count else f"the fewest that do, {room}",
        "schedule.nodes": "given" if given.nodes else f"{layout.each} accelerators a node, as its nodes have",
        "config.parallelism": "given, and certified" if config.parallelism else how,
    }
