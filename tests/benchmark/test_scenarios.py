"""Scenarios as data: each loads, is what it says, shows nothing of its gold, and leads a misread to another recording."""

import csv
import io
from collections import Counter
from typing import get_args

import pytest
import yaml
from pydantic import ValidationError

from delivery_api.delivery import DeliverySpec
from delivery_api.digests import plain
from delivery_api.stages import STAGES, Stage
from delivery_api.tasks import AuditTask
from delivery_benchmark.recordings import named
from delivery_benchmark.recordings.evidence import Replay
from delivery_benchmark.recordings.shape import shape_of
from delivery_benchmark.scenarios import REFUSALS, all_ids, load
from delivery_benchmark.scenarios.model import Trap
from delivery_benchmark.scenarios.paths import at, put
from delivery_benchmark.scoring import reference
from delivery_oracle.stages import intake

INTAKE_TRAPS = {
    "LabelColumn",
    "LabelOrder",
    "IdOrName",
    "SwappedColumns",
    "PromptLoss",
    "WrongMetric",
    "WrongTemplate",
    "WrongTask",
}
SCENARIOS = [load(one) for one in all_ids()]
FEASIBLE = [one for one in SCENARIOS if one.feasible]


def each(scenarios):
    return pytest.mark.parametrize("scenario", scenarios, ids=lambda one: one.id)


EACH, EACH_FEASIBLE = each(SCENARIOS), each(FEASIBLE)


@EACH
def test_the_delivery_that_the_customer_creates_is_valid_and_suspended(scenario):
    spec = DeliverySpec.model_validate(scenario.spec())
    assert spec.suspend
    assert spec.terms.ticket == scenario.ticket


@EACH
def test_files_are_the_same_each_time_and_have_the_columns_that_the_gold_names(scenario):
    for name, held in scenario.files.items():
        assert scenario.file(name) == scenario.file(name)
        if held.table:
            rows = list(csv.DictReader(io.StringIO(scenario.file(name))))
            assert len(rows) == held.table.rows
            assert set(rows[0]) == set(held.table.columns)
    columns = {column for held in scenario.files.values() if held.table for column in held.table.columns}
    read = scenario.corrected(STAGES)["intake"]["fields"]
    assert {read["input"], read["target"]} <= columns


@EACH
def test_what_the_agent_is_shown_does_not_contain_the_gold(scenario):
    """A trial that could read what is right would measure reading."""
    shown = yaml.safe_dump(scenario.spec()) + "".join(scenario.file(name) for name in scenario.files)
    for word in ("gold", "recording", "traps", scenario.because or "gold"):
        assert word not in shown


@EACH_FEASIBLE
def test_a_trap_catches_who_leaves_things_as_they_are_and_who_reads_gets_the_correct_run(scenario):
    assert scenario.recording(scenario.corrected(STAGES)).endswith("/correct")
    for rule in scenario.recordings[:-1]:
        misread = scenario.corrected(STAGES)
        for path, allowed in rule.when.items():
            put(misread, path.removeprefix("spec."), allowed[0], drop_null=True)
        assert scenario.recording(misread).endswith(f"/{rule.arm}")


def test_there_are_enough_scenarios_of_every_kind():
    assert len(SCENARIOS) >= 30 and len(FEASIBLE) >= 20
    assert len({one.domain for one in SCENARIOS}) >= 10
    assert {one.task for one in FEASIBLE} == {"Classification", "ExactMatch", "Extraction"}
    assert {one.acceptance.metric for one in FEASIBLE} == {"Accuracy", "ExactMatch", "F1"}
    reasons = Counter(one.refusal for one in SCENARIOS if not one.feasible)
    assert set(reasons) == set(REFUSALS) - {"Other"} and min(reasons.values()) >= 2
    assert {trap for one in SCENARIOS for trap in one.traps} == set(get_args(Trap))


@each([one for one in FEASIBLE if INTAKE_TRAPS.intersection(one.traps)])
def test_an_intake_trap_lies_in_what_the_customer_left(scenario):
    """A trap that the opening does not fall into catches nobody who does nothing."""
    opening = DeliverySpec.model_validate(scenario.spec())
    assert scenario.missed(opening, Stage.INTAKE) or scenario.missed(opening, Stage.PLAN)


@EACH_FEASIBLE
def test_the_audit_of_a_right_reading_has_nothing_against_it(scenario):
    """Else the oracle could not pass, and who reads rightly would be sent back."""
    spec = DeliverySpec.model_validate(scenario.corrected(STAGES))
    found = intake.judge(spec, reference.audit(scenario.id))
    assert not found.blocks, found.message


def test_data_that_proves_nothing_leads_to_the_evidence_that_it_causes():
    """Who starts such an order sees why it must be refused: the audit of its rows says so, or the run learns nothing."""
    leaked = load("bank-leaked-holdout")
    spec = DeliverySpec.model_validate(leaked.spec())
    assert intake.judge(spec, played(leaked, spec)).reason == "HoldoutLeaked"
    assert load("travel-unrelated-labels").recording(load("travel-unrelated-labels").spec()).endswith("/noise")


def played(scenario, spec):
    """What the replayed auditor records of this order."""
    task = AuditTask(
        delivery_uid="u", inputs="i", base=spec.base, train=spec.terms.data.train, sealed=spec.terms.data.sealed,
        fields=spec.intake.fields, task=spec.intake.task, metric=spec.intake.metric,
        holdout_items=spec.terms.acceptance.holdout_items,
    )  # fmt: skip
    return Replay(named(scenario.recording(scenario.spec())), shape_of(scenario)).audit(task, "pod")


def test_a_scenario_without_a_reason_to_refuse_is_no_infeasible_scenario():
    whole = load("intent-clean").model_dump(by_alias=True)
    with pytest.raises(ValidationError, match="a ticket is feasible, or has a refusal"):
        type(load("intent-clean")).model_validate(whole | {"feasible": False})


def test_an_unknown_scenario_is_answered_with_those_there_are():
    with pytest.raises(KeyError, match="intent-clean"):
        load("nothing")


def test_a_patch_of_the_gold_is_a_whole_answer():
    scenario = load("intent-clean")
    patch = scenario.gold_patch(STAGES)
    assert at(patch, "spec.intake.fields.target") == "category"
    assert at({"spec": plain(DeliverySpec.model_validate(scenario.corrected(STAGES)))}, "spec.plan.lossOn") == "Completion"
