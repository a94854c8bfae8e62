"""Every reason that a judge can give, as a table: which evidence gives it, with which verdict and what words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from delivery_api.evidence import Overlap, RowCounts
from delivery_api.finding import Finding, Verdict, failed, passed
from delivery_api.reasons import Reason as R
from delivery_oracle.stages import card, config, cost, deploy, evaluation, intake, plan, register, schedule, train
from tests.oracle import world as w

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
CLASSES = (w.accelerator("cpu"), w.accelerator("h200"))


def at_intake(spec: dict | None = None, **audit: object) -> Finding:
    return intake.judge(w.spec(**(spec or {})), w.audit(**audit))


def at_plan(spec: dict | None = None, **audit: object) -> Finding:
    return plan.judge(w.spec(**(spec or {})), w.audit(**audit))


def at_config(spec: dict | None = None, **audit: object) -> Finding:
    return config.judge(w.spec(**(spec or {})), w.audit(**audit), CLASSES)


def at_schedule(spec: dict | None = None, classes: tuple = CLASSES, spent: str = "0", **audit: object) -> Finding:
    return schedule.judge(w.spec(**(spec or {})), w.audit(**audit), classes, Decimal(spent))


def at_train(*attempts: object, **changes: object) -> Finding:
    seen = attempts or (w.train(**changes),)
    return train.judge(w.spec(), w.plan(), w.config(), seen)


def at_eval(bound: bool = True, looks: tuple = w.NOISY, **changes: object) -> Finding:
    both = {"audit": w.audit(), "train": w.train(looks=looks)} if bound else {}
    return evaluation.judge(w.spec(), w.evaluate(**changes), **both)


def at_cost(
    evaluated: Finding | None, *entries: object, finished: bool = True, spec: dict | None = None, **changes: object
) -> Finding:
    return cost.judge(w.spec(**(spec or {})), w.cost(*entries, **changes), evaluation=evaluated, finished=finished)


def at_card(*claims: tuple[str, str, str], settled: bool = True) -> Finding:
    spec = w.spec(card={"claims": [{"type": t, "subject": s, "value": v} for t, s, v in claims]})
    known = card.facts(spec, audit=w.audit(), comparison=evaluation.comparison(spec, w.evaluate()), cost=w.cost(billed="0.6"))
    return card.judge(spec, known, settled=settled)


LEARNED = passed(R.LEARNED, "it learned")
NOT_LEARNED = failed(R.NOT_LEARNED, "it did not")
ROWS = {"rows": 4000, "empty": 0, "duplicates": 0, "conflicting": 0}

TABLE: list[tuple[str, Callable[[], Finding], Verdict, R, str]] = [
    ("healthy intake", lambda: at_intake(), PASS, R.INTAKE_ACCEPTED, "training labels agree"),
    ("no audit", lambda: intake.judge(w.spec(), None), UNKNOWN, R.EVIDENCE_MISSING, "no evidence"),
    ("audit half-way", lambda: at_intake(complete=False), UNKNOWN, R.EVIDENCE_MISSING, "not complete"),
    ("audit without counts", lambda: at_intake(train=None), UNKNOWN, R.EVIDENCE_INVALID, "absent"),
    ("item in both splits", lambda: at_intake(probe=("h0",)), UNKNOWN, R.EVIDENCE_INVALID, "listed twice"),
    ("data unreachable", lambda: at_intake(problem=w.problem("Unreachable")), UNKNOWN, R.INPUT_UNREACHABLE, "spec.terms"),
    ("other bytes", lambda: at_intake(problem=w.problem("DigestMismatch")), FAIL, R.INPUT_DIGEST_MISMATCH, "spec.terms"),
    ("no such file", lambda: at_intake(problem=w.problem("Invalid")), FAIL, R.INPUT_INVALID, "spec.terms"),
    ("worker fell over", lambda: at_intake(problem=w.problem("Internal")), UNKNOWN, R.EVIDENCE_MISSING, "spec.terms"),
    ("other metric", lambda: at_intake({"intake__metric": "F1"}), FAIL, R.INTAKE_MISREAD, "set spec.intake.metric to Accuracy"),
    ("other column", lambda: at_intake(columns=("text", "label")), FAIL, R.INTAKE_MISREAD, "spec.intake.fields.target=intent"),
    ("same column", lambda: at_intake({"intake__fields__target": "text"}), FAIL, R.INTAKE_MISREAD, "are both text"),
    ("no labels at all", lambda: at_intake(labels={f"{i}": 1 for i in range(1999)}, train=RowCounts(**ROWS | {"rows": 2000})),
     FAIL, R.INTAKE_MISREAD, "it is no label"),
    ("no extraction", lambda: at_intake({"intake__task": "Extraction"}, targets_in_input=0.1),
     FAIL, R.INTAKE_MISREAD, "ExactMatch"),
    ("one label", lambda: at_intake(labels={"only": 4000}), FAIL, R.DATA_UNUSABLE, "one label only (only)"),
    ("nothing left", lambda: at_intake(drop_rows=tuple(range(4000))), FAIL, R.DATA_UNUSABLE, "0 usable of 4000"),
    ("conflicts", lambda: at_intake(train=RowCounts(**ROWS | {"conflicting": 900})), FAIL, R.DATA_UNUSABLE, "another target"),
    ("unseen labels", lambda: at_intake(unseen_labels=("new_a", "new_b")), FAIL, R.DATA_UNUSABLE, "new_a, new_b"),
    ("too long", lambda: at_intake(too_long=3), FAIL, R.DATA_UNUSABLE, "8192 tokens"),
    ("personal data", lambda: at_intake({"terms__handling__personal_data": "Refuse"}, personal_data={"email": 4}),
     FAIL, R.PERSONAL_DATA_FOUND, "email in 4 rows"),
    ("leaks", lambda: at_intake(overlap=Overlap(exact=60, near=0)), FAIL, R.HOLDOUT_LEAKED, "60 of 1000 items"),
    ("near leaks", lambda: at_intake(overlap=Overlap(exact=0, near=300)), FAIL, R.HOLDOUT_LEAKED, "300 nearly"),
    ("small holdout", lambda: at_intake({"terms__acceptance__minimum_gain": "0.03"}, holdout=tuple("abcdefghijklmnop")),
     UNKNOWN, R.HOLDOUT_TOO_SMALL, "seal more rows"),
    ("permuted labels", lambda: at_intake(canary=w.canary(train=0.01)), FAIL, R.LABELS_UNRELATED, "look renamed"),
    ("random labels", lambda: at_intake(canary=w.canary(train=0.01, within=0.01)), FAIL, R.LABELS_UNRELATED, "look random"),
    ("few sealed items", lambda: at_intake(canary=w.canary(train=0.01, items=64)), UNKNOWN, R.CANARY_SILENT, "64 of the 256"),
    ("similarity says nothing", lambda: at_intake(canary=w.canary(0.08, 0.09)), UNKNOWN, R.CANARY_SILENT, "too little"),
    ("most labels random", lambda: at_intake(canary=w.canary(0.22, 0.6)), UNKNOWN, R.CANARY_SILENT, "their labels is wrong"),
    ("no canary possible", lambda: at_intake(canary=None), UNKNOWN, R.CANARY_SILENT, "too few rows"),
    ("targets are texts", lambda: at_intake(canary=None, resemblance=w.resemblance()), PASS, R.INTAKE_ACCEPTED, "agree with"),
    ("texts exchanged", lambda: at_intake(canary=None, resemblance=w.resemblance(train=0.3)),
     FAIL, R.LABELS_UNRELATED, "look renamed"),
    ("canary waived", lambda: at_intake({"terms__handling__intake_canary": "Skip"}), UNKNOWN, R.CANARY_SKIPPED, "waived"),
    ("sound plan", lambda: at_plan(), PASS, R.PLAN_SOUND, "LoRA on 0.135B"),
    ("no decoder", lambda: at_plan(architecture=w.SMALL | {"architecture": "BertForMaskedLM"}),
     FAIL, R.PLAN_UNSOUND, "BertFor"),
    ("no config", lambda: at_plan(architecture={}), FAIL, R.PLAN_UNSOUND, "hidden_size is missing"),
    ("adapter of full", lambda: at_plan({"plan": {"method": "Full", "artifact": "Adapter"}}),
     FAIL, R.PLAN_UNSOUND, "no adapter"),
    ("certified config", lambda: at_config(), PASS, R.CONFIG_CERTIFIED, "100 steps of 16 rows"),
    ("short sequence", lambda: at_config({"config__sequence_length": 32}),
     FAIL, R.CONFIG_WRONG, "spec.config.sequenceLength=32"),
    ("nothing to fit on", lambda: at_config({"schedule__accelerator_class": "tpu"}), UNKNOWN, R.WAITING, "see the schedule"),
    ("audit without lengths", lambda: at_config(lengths=None), UNKNOWN, R.EVIDENCE_INVALID, "lengths"),
    ("certified schedule", lambda: at_schedule(), PASS, R.SCHEDULE_CERTIFIED, "1 x cpu"),
    ("no such class", lambda: at_schedule({"schedule__accelerator_class": "tpu"}), FAIL, R.CLASS_MISSING, "there is cpu, h200"),
    ("no class", lambda: at_schedule(classes=()), FAIL, R.CLASS_MISSING, "no AcceleratorClass"),
    ("none fits", lambda: at_schedule(classes=CLASSES[:1], architecture=w.LARGE), FAIL, R.CLASS_MISSING, "mostly weights"),
    ("named does not fit", lambda: at_schedule({"schedule__accelerator_class": "cpu"}, architecture=w.LARGE),
     FAIL, R.SCHEDULE_WRONG, "does not fit"),
    ("other currency", lambda: at_schedule({"terms__budget__currency": "EUR", "schedule__accelerator_class": "cpu"}),
     FAIL, R.SCHEDULE_WRONG, "spec.terms.budget.currency=EUR"),
    ("small budget", lambda: at_schedule({"terms__budget__limit": "0.01"}),
     FAIL, R.BUDGET_EXCEEDED, "spec.terms.budget.limit=0.01"),
    ("only the expected price fits", lambda: at_schedule({"terms__budget__limit": "0.02"}), FAIL, R.BUDGET_EXCEEDED, "up to"),
    ("budget used up", lambda: at_schedule(spent="39.99"), FAIL, R.BUDGET_EXCEEDED, "of which 39.99 are spent"),
    ("config fits nowhere", lambda: at_schedule({"config__micro_batch_size": 4096}, CLASSES[:1]),
     UNKNOWN, R.WAITING, "see the config"),
    ("trained", lambda: at_train(), PASS, R.TRAINED, "clean probe Learning"),
    ("no run", lambda: train.judge(w.spec(), w.plan(), w.config(), ()), UNKNOWN, R.EVIDENCE_MISSING, "no evidence"),
    ("run half-way", lambda: at_train(complete=False, steps=w.steps(40)), UNKNOWN, R.EVIDENCE_MISSING, "not complete"),
    ("steps missing", lambda: at_train(steps=w.steps(40)), UNKNOWN, R.EVIDENCE_INVALID, "100 were planned"),
    ("no artifact", lambda: at_train(artifact=None), UNKNOWN, R.EVIDENCE_INVALID, "no artifact"),
    ("item twice", lambda: at_train(looks=(w.look(20, 30), w.look(30, 30, start=20_000))),
     UNKNOWN, R.EVIDENCE_INVALID, "again"),
    ("masked labels", lambda: at_train(preflight=w.preflight(rows_unsupervised=9)),
     FAIL, R.PREFLIGHT_FAILED, "no token in the loss"),
    ("inert adapter", lambda: at_train(artifact=w.artifact(adapter_norm=0.0)), FAIL, R.PREFLIGHT_FAILED, "inert"),
    ("noise", lambda: at_train(complete=False, looks=w.NOISY), FAIL, R.NOT_LEARNING, "rejected at 0.01"),
    ("loss not finite", lambda: at_train(steps=w.steps(loss=None)), FAIL, R.DIVERGED, "loss is not finite at step 1"),
    ("gradient explodes", lambda: at_train(steps=w.steps(grad_norm=1e9)), FAIL, R.DIVERGED, "1e+09 > 10000"),
    ("out of memory", lambda: at_train(problem=w.problem("OutOfMemory")), FAIL, R.OUT_OF_MEMORY, "spec.terms"),
    ("out of time", lambda: at_train(problem=w.problem("Deadline")), FAIL, R.DEADLINE_EXCEEDED, "spec.terms"),
    ("learned", lambda: at_eval(), PASS, R.LEARNED, "gain +0.547"),
    ("not evaluated", lambda: evaluation.judge(w.spec(), None), UNKNOWN, R.EVIDENCE_MISSING, "no evidence"),
    ("noise audited", lambda: at_eval(items=w.outcomes(20, 20)), FAIL, R.NOT_LEARNED, "objective is noise"),
    ("inert served", lambda: at_eval(items=w.outcomes(0, 0)), FAIL, R.NOT_LEARNED, "adapter is inert"),
    ("relabelled", lambda: at_eval(items=w.outcomes(0, 100)), FAIL, R.NOT_LEARNED, "renamed"),
    ("lost in serving", lambda: at_eval(looks=w.HEALTHY, items=w.outcomes(20, 20)), FAIL, R.NOT_LEARNED, "merge or save"),
    ("just below", lambda: at_eval(items=w.outcomes(70, 10)), UNKNOWN, R.INCONCLUSIVE, "seal more rows"),
    ("format lost", lambda: at_eval(items=w.outcomes(free=0.0)), FAIL, R.FORMAT_LOST, "free output 0.000"),
    ("other prompt", lambda: at_eval(prompt_digest="sha256:q"), FAIL, R.FORMAT_LOST, "unlike the trainer"),
    ("items missing", lambda: at_eval(planned_items=400), UNKNOWN, R.EVIDENCE_INVALID, "320 of 400"),
    ("other items", lambda: at_eval(items=w.outcomes(items=319)), UNKNOWN, R.EVIDENCE_INVALID, "not the holdout"),
    ("registered", lambda: register.judge(w.train(), w.evaluate(), w.version()), PASS, R.REGISTERED, "oci://"),
    ("not recorded yet", lambda: register.judge(w.train(), w.evaluate()), UNKNOWN, R.WAITING, "not there yet"),
    ("nothing to register", lambda: register.judge(w.train(), None), UNKNOWN, R.EVIDENCE_MISSING, "evaluation"),
    ("other artifact audited", lambda: register.judge(w.train(), w.evaluate(artifact_digest=w.SHA["other"])),
     FAIL, R.ARTIFACT_MISMATCH, "audited artifact"),
    ("other artifact recorded", lambda: register.judge(w.train(), w.evaluate(), w.version(artifact=w.SHA["other"])),
     FAIL, R.ARTIFACT_MISMATCH, "spec.artifact"),
    ("served", lambda: deploy.judge(w.evaluate(), w.verify()), PASS, R.SERVED, "40 of 40"),
    ("a few bits differ", lambda: deploy.judge(w.evaluate(), w.verify(other=2)), PASS, R.SERVED, "38 of 40"),
    ("base served", lambda: deploy.judge(w.evaluate(), w.verify("label_1")), FAIL, R.SERVED_DIFFERS, "inert adapter"),
    ("other weights", lambda: deploy.judge(w.evaluate(), w.verify("label_3")), FAIL, R.SERVED_DIFFERS, "other weights"),
    ("not asked", lambda: deploy.judge(w.evaluate(), None), UNKNOWN, R.EVIDENCE_MISSING, "no evidence"),
    ("asked in part", lambda: deploy.judge(w.evaluate(), w.verify(planned_items=80)),
     UNKNOWN, R.EVIDENCE_INVALID, "80 planned"),
    ("billed", lambda: at_cost(LEARNED), PASS, R.BILLED, "0.6 USD for 600"),
    ("withheld", lambda: at_cost(NOT_LEARNED), PASS, R.WITHHELD, "0 USD are billed"),
    ("never evaluated", lambda: at_cost(None), PASS, R.WITHHELD, "operator's loss"),
    ("pod still runs", lambda: at_cost(LEARNED, w.entry(finished_at=None)), UNKNOWN, R.COST_OPEN, "not finished"),
    ("more to come", lambda: at_cost(LEARNED, finished=False), UNKNOWN, R.COST_OPEN, "not finished"),
    ("no ledger", lambda: cost.judge(w.spec(), None, evaluation=None, finished=True), UNKNOWN, R.COST_OPEN, "Nothing"),
    ("charged twice", lambda: at_cost(LEARNED, w.entry(), w.entry()), UNKNOWN, R.EVIDENCE_INVALID, "twice"),
    ("wrong sum", lambda: at_cost(LEARNED, amount="0.7"), UNKNOWN, R.EVIDENCE_INVALID, "status.cost.amount=0.7"),
    ("above the budget", lambda: at_cost(LEARNED, spec={"terms__budget__limit": "0.5"}),
     FAIL, R.BUDGET_EXCEEDED, "> spec.terms"),
    ("no claims", lambda: at_card(), PASS, R.CARD_ISSUED, "No claims"),
    ("true claims", lambda: at_card(("Metric", "candidate", "0.56"), ("Cost", "billed", "0.60")),
     PASS, R.CARD_ISSUED, "2 claims"),
    ("false claim", lambda: at_card(("Metric", "gain", "0.75")),
     FAIL, R.CLAIM_UNSUPPORTED, "Metric.gain=0.75, the evidence 0.5469"),
    ("unknown claim", lambda: at_card(("Metric", "f1", "0.75")), UNKNOWN, R.CLAIM_UNSUPPORTED, "claims[0]"),
    ("too early", lambda: at_card(settled=False), UNKNOWN, R.WAITING, "after the bill"),
]  # fmt: skip

BY_THE_OPERATOR = {
    R.SUSPENDED, R.JOB_PENDING, R.JOB_RUNNING, R.JOB_RETRYING, R.ATTEMPTS_EXHAUSTED,
    R.NO_NODE_FITS, R.IMAGE_UNAVAILABLE, R.SECRET_MISSING, R.INTERNAL_ERROR, R.AWAITING_APPROVAL,
    R.APPROVAL_EXPIRED, R.APPROVAL_VOID, R.APPROVAL_REJECTED, R.APPROVAL_REVOKED, R.OVERRIDDEN,
    R.GATE_NOT_ENFORCED, R.SERVING_STARTING, R.SERVING_ENDED, R.BUDGET_UNRESERVED, R.DELIVERED,
}  # fmt: skip
"""What only somebody who sees the cluster can say."""


@pytest.mark.parametrize(("judge", "verdict", "reason", "words"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_judge_says(judge: Callable[[], Finding], verdict: Verdict, reason: R, words: str) -> None:
    finding = judge()
    assert (finding.verdict, finding.reason) == (verdict, reason), finding.message
    assert words in finding.message


@pytest.mark.parametrize("judge", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_message_is_one_readable_line_and_says_the_same_twice(judge: Callable[[], Finding]) -> None:
    """A message that changes from pass to pass makes every pass a write."""
    said = judge().message
    assert said == judge().message
    assert "\n" not in said and "None" not in said and "Decimal(" not in said and 10 < len(said) < 900


def test_every_reason_has_a_row_or_is_the_operators() -> None:
    missing = set(R) - {row[3] for row in TABLE} - BY_THE_OPERATOR
    assert not missing


def test_no_row_is_of_a_reason_that_only_the_operator_can_give() -> None:
    assert not {row[3] for row in TABLE} & BY_THE_OPERATOR
