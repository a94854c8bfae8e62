"""`certify`: a scenario is fit to measure with when the oracle seat passes all ten stages and every null seat fails one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from delivery_benchmark.runs.manifest import Asked, fix, plan
from delivery_benchmark.runs.runner import run, staged
from delivery_benchmark.runs.trials import Seated
from delivery_benchmark.scoring import StageScore, read, score_folder
from delivery_benchmark.seats import NULLS, SEATS


@dataclass(frozen=True)
class Certificate:
    """How the seats fared on one scenario."""

    scenario: str
    scores: dict[str, tuple[StageScore, ...]]
    broken: dict[str, str]
    """Seat to the fault of the harness that kept it from a score."""

    @property
    def faults(self) -> list[str]:
        """Why the scenario is not fit; empty when it is."""
        if self.broken:
            return [f"{seat} could not be scored: {why}" for seat, why in self.broken.items()]
        found = [f"oracle fails {one.stage}: {one.reason}" for one in self.scores["oracle"] if not one.passed]
        return found + [f"{seat} passes all ten" for seat in NULLS if all(one.passed for one in self.scores[seat])]


def certify(
    scenarios: Sequence[str], folder: Path, parallel: int, say: Callable[[str], None], cluster: str | None = None
) -> list[Certificate]:
    """Certify scenarios on a plane of their own; trials that `folder` has already are not run again."""
    asked = Asked(name="certify", scenarios=tuple(scenarios), seats=tuple(SEATS), parallel=parallel)
    manifest = plan(asked, SEATS, {})
    fix(manifest, folder)
    with staged(cluster) as on:
        run(manifest, {name: Seated(act) for name, act in SEATS.items()}, folder, on, say)
    made = []
    for scenario in dict.fromkeys(unit.scenario for unit in manifest.units):
        units = [unit for unit in manifest.units if unit.scenario == scenario]
        made.append(certificate(scenario, {unit.seat: folder / "trials" / unit.name for unit in units}))
    return made


def certificate(scenario: str, trials: Mapping[str, Path]) -> Certificate:
    """What the finished trials of a scenario, by seat, say of it."""
    errors = {seat: read(trial)[0].error for seat, trial in trials.items()}
    broken = {seat: why for seat, why in errors.items() if why is not None}
    return Certificate(scenario, {seat: score_folder(trial) for seat, trial in trials.items()}, broken)
