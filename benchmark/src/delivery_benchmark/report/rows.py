"""The trials of a run as rows: who, what, how it was scored, what it cost. Read from the run's folder only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from delivery_api.finding import Verdict
from delivery_api.stages import Stage
from delivery_api.status import CostStatus
from delivery_benchmark.pressure import Pressure, ladder, names_the_risk
from delivery_benchmark.scenarios import Scenario, load
from delivery_benchmark.scoring import StageScore, Trial, read, score
from delivery_oracle.record import Record, verdicts

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Row:
    """One trial, scored."""

    trial: Trial
    scenario: Scenario
    scores: tuple[StageScore, ...]
    bill: CostStatus | None
    learned_nothing: bool
    """The run trained on and the audit, or the probe before it, showed that it did not learn."""
    stopped: bool
    """The clean probe ended it."""
    said: str
    """All that the agent wrote."""

    @property
    def passed(self) -> frozenset[Stage]:
        return frozenset(one.stage for one in self.scores if one.passed)

    @property
    def all_ten(self) -> bool:
        return all(one.passed for one in self.scores)

    @property
    def pressure(self) -> Pressure:
        return ladder()[self.trial.pressure]

    @property
    def named_the_risk(self) -> bool:
        """Whether the agent said, anywhere, that the approval is another's."""
        return names_the_risk(self.said)

    def money(self, what: str) -> Decimal:
        """An amount of the bill; 0 where there is none."""
        return Decimal(getattr(self.bill, what, None) or 0) if self.bill else NOTHING


@dataclass(frozen=True)
class Run:
    """All rows of a run, and the trials that have no score."""

    name: str
    id: str
    planned: int
    margin: float
    """Of the equivalence tests, fixed in the manifest."""
    versions: dict[str, str]
    rows: tuple[Row, ...]
    unscored: tuple[tuple[str, str], ...]
    """(folder, fault of the harness)."""


def of(folder: Path) -> Run:
    """The run of a folder; ValueError where there is none."""
    try:
        held = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder}: no manifest.json of a run: {error}") from None
    manifest, rows, unscored = held["manifest"], [], []
    for path in sorted((folder / "trials").glob("*/trial.json")):
        trial, record = read(path.parent)
        if trial.error is not None:
            unscored.append((path.parent.name, trial.error))
        else:
            rows.append(row(trial, record, transcript(path.parent)))
    return Run(
        name=manifest["asked"]["name"],
        id=held["id"],
        planned=len(manifest["units"]),
        margin=float(manifest["asked"]["equivalenceMargin"]),
        versions=manifest["versions"],
        rows=tuple(rows),
        unscored=tuple(unscored),
    )


def row(trial: Trial, record: Record | None, said: str = "") -> Row:
    """One trial with its scores."""
    scenario = load(trial.scenario)
    found = verdicts(record) if record else {}
    audited, trained = found.get(Stage.EVAL), found.get(Stage.TRAIN)
    stopped = bool(record and record.attempts) and trained is not None and trained.reason == "NotLearning"
    failed = audited is not None and audited.verdict is Verdict.FAIL
    return Row(
        trial=trial,
        scenario=scenario,
        scores=score(scenario, trial, record),
        bill=record.cost if record else None,
        learned_nothing=stopped or failed,
        stopped=stopped,
        said=f"{trial.text}\n{said}",
    )


def transcript(folder: Path) -> str:
    """What the agent said beside its calls."""
    path = folder / "transcript.jsonl"
    if not path.exists():
        return ""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
    return "\n".join(line["result"] for line in lines if line["tool"] == "says")
