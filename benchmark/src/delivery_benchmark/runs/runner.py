"""Carries out a run: what has its folder is done, the rest runs side by side on one plane. Broken off, it goes on there."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from delivery_api.delivery import DeliverySpec
from delivery_api.digests import plain, sha256, short
from delivery_api.names import work_namespace
from delivery_benchmark.plane.control import Plane, plane
from delivery_benchmark.plane.trial import state
from delivery_benchmark.recordings import named
from delivery_benchmark.recordings.evidence import Replay
from delivery_benchmark.recordings.shape import shape_of
from delivery_benchmark.runs.manifest import Manifest, Unit
from delivery_benchmark.runs.trials import Seated, carry_out
from delivery_benchmark.scenarios import Scenario, load

Say = Callable[[str], None]


class Stage:
    """Which scenario is played in which namespace: what the replayer needs to know and no agent can see."""

    def __init__(self) -> None:
        self._played: dict[str, tuple[Scenario, int]] = {}

    def put(self, namespace: str, scenario: Scenario, seed: int = 1) -> None:
        """A trial of this scenario is in this namespace; the seed says which run of an arm is played."""
        self._played[namespace] = self._played[work_namespace(namespace)] = scenario, seed

    def choose(self, namespace: str, spec: DeliverySpec) -> Replay:
        """What is played there for this spec."""
        scenario, seed = self._played[namespace]
        return Replay(named(scenario.recording(plain(spec)), seed), shape_of(scenario))


@contextmanager
def staged(name: str | None = None) -> Iterator[tuple[Plane, Stage]]:
    """A plane with a replayer that plays what is put on its stage; one that has a name is left up."""
    stage = Stage()
    with plane(name or f"benchmark-{os.getpid()}", stage.choose, keep=name is not None) as made:
        yield made, stage


def run(
    manifest: Manifest, seats: Mapping[str, Seated], folder: Path, on: tuple[Plane, Stage], say: Say
) -> list[dict[str, Any]]:
    """Every unit that has no folder yet; returns trial.json of those that were run now."""
    left = [unit for unit in manifest.units if not done_already(folder / "trials" / unit.name / "trial.json")]
    say(f"run {short(manifest.id)}: {len(manifest.units)} trials, {len(manifest.units) - len(left)} done, {len(left)} to do")
    (folder / "trials").mkdir(parents=True, exist_ok=True)
    begun, done = time.monotonic(), []
    pool = ThreadPoolExecutor(manifest.asked.parallel, "trial")
    try:
        waiting = {pool.submit(one, unit, seats[unit.seat], folder, on): unit for unit in left}
        for number, finished in enumerate(as_completed(waiting), start=1):
            kept, unit, elapsed = finished.result(), waiting[finished], time.monotonic() - begun
            done.append(kept)
            eta = elapsed / number * (len(left) - number)
            said = kept["error"] or state(kept["delivery"])
            say(f"[{elapsed:6.1f} s, {eta:5.0f} s left] {number}/{len(left)} {unit.name}: {said}")
    finally:
        # Broken off, those that have not begun never do, and the folders of those that have stay unfinished.
        pool.shutdown(wait=False, cancel_futures=True)
    return done


def done_already(path: Path) -> bool:
    """Whether a trial has been carried out; one that the harness broke off by a fault of its own is carried out again."""
    return path.exists() and json.loads(path.read_text("utf-8"))["error"] is None


def one(unit: Unit, seated: Seated, folder: Path, on: tuple[Plane, Stage]) -> dict[str, Any]:
    """One unit on the stage."""
    made, stage = on
    namespace = f"trial-{short(sha256(f'{folder}/{unit.name}/{time.time_ns()}'))}"
    stage.put(namespace, load(unit.scenario), unit.seed)
    return carry_out(made, unit, seated, folder / "trials" / unit.name, namespace)
