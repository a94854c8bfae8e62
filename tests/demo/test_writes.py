"""Who counts the operator's writes must not miss one, nor count what is not one."""

import json
from typing import Any

import pytest

from demo.writes import Write, listed, of_delivery, parse

OPERATOR = "system:serviceaccount:delivery-system:delivery-operator"


def event(verb: str, resource: str, user: str = OPERATOR, code: int = 200, query: str = "", sub: str = "") -> str:
    target: dict[str, Any] = {"resource": resource, "namespace": "acme", "name": "a"}
    if sub:
        target["subresource"] = sub
    told = {"verb": verb, "user": {"username": user}, "objectRef": target, "requestURI": f"/x{query}"}
    return json.dumps(told | {"responseStatus": {"code": code}})


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
    found = [Write("create", "jobs", name, False) for name in ("router-train-1", "router", "anchor-u1", "other", "anchor-u2")]
    assert [write.name for write in of_delivery(found, "router", "u1")] == ["router-train-1", "router", "anchor-u1"]


def test_progress_is_told_apart() -> None:
    manager = "?fieldManager=delivery-operator"
    (progress,) = parse([event("patch", "deliveries", query=f"{manager}-progress", sub="status")], OPERATOR)
    (other,) = parse([event("patch", "deliveries", query=manager, sub="status")], OPERATOR)
    assert progress.progress and not other.progress
    assert listed([other, other]) == ["2 x patch deliveries/status a"]
