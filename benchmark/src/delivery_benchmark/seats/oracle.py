"""The oracle seat: knows the gold, acts by the same tools. A scenario that it does not pass is broken."""

from __future__ import annotations

from typing import Any

from delivery_api.delivery import Delivery
from delivery_api.evidence import read_evidence
from delivery_api.stages import STAGES
from delivery_benchmark.plane.trial import NAME
from delivery_benchmark.tools import AT_WORK, Tools
from delivery_oracle.record import Record, known

MOST_LOOKS = 15


def oracle(tools: Tools, seed: int) -> None:
    """Refuses what cannot be done, with its reason; else corrects the reading, waits for the gate, and claims what is so."""
    scenario = tools.desk.scenario
    if scenario.refusal is not None:
        tools.refuse(scenario.refusal, scenario.because or "")
        return
    patch = scenario.gold_patch(STAGES)
    tools.patch(NAME, patch | {"spec": patch.get("spec", {}) | {"suspend": False}})
    wait(tools)
    tools.submit_card(scenario.claims(facts(tools)))


def wait(tools: Tools) -> None:
    """Get the Delivery again and again until it rests."""
    for _ in range(MOST_LOOKS):
        if AT_WORK not in tools.get("delivery", NAME).partition("\n")[0]:
            return


def facts(tools: Tools) -> dict[tuple[str, str], str]:
    """What the evidence establishes, by type and subject of a claim."""
    held = tools.desk.evidence()
    delivery = Delivery.model_validate(held["delivery.json"])
    texts = [one["data"]["evidence.json"] for one in held.values() if one["kind"] == "ConfigMap"]
    read = {one.kind: one for one in map(read_evidence.validate_json, texts)}
    status = delivery.status
    parts: dict[str, Any] = {"audit": read.get("Audit"), "evaluated": read.get("Evaluate")}
    record = Record(
        spec=delivery.spec,
        resolved=status.resolved if status else None,
        cost=status.cost if status else None,
        **parts,
    )
    return known(record)
