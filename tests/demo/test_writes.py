"""Who counts the operator's writes must not miss one, nor count what is not one."""

import json
from typing import Any

import pytest

from demo.writes import Write, listed, needed, of_delivery, parse

CREATED = "2026-01-01T12:00:00Z"
OPERATOR = "system:serviceaccount:delivery-system:delivery-operator"


def event(
    verb: str, resource: str, user: str = OPERATOR, code: int = 200, query: str = "", sub: str = "", body: object = None
) -> str:
    target: dict[str, Any] = {"resource": resource, "namespace": "acme", "name": "a"}
    if sub:
        target["subresource"] = sub
    told = {
        "requestReceivedTimestamp": CREATED,
        "verb": verb,
        "user": {"username": user},
        "objectRef": target,
        "requestURI": f"/x{query}",
    }
    return json.dumps(told | {"responseStatus": {"code": code}} | ({"requestObject": body} if body else {}))


@pytest.mark.parametrize(
    ("line", "counted"),
    [
        pytest.param(event("create", "jobs"), 1, id="a child"),
        pytest.param(event("patch", "deliveries", sub="status"), 1, id="the status"),
        pytest.param(event("delete", "configmaps"), 1, id="a delete"),
        pytest.param(event("get", "jobs"), 0, id="a read"),
        pytest.param(event("patch", "deliveries", query="?dryRun=All"), 0, id="a dry run"),
        pytest.param(event("create", "jobs", code=409), 0, id="refused: it exists"),
        pytest.param(event("create", "jobs", user="admin"), 0, id="somebody else"),
        pytest.param(event("update", "leases"), 0, id="a lease"),
        pytest.param(event("create", "events"), 0, id="an event"),
        pytest.param(event("create", "serviceaccounts"), 0, id="once a namespace"),
    ],
)
def test_what_is_a_write(line: str, counted: int) -> None:
    assert len(list(parse([line], OPERATOR))) == counted


def test_writes_belong_to_the_delivery_they_name() -> None:
    names = ("router-train-1", "router", "anchor-u1", "other", "anchor-u2")
    found = [Write("create", "jobs", name, "2026-01-01T12:00:00.5Z") for name in names]
    mine = of_delivery(found, "router", "u1", "2026-01-01T12:00:00Z")
    assert [write.name for write in mine] == ["router-train-1", "router", "anchor-u1"]


def test_an_earlier_delivery_of_the_same_name_does_not_count() -> None:
    """The audit log of a cluster that stays up has every demo that ran on it."""
    found = [Write("create", "jobs", "router-train-1", f"2026-01-01T{hour}:59:59.9Z") for hour in (11, 12)]
    assert len(of_delivery(found, "router", "u1", "2026-01-01T12:00:00Z")) == 1


def status(ready: str, step: int, **rest: object) -> str:
    body = {"status": {"conditions": [{"type": "Ready", "status": ready}], "progress": {"step": step}, **rest}}
    return event("update", "deliveries", sub="status", body=body)


def test_progress_is_a_status_that_decides_nothing() -> None:
    """Counted by what it says, not by what the writer calls it."""
    told = [
        status("Unknown", 1),
        status("Unknown", 2),
        status("Unknown", 2, stages=[{"name": "train"}]),
        status("Unknown", 3, stages=[{"name": "train"}]),
        status("True", 3, stages=[{"name": "train"}]),
        status("True", 3, stages=[{"name": "train"}], cost={"billed": "1"}),
    ]
    mine = of_delivery(parse(told, OPERATOR), "a", "u", CREATED)
    assert [write.is_progress for write in mine] == [False, True, False, True, False, False]
    assert needed(mine) == 4
    assert listed(mine) == ["4 x update deliveries/status a", "2 x update deliveries/status a (progress)"]


def test_a_log_without_bodies_counts_every_status() -> None:
    """Where nothing can be told apart, nothing is taken off."""
    mine = of_delivery(parse([event("update", "deliveries", sub="status")] * 3, OPERATOR), "a", "u", CREATED)
    assert needed(mine) == 3
