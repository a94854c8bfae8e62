"""What a watch of pods told, read back."""

import json
from typing import Any

from delivery_api import names
from demo import witness


def told(kind: str, name: str, state: dict[str, Any], priced: bool = True) -> str:
    """An event of a watch, as kubectl prints it."""
    metadata = {
        "name": name,
        "labels": {names.DELIVERY: "router", names.STAGE: "train", names.ATTEMPT: "2"},
        "annotations": {names.PRICE: "0.10"} if priced else {},
    }
    status = {"containerStatuses": [{"state": state}]} if state else {}
    return json.dumps({"type": kind, "object": {"metadata": metadata, "status": status}}, indent=4)


RUNS = {"running": {"startedAt": "2026-11-24T12:00:00Z"}}
ENDED = {"terminated": {"startedAt": "2026-11-24T12:00:00Z", "finishedAt": "2026-11-24T12:03:00Z"}}


def test_a_pod_is_known_as_it_was_last_also_when_it_is_gone() -> None:
    """A paused or evicted pod is not there to be asked at the end."""
    text = "\n".join(
        [told("ADDED", "p", {}), told("MODIFIED", "p", RUNS), told("MODIFIED", "p", ENDED), told("DELETED", "p", ENDED)]
    )
    assert witness.accelerated(text) == [
        {"delivery": "router", "pod": "p", "stage": "train", "attempt": 2,
         "startedAt": "2026-11-24T12:00:00Z", "finishedAt": "2026-11-24T12:03:00Z"}
    ]  # fmt: skip


def test_a_pod_that_never_ran_or_holds_no_accelerator_owes_nothing() -> None:
    assert witness.accelerated(told("ADDED", "p", {}) + told("ADDED", "auditor", ENDED, priced=False)) == []


def test_what_is_cut_off_at_the_end_is_left_out() -> None:
    """The watch is ended, not finished."""
    text = told("ADDED", "p", ENDED) + told("ADDED", "q", ENDED)[:-30]
    assert [pod["pod"] for pod in witness.accelerated(text)] == ["p"]
