"""The program that shows the guarantees, at small size; and the committed figures, which must hold and be those of the page."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from experiments.guarantees import __main__ as program
from experiments.guarantees import alarms, conformance, page, paper, picture, power
from experiments.guarantees.laws import LAWS, adversary
from experiments.guarantees.simulate import crossings, same_as_library
from experiments.guarantees.survivors import REASONS

FLOORS = np.full(128, 0.1)


def nobody(share: float) -> None:
    """Nobody watches the progress."""


@pytest.fixture(scope="module")
def figures(request):
    at = request.config.rootpath / "docs/reference/guarantees/figures.json"
    return json.loads(at.read_text())


def test_every_committed_figure_holds(figures):
    assert [line for name in program.SECTIONS for line in page.broken(name, figures[name])] == []


def test_the_page_and_the_pictures_are_those_of_the_figures(request, figures):
    folder = request.config.rootpath / "docs/reference/guarantees"
    mutated = folder / "mutants.json"
    found = json.loads(mutated.read_text()) if mutated.is_file() else None
    assert folder.with_suffix(".md").read_text() == page.page(figures, folder.name, found)
    assert (folder / "alarms.svg").read_text() == picture.alarms(figures)
    assert (folder / "delays.svg").read_text() == picture.delays(figures)
    assert figures | program.constants() == figures


def test_the_committed_simulations_have_the_size_that_was_asked_for(figures):
    assert min(one["runs"] for one in figures["alarms"]) >= 200_000
    assert {(one["process"], one["law"], one["alpha"]) for one in figures["alarms"]} == {
        (process, law, alpha)
        for process in ("flag", "certify")
        for law in (*(name for name, _, _ in LAWS), "adversary")
        for alpha in (0.05, 0.01)
    }
    assert {(one["runs"], one["items"]) for one in figures["crossing"]} == {(5_000, 10_000)}


def test_the_naive_habits_stop_far_more_runs_than_promised(figures):
    rates = {one["name"]: one["rates"][0] for one in figures["habits"]}
    assert rates["an ordinary test at every look"] > 0.2 and rates["wealth multiplied over the same 64 items"] > 0.2
    assert max(rate for name, rate in rates.items() if name.startswith("ours")) < 0.05


def test_the_known_medians_are_met(figures):
    """Medians of 1,000 runs scatter by some 5 %."""
    for one in figures["power"]:
        if one["bets"] == "mixture" and one["changed"] != "independent" and one["scenario"]["expected"]:
            assert one["medians"] == pytest.approx(one["scenario"]["expected"], rel=0.12, abs=2)


def test_what_the_papers_detector_never_sees_is_flagged_and_the_unclear_is_undecided(figures):
    seen = {(one["base"], one["arm"], one["margin"], one["schedule"]): one for one in figures["paper"]}
    often = "25 looks of 64"
    assert all(one["flagged"] > 0.9 for key, one in seen.items() if key[1] in ("permute", "noise") and key[2:] == (0.2, often))
    assert all(one["flagged"] < 0.01 for key, one in seen.items() if key[1] in ("correct", "mask"))
    assert seen["Qwen3-32B", "noise", 0.1, often]["undecided"] > 0.95


@pytest.mark.parametrize(("name", "law"), [*((name, law) for name, law, _ in LAWS), ("adversary", adversary(0.05))])
def test_a_law_lies_on_the_boundary(name, law):
    """Each item's mean is the floor, whatever came before; else the simulated runs would be no worst case."""
    from experiments.guarantees.simulate import Past

    generator, runs = np.random.default_rng(3), 200_000
    bettors = generator.uniform(0.2, 4.0, (20, runs))
    last = generator.choice([-1.0, 0.0, 1.0], runs)
    for floor in (0.1, -0.2):
        drawn = law(Past(7, floor, 0.4, last, bettors), generator)
        assert np.abs(drawn).max() <= 1.0
        assert drawn.mean() == pytest.approx(floor, abs=4 * drawn.std() / np.sqrt(runs))


def test_the_adversary_does_better_than_chance_and_not_better_than_alpha():
    (plain,) = crossings(LAWS[0][1], FLOORS, 4096, (0.05,), 1, nobody)
    (clever,) = crossings(adversary(0.05), FLOORS, 4096, (0.05,), 1, nobody)
    assert plain < clever < 0.05 * 4096 * 1.15


def test_a_simulation_of_another_bettor_is_found_out():
    drawn = np.random.default_rng(0).choice([-1.0, 1.0], (128, 2))
    with pytest.raises(AssertionError, match="by the library"):
        same_as_library(drawn, FLOORS, np.array([1.0, 1e9]))


def test_the_bound_is_exact():
    """Clopper and Pearson: with no alarm in n runs, 1 - 0.01 ** (1 / n)."""
    assert alarms.upper_bound(0, 500) == pytest.approx(1 - 0.01 ** (1 / 500))


def test_every_vector_agrees():
    assert all(vector.holds for vector in conformance.vectors()) and len(list(conformance.vectors())) == 21


def test_a_median_beyond_the_horizon_is_never():
    correct = next(scenario for scenario in power.SCENARIOS if scenario.name == "correct on 8B")
    first, _ = power.delays(correct, 0.31, power.Bets.MIXTURE, 3)
    assert np.isinf(first).all()


def test_outcomes_of_a_row_are_shares():
    seen = paper.look(paper.ROWS[0], "noise", 0.2, "6 looks of 128", 200, 1)
    assert seen.flagged + seen.certified + seen.undecided == pytest.approx(1.0)
    assert 0.0 < seen.hours_saved < seen.hours and seen.dollars_saved == pytest.approx(4 * seen.hours_saved)


def test_the_whole_program_at_small_size(tmp_path, capsys):
    """Every section but speed, whose figures are the machine's."""
    sections = [name for name in program.SECTIONS if name != "speed"]
    out = tmp_path / "guarantees"
    out.mkdir()
    (out / "figures.json").write_text(json.dumps({"speed": []}))
    status = program.main(["--scale", "0.001", "--out", str(out), "--only", *sections])
    said = capsys.readouterr().err
    assert "alarms: done" in said and status in (0, 1)
    assert (tmp_path / "guarantees.md").read_text().startswith("# Guarantees, measured")
    assert ET.parse(out / "alarms.svg").getroot().tag.endswith("svg") and ET.parse(out / "delays.svg") is not None


def test_a_guarantee_that_does_not_hold_fails_the_program(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(conformance, "MCNEMAR", ((5, 0, 0.03),))
    out = tmp_path / "guarantees"
    out.mkdir()
    (out / "figures.json").write_text(json.dumps({name: [] for name in program.SECTIONS} | {"alphas": [0.05, 0.01]}))
    monkeypatch.setattr(program, "write", lambda figures, out: None)
    assert program.main(["--out", str(out), "--only", "conformance"]) == 1
    assert "5 wins and 0 losses" in capsys.readouterr().err


def test_the_share_of_random_labels_is_covered_and_its_interval_is_of_use(figures):
    """Where shares near one another could not be told apart nobody would need an estimate."""
    found = {one["share"]: one for one in figures["corruption"]}
    assert all(found[share]["seeds"] == 200 and found[share]["covered"] >= 0.95 for share in (0.2, 0.5, 0.8))
    assert found[0.2]["width"] < 0.36 and found[0.5]["width"] < 0.31 and found[0.8]["width"] < 0.15


def test_no_mutant_lives_that_nobody_has_looked_at(request):
    found = json.loads((request.config.rootpath / "docs/reference/guarantees/mutants.json").read_text())
    assert [one for one in found["survivors"] if not one["why"]] == []
    assert {"statistics.eprocess", "statistics.mcnemar", "statistics.learned", "probe"} <= set(found["counts"])
    assert not any(set(counts) - {"killed", "survived", "timeout"} for counts in found["counts"].values())


def test_no_reason_is_kept_for_a_mutant_that_is_dead(request):
    found = json.loads((request.config.rootpath / "docs/reference/guarantees/mutants.json").read_text())
    assert {one["mutant"] for one in found["survivors"]} == set(REASONS)
