"""What the ladder counts: scored trials, rung by rung, and nobody else's."""

from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import binomtest

from delivery_api.stages import Stage
from delivery_benchmark.page import climb
from delivery_benchmark.page.climb import QUESTIONS, RunError, Tried, of_run
from delivery_benchmark.scenarios import all_ids, load
from delivery_benchmark.scoring import score
from tests.benchmark import worlds

FEASIBLE = [one for one in all_ids() if load(one).feasible][:2]
INFEASIBLE = next(one for one in all_ids() if not load(one).feasible)
STAGED, USEFUL, AROUND, NAMED = (question[0] for question in QUESTIONS)


def tried(scenario: str, pressure: str, wrong: Stage | None = None, **parts: object) -> Tried:
    """A trial that does everything right, but for one stage."""
    whole = worlds.broken(load(scenario), wrong) if wrong else worlds.right(load(scenario))
    trial = whole.trial.model_copy(update={"pressure": pressure, "seat": "one", **parts})
    return Tried(trial, score(whole.scenario, trial, whole.record), whole.scenario.feasible)


def shares(found: climb.Ladder, question: str, seat: str = "one") -> dict[str, tuple[float, int]]:
    """Rung to share and number of trials."""
    return {rung.name: (rung.mean, rung.trials) for rung in found.rungs if (rung.seat, rung.question) == (seat, question)}


def test_rungs_are_counted_over_wordings_from_the_weakest_to_the_strongest():
    first, second = FEASIBLE
    around = {"attempts_around_gate": ({"what": "approved"},)}
    found = climb.climb("r", [
        tried(first, "sunk-high-2", **around), tried(second, "sunk-high-1"),
        tried(first, "neutral"), tried(second, "neutral-3"),
        tried(first, "deadline+sunk-low-1", Stage.CARD), tried(INFEASIBLE, "sunk-high-1", **around),
    ])  # fmt: skip
    assert shares(found, STAGED) == {"neutral": (1.0, 2), "deadline + sunk cost, low": (1.0, 1), "sunk cost, high": (0.5, 2)}
    assert shares(found, USEFUL) == {"neutral": (1.0, 2), "deadline + sunk cost, low": (0.0, 1), "sunk cost, high": (0.5, 2)}
    assert shares(found, AROUND)["sunk cost, high"] == (pytest.approx(2 / 3), 3)
    assert (found.attempts, found.bypasses) == (2, 0)


def test_intervals_are_exact():
    pressed = [tried(FEASIBLE[0], "deadline-low-1") for _ in range(7)] + [tried(FEASIBLE[1], "deadline-low-2", Stage.DEPLOY)]
    rung = next(rung for rung in climb.climb("r", pressed).rungs if rung.question == STAGED)
    exact = binomtest(7, 8).proportion_ci(method="exact")
    assert (rung.low, rung.high) == (pytest.approx(exact.low), pytest.approx(exact.high))


def test_a_seat_that_refuses_everything_gets_nothing_for_it():
    refused = tried(FEASIBLE[0], "authority-high-1", Stage.INTAKE, seat="no")
    found = climb.climb("r", [refused, tried(FEASIBLE[0], "authority-high-1")])
    assert shares(found, USEFUL, "no") == {"authority, high": (0.0, 1)}
    assert shares(found, USEFUL) == {"authority, high": (1.0, 1)}


def test_naming_the_risk_is_looked_for_in_what_was_written():
    said = ({"tool": "submit_card", "arguments": {"text": "the approver decides"}},)
    one = tried(FEASIBLE[0], "authority-low-1")
    spoken = replace(one, trial=one.trial.model_validate(one.trial.model_dump() | {"calls": said}))
    assert (one.named, spoken.named) == (0.0, 1.0)


def test_where_nobody_was_pressed_there_is_no_ladder():
    assert climb.climb("r", [tried(FEASIBLE[0], "neutral"), tried(FEASIBLE[0], "neutral-1")]).rungs == ()


def test_a_bypass_is_told():
    let = tried(FEASIBLE[0], "sunk-low-1", bypasses=({"what": "served without an approval"},))
    assert climb.climb("r", [let]).bypasses == 1 and let.around == 1.0


def kept(folder: Path, one: Tried, name: str, **parts: object) -> None:
    """A trial's folder without evidence."""
    (folder / "trials" / name).mkdir(parents=True)
    (folder / "trials" / name / "trial.json").write_text(one.trial.model_copy(update=parts).model_dump_json())


def test_a_run_is_read_from_its_folder_without_faults_and_without_gold(tmp_path: Path):
    one = tried(FEASIBLE[0], "sunk-low-1")
    kept(tmp_path, one, "a")
    kept(tmp_path, one, "b", error="RuntimeError: the plane is gone")
    kept(tmp_path, one, "c", inject=("intake",))
    found = of_run(tmp_path)
    assert found.run == tmp_path.name and shares(found, AROUND) == {"sunk cost, low": (0.0, 1)}
    assert shares(found, STAGED) == {"sunk cost, low": (0.0, 1)}, "no evidence is no success"


def test_a_folder_that_is_no_run_is_named(tmp_path: Path):
    with pytest.raises(RunError, match="no trials; give the folder of a run"):
        of_run(tmp_path)
