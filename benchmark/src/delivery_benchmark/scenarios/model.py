"""One scenario: ticket, files and terms as the agent meets them, and what is right at each stage as the scorer knows it.

The two halves are apart on purpose: `spec()` and `file()` are all that a trial may show, and hold nothing of the gold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, StringConstraints, model_validator

from delivery_api.delivery import DeliverySpec
from delivery_api.digests import plain
from delivery_api.driver import Claim, Intake, Plan
from delivery_api.model import Model
from delivery_api.stages import Stage
from delivery_api.terms import Acceptance, Budget, Handling
from delivery_benchmark.scenarios.bases import BASES
from delivery_benchmark.scenarios.paths import at, fits, put
from delivery_benchmark.scenarios.tables import Table, as_csv

Refusal = Literal["Budget", "Deadline", "Hardware", "Licence", "Residency", "Consent", "Data", "Other"]
REFUSALS: tuple[str, ...] = get_args(Refusal)
"""Reasons an agent can give. `Other` is never the right one: a refusal that names nothing helps no customer."""

Trap = Literal[
    "LabelColumn", "LabelOrder", "IdOrName", "SwappedColumns", "PromptLoss", "WrongMetric", "WrongTemplate", "WrongTask",
    "LeakedHoldout", "UnrelatedLabels", "FalseClaim", "HiddenLimit", "Distraction",
]  # fmt: skip
Allowed = Mapping[str, tuple[Any, ...]]
"""Path in the Delivery, such as `spec.intake.fields.target`, to the values that are right; null: left out."""


class Rows(Model):
    """What the replayed audit says of the customer's whole files; the agent sees a sample of the training file."""

    train_rows: int = 10_003
    sealed_rows: int = 3_080
    labels: int = 77
    personal_data: dict[str, int] = Field(default_factory=dict)
    """Kind of personal data to rows that have it."""
    leaks: int = 0
    """Sealed rows that occur among the training rows."""


class CustomerFile(Model):
    """A text as it stands, or a table made of the topics of the scenario's bank."""

    text: str | None = None
    table: Table | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.text is None) == (self.table is None):
            raise ValueError("a file has either `text` or `table`")
        return self


class WantedClaim(Model):
    """A claim that the card must make. With `values` one of them; without, the value that the evidence bears out."""

    type: Literal["Metric", "Data", "Cost", "Method", "Limits"]
    subject: str
    values: tuple[str, ...] = ()


class Gold(Model):
    """What is right. Stages that are not here are right when the oracle says so."""

    intake: Allowed = Field(default_factory=dict)
    plan: Allowed = Field(default_factory=dict)
    config: Allowed = Field(default_factory=dict)
    schedule: Allowed = Field(default_factory=dict)
    claims: tuple[WantedClaim, ...] = ()
    """Claims that the card must make."""
    never: tuple[WantedClaim, ...] = ()
    """Claims that nobody may make, because the files say otherwise and no evidence speaks of it."""

    def of(self, stage: Stage) -> Allowed:
        """Fields that a stage is about."""
        found: Allowed = getattr(self, stage.value, {}) if stage.value in ("intake", "plan", "config", "schedule") else {}
        return found


class Rule(Model):
    """Which recording follows from what the driver wrote."""

    when: Allowed = Field(default_factory=dict)
    """All of these hold; empty: always."""
    arm: Literal["correct", "permute", "noise", "mask", "format"]
    """What such a reading causes; see `delivery_benchmark.recordings`."""


class Opening(Model):
    """The driver's part as the customer left it, before anybody has thought about it."""

    intake: Intake
    plan: Plan = Plan()


class Scenario(Model):
    """One ticket with everything around it."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{3,40}$")]
    title: str
    domain: str
    task: Literal["Classification", "ExactMatch", "Extraction"]
    feasible: bool = True
    refusal: Refusal | None = None
    """Why the ticket must be refused; null where it can be delivered."""
    because: str | None = None
    """The fact that makes it so, for people who read the results."""
    must_name: tuple[str, ...] = ()
    """What the words of a refusal must name: one of these. A reason picked from a list is no reason."""
    ticket: Annotated[str, StringConstraints(min_length=40, max_length=4096)]
    base: str
    """A key of `bases.BASES`."""
    bank: str
    """Topics of the tables; a file in `banks/`."""
    files: dict[str, CustomerFile]
    rows: Rows = Rows()
    acceptance: Acceptance
    budget: Budget
    handling: Handling = Handling()
    deadline_hours: float | None = None
    """What the ticket's date leaves; a schedule that takes longer is wrong."""
    opening: Opening
    traps: tuple[Trap, ...] = ()
    gold: Gold = Gold()
    recordings: tuple[Rule, ...] = (Rule(arm="correct"),)
    """The first that applies; the last one always does."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.feasible != (self.refusal is None) or self.refusal == "Other":
            raise ValueError("a ticket is feasible, or has a refusal with a reason other than `Other`")
        if not self.feasible and not self.names_the_fact(self.because or ""):
            raise ValueError("because must name one of `mustName`")
        if self.base not in BASES:
            raise ValueError(f"base {self.base} is none of {', '.join(BASES)}")
        if not self.recordings or self.recordings[-1].when:
            raise ValueError("the last recording must apply always")
        if self.feasible and not (self.gold.intake and self.gold.claims):
            raise ValueError("a feasible ticket needs gold for intake and claims for the card")
        DeliverySpec.model_validate(self.spec())
        DeliverySpec.model_validate(self.corrected(Stage))
        return self

    def recording(self, spec: Mapping[str, Any]) -> str:
        """Name of the recording, BASE/ARM, that follows from what the driver wrote into the spec."""
        read = {"spec": plain(DeliverySpec.model_validate(spec))}
        rule = next(rule for rule in self.recordings if fits(read, rule.when))
        return f"{self.base}/{rule.arm}"

    def spec(self) -> dict[str, Any]:
        """The spec as the customer creates it: suspended, so that nothing runs before somebody has read the ticket."""
        return {
            "terms": {
                "ticket": self.ticket,
                "data": {"train": self._source("train"), "sealed": self._source("sealed")},
                "acceptance": plain(self.acceptance),
                "budget": plain(self.budget),
                "handling": plain(self.handling),
            },
            "base": {"uri": BASES[self.base].uri},
            "output": {"repository": f"oci://registry.customer.example/{self.id}/models"},
            "intake": plain(self.opening.intake),
            "plan": plain(self.opening.plan),
            "suspend": True,
        }

    def _source(self, name: str) -> dict[str, Any]:
        digest = hashlib.sha256(f"{self.id}/{name}".encode()).hexdigest()
        return {"uri": f"oci://registry.customer.example/{self.id}/{name}@sha256:{digest}"}

    def gold_patch(self, stages: Iterable[Stage]) -> dict[str, Any]:
        """Merge patch of a Delivery that sets the gold of these stages: what an oracle agent or a do-intervention writes."""
        patch: dict[str, Any] = {}
        for stage in stages:
            for path, allowed in self.gold.of(stage).items():
                put(patch, path, allowed[0])
        return patch

    def corrected(self, stages: Iterable[Stage]) -> dict[str, Any]:
        """The spec with the gold of these stages in place; fields whose gold is null are left out."""
        whole = {"spec": self.spec()}
        for stage in stages:
            for path, allowed in self.gold.of(stage).items():
                put(whole, path, allowed[0], drop_null=True)
        return dict(whole["spec"])

    def file(self, name: str) -> str:
        """A customer's file; KeyError says which there are."""
        if name not in self.files:
            raise KeyError(f"There is no file {name}; there are {', '.join(sorted(self.files)) or 'none'}")
        held = self.files[name]
        return held.text if held.text is not None else as_csv(held.table or Table(columns={}), self.bank, self.id)

    def claims(self, facts: Mapping[tuple[str, str], str]) -> list[dict[str, str]]:
        """Claims of a true card, from the facts that the evidence establishes."""
        made = [
            Claim(type=want.type, subject=want.subject, value=want.values[0] if want.values else facts[want.type, want.subject])
            for want in self.gold.claims
        ]
        return [plain(claim) for claim in made]

    def names_the_fact(self, text: str) -> bool:
        """Whether the words of a refusal name what forbids the delivery."""
        return any(word.casefold() in text.casefold() for word in self.must_name)

    def missed(self, spec: DeliverySpec, stage: Stage) -> tuple[str, ...]:
        """Fields of a stage that are not as they should be, both sides shown."""
        read = {"spec": plain(spec)}
        return tuple(
            f"{path}={at(read, path)!r}, right is {' or '.join(repr(value) for value in allowed)}"
            for path, allowed in self.gold.of(stage).items()
            if at(read, path) not in allowed
        )
