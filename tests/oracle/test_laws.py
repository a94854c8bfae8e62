"""Laws over all ten judges: absence of evidence is never a pass, one stage never judges another, nothing raises."""

from __future__ import annotations

from dataclasses import replace
from typing import get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from delivery_api.evidence import (
    ArtifactRecord,
    AuditEvidence,
    Canary,
    EvaluateEvidence,
    HoldoutOutcome,
    Lengths,
    Look,
    Outcome,
    Overlap,
    Preflight,
    Problem,
    Resemblance,
    RowCounts,
    ServedAnswer,
    Step,
    TrainEvidence,
    VerifyEvidence,
)
from delivery_api.finding import Verdict
from delivery_api.reasons import Reason
from delivery_api.stages import STAGES, Stage
from delivery_oracle.record import Record, verdicts
from delivery_oracle.stages import config as config_stage
from delivery_oracle.stages import deploy, evaluation, intake, plan, register, schedule, train
from tests.oracle import world as w

LOOKS = tuple(w.look(step, 30, 1, start=64 * at) for at, step in enumerate((20, 30, 40, 60, 80, 100)))
HEALTHY = Record(
    spec=w.spec(), classes=(w.accelerator(),), audit=w.audit(), attempts=(w.train(looks=LOOKS),), evaluated=w.evaluate(),
    verified=w.verify(), version=w.version(), cost=w.cost(),
)  # fmt: skip
NEEDS = {
    "audit": {Stage.INTAKE, Stage.PLAN, Stage.CONFIG, Stage.SCHEDULE},
    "classes": {Stage.CONFIG, Stage.SCHEDULE},
    "attempts": {Stage.TRAIN, Stage.REGISTER},
    "evaluated": {Stage.EVAL, Stage.REGISTER, Stage.DEPLOY},
    "verified": {Stage.DEPLOY},
    "version": {Stage.REGISTER},
    "cost": {Stage.COST},
}
"""Which verdicts rest on which part of the record."""
PARTS = st.sets(st.sampled_from(sorted(NEEDS)))
FUZZ = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def without(record: Record, parts: set[str]) -> Record:
    return replace(record, **{part: () if part in ("classes", "attempts") else None for part in parts})


def passing(record: Record) -> set[Stage]:
    return {stage for stage, finding in verdicts(record).items() if finding.verdict is Verdict.PASS}


def test_a_healthy_record_passes_all_ten():
    assert list(verdicts(HEALTHY)) == list(STAGES) and passing(HEALTHY) == set(STAGES)


@settings(max_examples=60, deadline=None)
@given(PARTS)
def test_evidence_taken_away_never_leaves_a_pass(parts):
    lost = set().union(*(NEEDS[part] for part in parts))
    assert not passing(without(HEALTHY, parts)) & lost


@settings(max_examples=60, deadline=None)
@given(PARTS)
def test_evidence_taken_away_is_unknown_and_never_a_failure(parts):
    found = verdicts(without(HEALTHY, parts))
    assert all(found[stage].verdict is not Verdict.FAIL for stage in STAGES if stage is not Stage.SCHEDULE)


@pytest.mark.parametrize(
    ("part", "spoiled", "wrong"),
    [
        ("audit", w.audit(canary=w.canary(train=0.01)), {Stage.INTAKE}),
        ("attempts", (w.train(looks=LOOKS, preflight=w.preflight(pad_is_stop=True)),), {Stage.TRAIN}),
        ("evaluated", w.evaluate(items=w.outcomes(wins=60, losses=55)), {Stage.EVAL}),
        ("verified", w.verify("label_1"), {Stage.DEPLOY}),
        ("version", w.version(artifact=w.SHA["other"]), {Stage.REGISTER}),
        ("spec", w.spec(config={"rank": 1000}), {Stage.CONFIG}),
        ("spec", w.spec(card={"claims": [{"type": "Metric", "subject": "gain", "value": "0.9"}]}), {Stage.CARD}),
    ],
)
def test_one_wrong_stage_does_not_fail_the_next(part, spoiled, wrong):
    found = verdicts(replace(HEALTHY, **{part: spoiled}))
    assert {stage for stage, finding in found.items() if finding.verdict is Verdict.FAIL} == wrong


def test_a_delivery_refused_at_intake_settles_its_bill():
    """Nothing more will run, so the customer must not wait for a bill of nothing."""
    spent = w.cost(accelerator_seconds="0", amount="0").model_copy(update={"ledger": ()})
    refused = without(
        replace(HEALTHY, audit=w.audit(canary=w.canary(train=0.01)), cost=spent), {"attempts", "evaluated", "verified"}
    )
    assert verdicts(refused)[Stage.COST].reason is Reason.WITHHELD


@pytest.mark.parametrize("part", ["audit", "attempts", "evaluated", "verified"])
def test_incomplete_evidence_is_never_a_pass(part):
    whole = getattr(HEALTHY, part)
    half = tuple(one.model_copy(update={"complete": False}) for one in whole) if part == "attempts" else None
    record = replace(HEALTHY, **{part: half or whole.model_copy(update={"complete": False})})
    assert not passing(record) & NEEDS[part]


def any_of(model: type[BaseModel], **fixed: object) -> st.SearchStrategy[BaseModel]:
    """Any value of a type, optional fields included, nested types as well."""
    hints = get_type_hints(model)
    fields = {name: st.just(fixed[name]) if name in fixed else st.from_type(hints[name]) for name in model.model_fields}
    return st.fixed_dictionaries(fields).map(lambda values: model(**values))


NESTED = (
    Problem, RowCounts, Lengths, Overlap, Canary, Resemblance, Preflight, Step, Outcome, Look, ArtifactRecord, HoldoutOutcome,
    ServedAnswer,
)  # fmt: skip
for nested in NESTED:
    st.register_type_strategy(nested, any_of(nested))
WHOLE = {"complete": True, "problem": None}


@FUZZ
@given(any_of(AuditEvidence, **WHOLE))
def test_no_audit_makes_a_judge_raise(audit):
    for judge in (intake.judge, plan.judge):
        assert judge(HEALTHY.spec, audit).message
    for judge in (config_stage.judge, schedule.judge):
        assert judge(HEALTHY.spec, audit, HEALTHY.classes).message


@FUZZ
@given(st.integers(-5, 5), st.integers(-5, 5), any_of(RowCounts), any_of(Lengths), any_of(Overlap))
def test_no_counts_make_a_judge_raise(labels, context, counts, lengths, overlap):
    audit = w.audit(train=counts, sealed=counts, lengths=lengths, overlap=overlap, context_length=context)
    for judge in (intake.judge, plan.judge):
        assert judge(HEALTHY.spec, audit).message
    for judge in (config_stage.judge, schedule.judge):
        assert judge(HEALTHY.spec, audit, HEALTHY.classes).message


@FUZZ
@given(
    st.lists(any_of(TrainEvidence, **WHOLE, inputs="same"), max_size=3),
    any_of(EvaluateEvidence, **WHOLE),
    any_of(VerifyEvidence, **WHOLE),
)
def test_no_evidence_makes_a_judge_raise(attempts, evaluated, verified):
    last = attempts[-1] if attempts else None
    assert train.judge(HEALTHY.spec, w.plan(), w.config(), attempts, HEALTHY.audit).message
    assert train.judge(HEALTHY.spec, w.plan(), w.config(steps=None), attempts).message
    assert evaluation.judge(HEALTHY.spec, evaluated, audit=HEALTHY.audit, train=last).message
    assert register.judge(last, evaluated, HEALTHY.version).message
    assert deploy.judge(evaluated, verified).message


@FUZZ
@given(st.lists(any_of(Look), max_size=4), st.lists(any_of(Step), max_size=4), st.lists(any_of(HoldoutOutcome), max_size=4))
def test_no_numbers_make_a_judge_raise(looks, steps, items):
    run = w.train(looks=tuple(looks), steps=tuple(steps), planned_steps=len(steps))
    assert train.judge(HEALTHY.spec, w.plan(), w.config(steps=None), [run]).message
    assert evaluation.judge(HEALTHY.spec, w.evaluate(items=tuple(items))).message
