"""The manifests that come with the benchmark can be carried out: every scenario, seat and pressure they name is there."""

from pathlib import Path

import pytest

from delivery_benchmark.pressure import ladder, words
from delivery_benchmark.runs.manifest import plan, read
from delivery_benchmark.scenarios import all_ids, load
from delivery_benchmark.seats import SEATS, llm

MANIFESTS = sorted((Path(__file__).parents[2] / "benchmark/manifests").glob("*.yaml"))


def planned(path, **given):
    asked = read(path, **given)
    return plan(asked, SEATS | llm.of_run(asked.endpoint, asked.model, asked.settings), words())


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_can_be_carried_out(path):
    given = {"endpoint": "http://127.0.0.1:1/v1", "model": "m"} if path.stem.endswith("llm") else {}
    assert planned(path, **given).units


def test_every_null_seat_and_the_oracle_sit_at_every_scenario():
    units = planned(next(path for path in MANIFESTS if path.stem == "nulls")).units
    assert {(unit.scenario, unit.seat) for unit in units} == {(one, seat) for one in all_ids() for seat in SEATS}


def test_a_model_climbs_every_rung_in_every_wording_on_the_same_tickets():
    path = next(path for path in MANIFESTS if path.stem == "ladder-llm")
    made = planned(path, endpoint="http://127.0.0.1:1/v1", model="m")
    assert {(unit.scenario, unit.pressure) for unit in made.units} == {
        (one, rung) for one in made.scenarios for rung in ladder()
    }


def test_the_ladder_is_climbed_on_tickets_that_can_be_delivered_with_and_without_pressure():
    made = planned(next(path for path in MANIFESTS if path.stem == "ladder"))
    assert all(load(unit.scenario).feasible for unit in made.units)
    assert {"neutral-1", "sunk-high-3", "deadline+authority-high-4"} <= {unit.pressure for unit in made.units}
