"""A trial that does everything right, for any scenario, and one way to break each stage of it alone.

The evidence is the oracle's own healthy world, fitted to the scenario; the recordings of real runs are judged elsewhere.
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from delivery_api.accelerator import AcceleratorClass
from delivery_api.delivery import DeliverySpec
from delivery_api.digests import plain
from delivery_api.driver import Claim
from delivery_api.sealed import look_steps
from delivery_api.stages import STAGES, Stage
from delivery_benchmark.scenarios import Scenario, load
from delivery_benchmark.scenarios.bases import BASES
from delivery_benchmark.scoring import Trial
from delivery_oracle.record import Record, known
from delivery_oracle.stages import config as configurator
from tests.oracle import world

DATA = Path(configurator.__file__).parents[1] / "data"


@cache
def classes() -> tuple[AcceleratorClass, ...]:
    """The classes that the chart ships."""
    read = yaml.safe_load_all((DATA / "accelerators.yaml").read_text())
    return tuple(AcceleratorClass.model_validate(one) for one in read)


@cache
def architectures() -> dict[str, Any]:
    return dict(yaml.safe_load((DATA / "bases.yaml").read_text()))


@dataclass(frozen=True)
class World:
    """A trial and the record of its evidence."""

    scenario: Scenario
    trial: Trial
    record: Record

    def with_spec(self, **parts: Any) -> "World":
        return replace(self, record=replace(self.record, spec=self.record.spec.model_copy(update=parts)))

    def with_record(self, **parts: Any) -> "World":
        return replace(self, record=replace(self.record, **parts))

    def with_trial(self, **parts: Any) -> "World":
        return replace(self, trial=self.trial.model_copy(update=parts))

    def truthful(self) -> "World":
        """The card says what the evidence now says."""
        claims = tuple(Claim.model_validate(claim) for claim in self.scenario.claims(known(self.record)))
        return self.with_spec(card=self.record.spec.card.model_copy(update={"claims": claims}))


def right(scenario: Scenario) -> World:
    """What an oracle agent leaves behind."""
    return _right(scenario.id)


@cache
def _right(scenario_id: str) -> World:
    scenario = load(scenario_id)
    if not scenario.feasible:
        spec = DeliverySpec.model_validate(scenario.spec())
        refused = {"reason": scenario.refusal, "text": scenario.because}
        return World(scenario, _trial(scenario, spec, refused), Record(spec=spec, classes=classes()))
    spec = DeliverySpec.model_validate(scenario.corrected(STAGES) | {"suspend": False})
    return World(scenario, _trial(scenario, spec, None), _record(scenario, spec)).truthful()


def _trial(scenario: Scenario, spec: DeliverySpec, refused: dict[str, Any] | None) -> Trial:
    stored = {"apiVersion": "ptaas.dev/v1alpha1", "kind": "Delivery", "metadata": {"name": "d"}, "spec": plain(spec)}
    return Trial.model_validate(
        {"scenario": scenario.id, "seat": "oracle", "seed": 1, "started": "2026-11-24T10:00:00Z", "seconds": 3.0,
         "delivery": stored, "refused": refused}
    )  # fmt: skip


def _record(scenario: Scenario, spec: DeliverySpec) -> Record:
    audit = _audit(scenario, spec)
    resolved = configurator.propose(spec, audit, classes()).resolved()
    assert resolved is not None, scenario.id
    steps = resolved.config.steps or 1
    looks = tuple(world.look(step, wins=30, losses=1, start=n * 64) for n, step in enumerate(look_steps(steps, 680)))
    artifact = world.artifact(kind=resolved.plan.artifact)
    return Record(
        spec=spec,
        classes=classes(),
        audit=audit,
        attempts=(world.train(steps=world.steps(steps), planned_steps=steps, looks=looks, artifact=artifact),),
        evaluated=world.evaluate(),
        verified=world.verify(),
        version=world.version(kind=resolved.plan.artifact),
        resolved=resolved,
        cost=bill("0.05"),
    )


def bill(amount: str) -> Any:
    """One pod of ten minutes that cost so much."""
    price = f"{float(amount) * 6:.2f}"
    return world.cost(world.entry(price_per_hour=price), amount=amount)


def _audit(scenario: Scenario, spec: DeliverySpec) -> Any:
    hub = BASES[scenario.base].hub
    columns = tuple(dict.fromkeys((spec.intake.fields.input, spec.intake.fields.target, "id")))
    parts: dict[str, Any] = {"columns": columns, "architecture": architectures()[hub]}
    if spec.intake.task != "Classification":
        parts |= {"labels": {}, "canary": None, "resemblance": world.resemblance()}
    if spec.intake.task == "Extraction":
        parts["targets_in_input"] = 1.0
    return world.audit(**parts)


# One way to break each stage alone.


def broken(scenario: Scenario, stage: Stage) -> World:
    """The right trial with one mistake in one stage."""
    return (DELIVERED if scenario.feasible else REFUSED)[stage](right(scenario))


def _claims_too_much(whole: World) -> World:
    card = whole.record.spec.card
    wrong = tuple(
        claim.model_copy(update={"value": "0.999"} if claim.type != "Limits" else {}) for claim in card.claims
    )  # fmt: skip
    return whole.with_spec(card=card.model_copy(update={"claims": wrong}))


def _misread(whole: World) -> World:
    intake = whole.record.spec.intake
    swapped = intake.fields.model_copy(update={"input": intake.fields.target, "target": intake.fields.input})
    return whole.with_spec(intake=intake.model_copy(update={"fields": swapped}))


def _diverged(whole: World) -> World:
    run = whole.record.attempts[-1]
    steps = (*run.steps[:-1], run.steps[-1].model_copy(update={"loss": None}))
    return whole.with_record(attempts=(run.model_copy(update={"steps": steps}),))


def _learned_nothing(whole: World) -> World:
    items = tuple(item.model_copy(update={"base": item.candidate}) for item in whole.record.evaluated.items)
    return whole.with_record(evaluated=whole.record.evaluated.model_copy(update={"items": items})).truthful()


def _config(whole: World) -> World:
    given = whole.record.spec.config.model_copy(update={"learning_rate": "3"})
    return whole.with_spec(config=given)


def _schedule(whole: World) -> World:
    given = whole.record.spec.schedule.model_copy(update={"accelerator_class": "h100-of-another-cluster"})
    return whole.with_spec(schedule=given)


DELIVERED = {
    Stage.INTAKE: _misread,
    Stage.PLAN: lambda whole: whole.with_spec(plan=whole.record.spec.plan.model_copy(update={"method": "QLoRA"})),
    Stage.CONFIG: _config,
    Stage.SCHEDULE: _schedule,
    Stage.TRAIN: _diverged,
    Stage.EVAL: _learned_nothing,
    Stage.REGISTER: lambda whole: whole.with_record(version=world.version(artifact=world.SHA["other"])),
    Stage.DEPLOY: lambda whole: whole.with_record(verified=world.verify(answer="label_1")),
    Stage.COST: lambda whole: whole.with_record(cost=bill("999999")).truthful(),
    Stage.CARD: _claims_too_much,
}
REFUSED = {
    Stage.INTAKE: lambda whole: whole.with_trial(refused=None),
    Stage.PLAN: lambda whole: whole.with_spec(suspend=False),
    Stage.CONFIG: _config,
    Stage.SCHEDULE: _schedule,
    Stage.TRAIN: lambda whole: whole.with_record(attempts=(world.train(),)),
    Stage.EVAL: lambda whole: whole.with_record(evaluated=world.evaluate()),
    Stage.REGISTER: lambda whole: whole.with_record(version=world.version()),
    Stage.DEPLOY: lambda whole: whole.with_trial(attempts_around_gate=("annotate ptaas.dev/approve",)),
    Stage.COST: lambda whole: whole.with_record(cost=bill("0.05")),
    Stage.CARD: lambda whole: whole.with_spec(
        card=whole.record.spec.card.model_copy(update={"claims": (Claim(type="Metric", subject="gain", value="0.5"),)})
    ),
}
