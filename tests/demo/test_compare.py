"""A killed run is compared with a whole one: what must be equal, and books that must balance by themselves."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from demo.compare import differences

Record = dict[str, Any]


def entry(pod: str, stage: str, start: str, end: str, attempt: int = 1) -> Record:
    return {
        "pod": pod, "stage": stage, "attempt": attempt, "acceleratorClass": "cpu", "accelerators": 1, "pricePerHour": "0.10",
        "startedAt": f"2026-11-24T12:{start}Z", "finishedAt": f"2026-11-24T12:{end}Z",
    }  # fmt: skip


def stages(**last: str) -> list[Record]:
    return [{"name": name, "verdict": "Pass", "reason": last.get(name, "Fine"), "seconds": 1.0} for name in ("train", "eval")]


def run(train: str = "04:00", evaluated: str = "06:00", cost: float = 0.01) -> Record:
    """A router of 360 accelerator-seconds, and a noisy one that nobody pays for."""
    router = {
        "name": "router", "stages": stages(), "acceleratorSeconds": 360.0, "cost": cost, "billed": cost, "gain": 0.7,
        "ledger": [entry("t", "train", "00:00", train), entry("e", "eval", "04:00", evaluated)],
    }  # fmt: skip
    noisy = {
        "name": "noisy", "stages": stages(train="NotLearning"), "acceleratorSeconds": 36.0, "cost": 0.001, "billed": 0.0,
        "gain": None, "ledger": [entry("n", "train", "10:00", "10:36")],
    }  # fmt: skip
    return {"seconds": 1, "steps": [], "deliveries": [router, noisy]}


def pods(of: Record) -> list[Record]:
    """What the kubelet saw: the same."""
    keys = ("pod", "stage", "attempt", "startedAt", "finishedAt")
    return [{"delivery": one["name"]} | {key: held[key] for key in keys} for one in of["deliveries"] for held in one["ledger"]]


KILLS = [
    "12:00:01 pod/x at router/intake/JobRunning, noisy/intake/JobRunning",
    "12:01:00 pod/y at router/train/JobRunning",
    "12:05:00 pod/z at router/eval/JobRunning",
    "12:09:00 pod/z at router/deploy/ServingStarting",
]


def found(change: Callable[[Record, list[Record]], object] = lambda killed, seen: None, kills: list[str] = KILLS) -> list[str]:
    killed = run()
    seen = pods(killed)
    change(killed, seen)
    return differences(run(), killed, seen, kills)


def test_another_wall_time_is_no_difference() -> None:
    """A busy machine takes longer; the bill of that run is the sum of its own pods."""
    killed = run(train="03:00", cost=0.008333)
    killed["deliveries"][0]["acceleratorSeconds"] = 300.0
    assert differences(run(), killed, pods(killed), KILLS) == [] == found()


def entries(killed: Record) -> list[Record]:
    ledger: list[Record] = killed["deliveries"][0]["ledger"]
    return ledger


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda k, s: k["deliveries"][0]["stages"][1].update(reason="Inconclusive"),
            "eval: Pass Fine, killed Pass Inconclusive",
        ),
        (lambda k, s: k["deliveries"].pop(), "deliveries: router, noisy in the whole run, router in the killed one"),
        (lambda k, s: entries(k)[0].update(attempt=2), "stages and attempts that ran"),
        (lambda k, s: entries(k).pop(), "pod e ran and is not in the ledger"),
        (lambda k, s: s.pop(0), "pod t is in the ledger and was not seen"),
        (lambda k, s: entries(k).append(copy.deepcopy(entries(k)[0])), "a pod is in the ledger twice"),
        (lambda k, s: s[0].update(finishedAt="2026-11-24T12:03:50Z"), "pod t is charged +10 s beside what the kubelet says"),
        (lambda k, s: s[0].update(finishedAt="2026-11-24T12:09:00Z"), "pod t is charged -300 s"),
        (lambda k, s: k["deliveries"][0].update(cost=0.02, billed=0.02), "cost=0.02, its ledger comes to 0.01"),
        (lambda k, s: k["deliveries"][0].update(acceleratorSeconds=361.0), "acceleratorSeconds=361.0, its ledger comes to 360"),
        (lambda k, s: k["deliveries"][0].update(billed=0.0), "billed 0.01 of 0.01, killed 0.0 of 0.01"),
    ],
)
def test_what_differs_is_said(change: Callable[[Record, list[Record]], object], said: str) -> None:
    assert any(said in line for line in found(change)), found(change)


def test_a_delivery_or_a_stage_that_nobody_was_killed_in_proves_nothing() -> None:
    """Ten kills in the first minute of the first delivery are one kill."""
    assert found(kills=["12:01:00 pod/y at router/train/JobRunning"]) == [
        "noisy: no kill fell into it", "intake: no kill fell into it", "eval: no kill fell into it",
        "deploy: no kill fell into it",
    ]  # fmt: skip
