"""Probes: red when watching stalls, not ready while blind."""

import pytest

from delivery_operator.health import Vitals, stalled, unready


def vitals(**changes) -> Vitals:
    fine = {
        "watch_ages": lambda: [("jobs", 3.0)],
        "synced": lambda: True,
        "longest_look": lambda: 0.0,
        "queue_depth": lambda: 0,
        "is_leader": lambda: True,
        "forbidden": lambda: (),
    }
    return Vitals(**(fine | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({}, [], id="all is well"),
        pytest.param({"watch_ages": lambda: [("jobs", 121.0)]}, ["watch of jobs silent for 121 s"], id="a silent watch"),
        pytest.param({"longest_look": lambda: 400.0}, ["a look takes 400 s"], id="a look that hangs"),
        pytest.param({"is_leader": lambda: False}, [], id="who waits for the Lease is alive"),
    ],
)
def test_alive(changes, words):
    assert stalled(vitals(**changes), 120.0) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({}, [], id="all is well"),
        pytest.param({"synced": lambda: False}, ["not everything is listed yet"], id="before the first list"),
        pytest.param({"forbidden": lambda: None}, ["permissions are not known yet"], id="before the first answer"),
        pytest.param({"forbidden": lambda: ("create jobs.batch",)}, ["not allowed to create jobs.batch"], id="a role lacks"),
    ],
)
def test_ready(changes, words):
    assert unready(vitals(**changes)) == words
