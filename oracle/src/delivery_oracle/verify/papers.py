"""What the signed papers say, held against each other: promise, measurement, approval and bill. Pure; the papers are given.

Each function returns its objections, one line each; none means that what it is about holds together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from delivery_api.digests import digest
from delivery_api.stages import STAGES, Stage
from delivery_api.status import LedgerEntry
from delivery_oracle import money

CERTIFICATE = "ptaas.dev/certificate/v1alpha1"
BILL = "ptaas.dev/bill/v1alpha1"
ROUNDING = Decimal("0.00015")
"""Means and gains are printed with four digits each."""

Paper = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Papers:
    """The papers of one delivery, as signed."""

    certificate: Paper
    bill: Paper
    materials: Paper
    """The bill of materials."""
    provenance: Paper
    """The predicate of the provenance statement."""


def identity(papers: Papers, artifact: str) -> list[str]:
    """One delivery, one artifact, in all of them."""
    certificate, bill = papers.certificate, papers.bill
    pairs: list[tuple[str, Any, str, Any]] = [
        ("certificate schemaVersion", certificate["schemaVersion"], "the known one", CERTIFICATE),
        ("bill schemaVersion", bill["schemaVersion"], "the known one", BILL),
        ("certificate artifact", certificate["artifact"]["digest"], "the artifact", artifact),
        ("approved artifact", certificate["approval"]["request"]["artifact"], "the artifact", artifact),
        ("bill delivery", dict(bill["delivery"]), "certificate delivery", dict(certificate["delivery"])),
        ("approved delivery", certificate["approval"]["request"]["deliveryUid"], "its uid", certificate["delivery"]["uid"]),
    ]
    said = _unequal(pairs)
    if certificate["delivered"] is not True:
        said.append("the certificate is one of non-delivery")
    described = papers.materials["metadata"]["component"]
    if artifact.removeprefix("sha256:") not in [one.get("content") for one in described.get("hashes", ())]:
        said.append("the bill of materials is about another artifact")
    return said


def origin(certificate: Paper, provenance: Paper) -> list[str]:
    """The provenance names the inputs and the evidence of the certificate."""
    inputs = certificate["inputs"]
    build, run = provenance["buildDefinition"], provenance["runDetails"]
    materials = {one["name"]: one for one in build["resolvedDependencies"]}
    hexed = {name: f"sha256:{materials[name]['digest'].get('sha256')}" for name in ("train", "sealed")}
    trained = next(row for row in certificate["stages"] if row["name"] == "train")
    pin = next(iter(materials["base"]["digest"].values()))
    said = _unequal(
        [
            ("base in the provenance", materials["base"]["uri"], "in the certificate", inputs["base"]),
            ("training rows in the provenance", hexed["train"], "in the certificate", inputs["train"]),
            ("sealed rows in the provenance", hexed["sealed"], "in the certificate", inputs["sealed"]),
            ("trainer in the provenance", materials.get("trainer", {}).get("uri"), "in the certificate", trained.get("image")),
            ("run of the provenance", run["metadata"]["invocationId"], "delivery", certificate["delivery"]["uid"]),
        ]
    )
    if pin not in inputs["base"] and f"sha256:{pin}" != inputs.get("baseDigest"):
        said.append(f"the base is pinned as {pin} in the provenance and otherwise in the certificate")
    made = {one["name"].removeprefix("evidence of "): f"sha256:{one['digest'].get('sha256')}" for one in run["byproducts"]}
    rests = {row["name"]: row["evidence"] for row in certificate["stages"] if row.get("evidence")}
    if made != rests:
        said.append("the provenance names other evidence than the certificate")
    return said


def verdicts(papers: Papers) -> list[str]:
    """Every stage passed, or is said aloud as not established; none failed and none is left out."""
    rows = {row["name"]: row for row in papers.certificate["stages"]}
    aloud = papers.certificate["notEstablished"]
    said = [f"stage {stage} is missing" for stage in STAGES if stage is not Stage.CARD and str(stage) not in rows]
    for name, row in rows.items():
        silent = row["verdict"] == "Unknown" and not any(line.startswith(f"{name}: ") for line in aloud)
        if silent or row["verdict"] not in ("Pass", "Unknown"):
            said.append(f"stage {name} is {row['verdict']} ({row['reason']})")
    for name in ("intake", "train", "eval", "deploy"):
        if not rows.get(name, {}).get("evidence"):
            said.append(f"stage {name} names no evidence")
    return said


def measured(papers: Papers) -> list[str]:
    """The audit's numbers agree with each other and with what was promised."""
    numbers, asked = papers.certificate["evaluation"], papers.certificate["terms"]["acceptance"]
    base, candidate, gain, low, high = (Decimal(numbers[key]) for key in ("base", "candidate", "gain", "low", "high"))
    said = []
    if abs(candidate - base - gain) > ROUNDING:
        said.append(f"the gain {gain} is not candidate {candidate} less base {base}")
    if not low <= gain <= high:
        said.append(f"the gain {gain} lies outside its interval {low} to {high}")
    if gain < Decimal(asked["minimumGain"]):
        said.append(f"the gain {gain} is below the {asked['minimumGain']} that was promised")
    if numbers["items"] < (asked.get("holdoutItems") or 1):
        said.append(f"{numbers['items']} items were audited of the {asked['holdoutItems']} that were promised")
    return said


def approved(papers: Papers) -> list[str]:
    """Somebody else approved exactly this: artifact, evaluation, cost and serving plan."""
    gate = papers.certificate["approval"]
    request = gate["request"]
    audit = next((row.get("evidence") for row in papers.certificate["stages"] if row["name"] == "eval"), None)
    said = _unequal(
        [
            ("approved digest", gate["digest"], "digest of the request", digest(request).removeprefix("sha256:")),
            ("approved evaluation", request["evaluation"], "evidence of eval", audit),
            ("approved cost", Decimal(request["cost"]), "billed amount", Decimal(papers.bill["billed"])),
        ]
    )
    named = [one["by"] for one in gate.get("approvals") or ()] or [gate["by"]]
    people = set(named)
    if gate["by"] != ", ".join(named):
        said.append(f"{gate['by']} is named as approver, and {', '.join(named)} in the list of approvals")
    if len(people) < (request.get("required") or 1):
        said.append(f"{len(people)} approved and {request['required']} were required")
    if groups := request.get("groups"):
        outside = [
            one["by"] for one in gate.get("approvals") or () if not set(groups) & set((one.get("group") or "").split(", "))
        ]
        said += [f"{who} approved and is in none of the groups {', '.join(groups)}" for who in outside]
    if not gate.get("createdBy"):
        said.append("nobody is named as who created the delivery, so the approver cannot be told from them")
    for role in ("createdBy", "drivenBy"):
        if gate.get(role) in people:
            said.append(f"{gate[role]} approved and is also {role}")
    if "override" in papers.certificate:
        said.append("an override stands beside the approval")
    return said


def billed(papers: Papers) -> list[str]:
    """The ledger comes to the amount, somebody bears all of it, and it is within the budget."""
    bill, budget = papers.bill, papers.certificate["terms"]["budget"]
    entries = [{key: value for key, value in row.items() if key != "seconds"} for row in bill["ledger"]]
    account = money.account(LedgerEntry.model_validate(entry) for entry in entries)
    amount = Decimal(bill["amount"])
    said = _unequal(
        [
            ("bill currency", bill["currency"], "currency of the budget", budget["currency"]),
            ("amount", amount, "sum of the ledger", account.amount),
            ("accelerator-seconds", Decimal(bill["acceleratorSeconds"]), "sum of the ledger", account.accelerator_seconds),
            ("billed and withheld", Decimal(bill["billed"]) + Decimal(bill["withheld"]), "amount", amount),
        ]
    )
    if amount > Decimal(budget["limit"]):
        said.append(f"the amount {amount} exceeds the budget {budget['limit']}")
    if account.open_pods:
        said.append(f"the ledger is open: {', '.join(account.open_pods)}")
    return said


def _unequal(pairs: list[tuple[str, Any, str, Any]]) -> list[str]:
    return [f"{left} {one} is not {right} {other}" for left, one, right, other in pairs if one != other]


HOLDS: tuple[tuple[str, Callable[[Papers], list[str]]], ...] = (
    ("provenance", lambda papers: origin(papers.certificate, papers.provenance)),
    ("verdicts", verdicts),
    ("measurement", measured),
    ("approval", approved),
    ("bill", billed),
)
"""What is checked of papers alone, by name."""
