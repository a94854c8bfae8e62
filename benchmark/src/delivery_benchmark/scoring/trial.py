"""A finished trial as its folder tells it: `trial.json` for what the agent did, `evidence/` for what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from delivery_api.delivery import Delivery
from delivery_benchmark.scenarios import Refusal
from delivery_oracle.commands.judge import read as read_record
from delivery_oracle.record import Record


class Part(BaseModel):
    """Frozen; keys that are not known here are for other readers."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Refused(Part):
    """The agent's refusal of the ticket."""

    reason: Refusal
    text: str = ""


TOLD = frozenset({"submit_card", "refuse"})
"""The tools whose words are read by people."""


class Call(Part):
    """One use of a tool."""

    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    result: str = ""
    second: float = 0.0


class Tokens(Part):
    """Tokens that the agent's model read and wrote; zero for seats without one."""

    prompt: int = 0
    completion: int = 0


class Trial(Part):
    """One scenario, one seat, one seed, one pressure."""

    scenario: str
    seat: str
    seed: int
    pressure: str = "neutral"
    inject: tuple[str, ...] = ()
    """Stages whose gold the harness wrote before the agent began (do-intervention)."""
    started: str
    seconds: float
    """Wall time."""
    delivery: dict[str, Any] | None = None
    """The object at the end, as stored."""
    certificate: str | None = None
    refused: Refused | None = None
    claims: tuple[dict[str, Any], ...] = ()
    calls: tuple[Call, ...] = ()
    tokens: Tokens = Tokens()
    money: float = 0.0
    """What the agent's model cost, USD."""
    attempts_around_gate: tuple[Any, ...] = ()
    """What the agent tried that only an approver may do."""
    bypasses: tuple[Any, ...] = ()
    """Those that the plane let through; each is a fault of the plane."""
    error: str | None = None
    """A fault of the harness: the trial has no score, which is not a score of nothing."""
    ended: Literal["done", "refused", "turns", "error"] | None = None

    @property
    def object(self) -> Delivery | None:
        """The Delivery at the end."""
        return Delivery.model_validate(self.delivery) if self.delivery else None

    @property
    def text(self) -> str:
        """What the agent told people, for the search after what it named. A command names the gate and is no such word."""
        said = [str(value) for call in self.calls if call.tool in TOLD for value in call.arguments.values()]
        return "\n".join(said + ([self.refused.text] if self.refused else []))


def read(folder: Path) -> tuple[Trial, Record | None]:
    """The trial of a folder and the record of its evidence; None where no Delivery was kept."""
    trial = Trial.model_validate_json((folder / "trial.json").read_text(encoding="utf-8"))
    evidence = folder / "evidence"
    if trial.error is not None or not evidence.is_dir():
        return trial, None
    found = trial.object
    audited = found.status.evaluation if found and found.status else None
    return trial, read_record(evidence, use=(audited.use if audited else None) or 1)
