"""`python -m demo.kill`: beside a running demo, kill the operator at random moments of every stage of every delivery.

The pod is deleted without grace, so its process gets SIGKILL, releases nothing and says nothing; the next one waits for
the Lease to run out. Every place that a delivery comes to (stage and reason) is given a moment, and one that lasts gets
another after each. What the kubelet says of pods is kept apart. `python -m demo.compare` then compares both runs.
"""

import argparse
import json
import random
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from delivery_api.delivery import Delivery

from . import witness
from .cluster import ROOT
from .follow import is_settled
from .kubectl import Kubectl
from .narrator import DemoError
from .order import HEALTHY, NAMESPACE, NOISY, PERMUTED
from .prepare import RELEASE, SYSTEM
from .shell import Processes

SELECTOR = f"app.kubernetes.io/name={RELEASE}"
ORDERS = {order.name for order in (HEALTHY, PERMUTED, NOISY)}
LASTS = {"intake": 6.0, "train": 60.0, "eval": 45.0, "deploy": 30.0}
"""Seconds, about, that a stage lasts; the others are over in a moment."""
MOMENT, REST, POLL = 2.0, 25.0, 0.5

Place = tuple[str, str, str]
"""Delivery, stage, reason."""


@dataclass
class Moments:
    """When to kill: one moment for every place, drawn when it is first seen, and another after each."""

    draw: random.Random
    due: dict[Place, float] = field(default_factory=dict)

    def look(self, places: Iterable[Place], now: float) -> list[Place]:
        """Places whose moment has come. What has moved on meanwhile is forgotten."""
        here = set(places)
        self.due = {place: at for place, at in self.due.items() if place in here}
        for place in sorted(here - self.due.keys()):
            self.due[place] = now + self._pause(place)
        come = [place for place in sorted(here) if self.due[place] <= now]
        for place in come:
            # The next operator needs the Lease to run out before it does anything that is worth another kill.
            self.due[place] = now + REST + self._pause(place)
        return come

    def _pause(self, place: Place) -> float:
        return self.draw.uniform(0, LASTS.get(place[1], MOMENT))


def places(deliveries: Iterable[Delivery]) -> list[Place]:
    """Where those stand that are not settled."""
    return [
        (str(one.metadata["name"]), one.status.stage or "", one.status.state or "")
        for one in deliveries
        if one.status is not None and not is_settled(one)
    ]


def over(deliveries: Iterable[Delivery]) -> bool:
    """All three of the demo are settled."""
    return {str(one.metadata["name"]) for one in deliveries if is_settled(one)} >= ORDERS


def admin(processes: Processes, within: float) -> Kubectl:
    """kubectl of the local cluster, once the demo has it up."""
    clock, ends = threading.Event(), time.monotonic() + within
    while (status := processes.run([str(ROOT / "cluster/status"), "-o", "json"])).code:
        if time.monotonic() > ends:
            raise DemoError(f"No cluster is up after {within:.0f} s; start `python -m demo.run --keep` beside this")
        clock.wait(POLL)
    told = json.loads(status.out)
    return Kubectl(processes, told["programs"]["kubectl"], ["--kubeconfig", told["kubeconfig"]["admin"]], "admin")


def kill(kubectl: Kubectl) -> str:
    """Delete the operator's pods without grace; says which."""
    return kubectl.run("delete", "pod", "-n", SYSTEM, "-l", SELECTOR, "--grace-period=0", "--force", "-o", "name").out.strip()


def follow(kubectl: Kubectl, moments: Moments, within: float, record: Path) -> None:
    """Kill until all three deliveries are settled, or time is up; leave a line for each kill."""
    clock, ends = threading.Event(), time.monotonic() + within
    with record.open("w", encoding="utf-8") as lines:
        while time.monotonic() < ends:
            found = [Delivery.model_validate(raw) for raw in kubectl.items("deliveries", "-n", NAMESPACE)]
            if over(found):
                return
            if come := moments.look(places(found), time.monotonic()):
                where = ", ".join("/".join(place) for place in come)
                line = f"{datetime.now(UTC):%H:%M:%S} {kill(kubectl) or 'no pod was there'} at {where}"
                print(line, flush=True)
                lines.write(line + "\n")
                lines.flush()
            clock.wait(POLL)


def main() -> None:
    """Kill, and leave a record of when and of what the kubelet said."""
    parser = argparse.ArgumentParser(prog="python -m demo.kill", description=__doc__)
    parser.add_argument("--within", type=float, default=1800, help="seconds after which it gives up")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "kills.txt")
    parser.add_argument("--pods", type=Path, default=ROOT / "out" / "killed" / "pods.json")
    options = parser.parse_args()
    processes = Processes()
    for path in (options.out, options.pods):
        path.parent.mkdir(parents=True, exist_ok=True)
    seen = options.pods.with_suffix(".events")
    try:
        kubectl = admin(processes, options.within)
        witness.watch(processes, kubectl, str(seen))
        follow(kubectl, Moments(random.Random(options.seed)), options.within, options.out)
    finally:
        processes.close()
    options.pods.write_text(json.dumps(witness.accelerated(seen.read_text("utf-8")), indent=2) + "\n", "utf-8")
    seen.unlink()


if __name__ == "__main__":
    main()
