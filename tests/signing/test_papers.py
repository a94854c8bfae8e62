"""Signed papers that contradict each other do not pass: each law has a forgery that only it sees."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from delivery_api.digests import digest
from delivery_oracle.verify import papers
from delivery_oracle.verify.check import GARBLED
from delivery_oracle.verify.papers import Papers
from tests.signing.delivered import issue

DIGEST = "sha256:" + "3" * 64
Change = Callable[[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]], object]


@pytest.fixture(scope="module")
def honest() -> Papers:
    from delivery_auditor.signing import materials, statements

    issued = issue(f"oci://r/models@{DIGEST}")
    certificate = json.loads(issued["certificate.json"])
    bom = json.loads(materials.bill_of_materials(certificate, {"model.safetensors": "sha256:" + "7" * 64}))
    return Papers(certificate, json.loads(issued["bill.json"]), bom, statements.provenance(certificate))


def objections(signed: Papers) -> dict[str, list[str]]:
    looks = {"identity": lambda one: papers.identity(one, DIGEST), **dict(papers.HOLDS)}
    found = {}
    for name, look in looks.items():
        try:
            found[name] = look(signed)
        except GARBLED as error:
            found[name] = [repr(error)]
    return {name: said for name, said in found.items() if said}


def test_honest_papers_hold(honest: Papers):
    assert objections(honest) == {}


def stage(certificate: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in certificate["stages"] if row["name"] == name)


FORGERIES: list[tuple[str, str, Change]] = [
    ("another artifact", "identity", lambda c, b, m, p: c["artifact"].update(digest="sha256:" + "4" * 64)),
    ("another delivery's bill", "identity", lambda c, b, m, p: b["delivery"].update(uid="uid-9")),
    ("not delivered", "identity", lambda c, b, m, p: c.update(delivered=False)),
    ("another schema", "identity", lambda c, b, m, p: c.update(schemaVersion="v9")),
    ("materials of another", "identity", lambda c, b, m, p: m["metadata"]["component"].update(hashes=[])),
    ("another base", "provenance", lambda c, b, m, p: p["buildDefinition"]["resolvedDependencies"][0].update(uri="hf://a/b")),
    ("another base pin", "provenance",
     lambda c, b, m, p: p["buildDefinition"]["resolvedDependencies"][0].update(digest={"sha256": "0" * 64})),
    ("other rows", "provenance", lambda c, b, m, p: c["inputs"].update(train="sha256:" + "0" * 64)),
    ("other sealed rows", "provenance", lambda c, b, m, p: c["inputs"].update(sealed="sha256:" + "0" * 64)),
    ("another trainer", "provenance", lambda c, b, m, p: stage(c, "train").update(image="r/other@sha256:" + "0" * 64)),
    ("evidence left out", "provenance", lambda c, b, m, p: p["runDetails"]["byproducts"].pop()),
    ("a failed stage", "verdicts", lambda c, b, m, p: stage(c, "plan").update(verdict="Fail")),
    ("a silent unknown", "verdicts", lambda c, b, m, p: stage(c, "plan").update(verdict="Unknown")),
    ("a stage left out", "verdicts", lambda c, b, m, p: c["stages"].remove(stage(c, "config"))),
    ("another gain", "measurement", lambda c, b, m, p: c["evaluation"].update(gain="+0.9000")),
    ("outside its interval", "measurement", lambda c, b, m, p: c["evaluation"].update(low="+0.9000")),
    ("below the promise", "measurement", lambda c, b, m, p: c["terms"]["acceptance"].update(minimumGain="0.95")),
    ("fewer items", "measurement", lambda c, b, m, p: c["terms"]["acceptance"].update(holdoutItems=100000)),
    ("a number that is none", "measurement", lambda c, b, m, p: c["evaluation"].update(gain="NaN")),
    ("another request", "approval", lambda c, b, m, p: c["approval"]["request"].update(serving="sha256:" + "0" * 64)),
    ("approved by its creator", "approval", lambda c, b, m, p: c["approval"].update(createdBy="eve")),
    ("another approver", "approval", lambda c, b, m, p: c["approval"].update(by="frank")),
    ("approved by its driver", "approval", lambda c, b, m, p: c["approval"].update(drivenBy="eve")),
    ("no creator", "approval", lambda c, b, m, p: c["approval"].update(createdBy=None)),
    ("too few approvers", "approval", lambda c, b, m, p: c["approval"]["request"].update(required=2)),
    ("an override", "approval", lambda c, b, m, p: c.update(override={"by": "eve"})),
    ("no approval", "approval", lambda c, b, m, p: c.pop("approval")),
    ("another amount", "bill", lambda c, b, m, p: b.update(amount="0.001", billed="0.001")),
    ("a second charged twice", "bill", lambda c, b, m, p: b["ledger"].append(dict(b["ledger"][0]))),
    ("a charge nobody bears", "bill", lambda c, b, m, p: b.update(billed="0")),
    ("over budget", "bill", lambda c, b, m, p: c["terms"]["budget"].update(limit="0.001")),
    ("another currency", "bill", lambda c, b, m, p: b.update(currency="EUR")),
    ("an open ledger", "bill", lambda c, b, m, p: b["ledger"][0].pop("finishedAt")),
]  # fmt: skip


@pytest.mark.parametrize(("law", "change"), [pytest.param(law, change, id=name) for name, law, change in FORGERIES])
def test_a_forgery_is_seen(honest: Papers, law: str, change: Change):
    parts = copy.deepcopy((honest.certificate, honest.bill, honest.materials, honest.provenance))
    change(*parts)
    assert law in objections(Papers(*parts))


@pytest.mark.parametrize(("group", "fits"), [("clinic", True), ("board, clinic", True), ("canteen", False), (None, False)])
def test_every_approver_was_in_a_group_that_was_asked_for(honest: Papers, group: str | None, fits: bool):
    certificate = copy.deepcopy(dict(honest.certificate))
    gate = certificate["approval"]
    gate["request"]["groups"] = ["clinic", "board"]
    gate["digest"] = digest(gate["request"]).removeprefix("sha256:")
    gate["approvals"][0] |= {"group": group} if group else {}
    said = papers.approved(Papers(certificate, honest.bill, honest.materials, honest.provenance))
    assert said == ([] if fits else ["eve approved and is in none of the groups clinic, board"])


@pytest.mark.parametrize("part", ["certificate", "bill", "materials", "provenance"])
def test_without_any_one_field_nothing_passes_that_rests_on_it(honest: Papers, part: str):
    """Fail closed: absence is never agreement. What no law reads is listed, so that a new field must be thought about."""
    unread = {
        "certificate": {"claims", "carriedOut", "prediction"},
        "bill": {"verdict", "why"},
        "materials": {"$schema", "bomFormat", "components", "dependencies", "serialNumber", "specVersion", "version"},
        "provenance": set(),
    }
    for name in getattr(honest, part):
        parts = {key: copy.deepcopy(getattr(honest, key)) for key in ("certificate", "bill", "materials", "provenance")}
        del parts[part][name]
        assert bool(objections(Papers(**parts))) is (name not in unread[part]), name
