"""Recordings: what real runs left, the published table made exact, and evidence that the oracle judges as it judged the run."""

import json
from pathlib import Path

import pytest

from delivery_api.driver import Config, Fields, Plan
from delivery_api.finding import Verdict
from delivery_api.reasons import Reason
from delivery_api.sealed import look_steps
from delivery_api.sources import Repository, Source
from delivery_api.tasks import AuditTask, EvaluateTask, TrainTask, VerifyTask
from delivery_benchmark.recordings import named, names
from delivery_benchmark.recordings.evidence import Replay
from delivery_benchmark.recordings.generated import PUBLISHED
from delivery_benchmark.recordings.shape import Shape
from delivery_benchmark.recordings.tbdl import ARMS, FOLDER, of_trace, recorded, seeds
from delivery_oracle.stages import deploy, evaluation, intake, train
from tests.oracle import world

TRACES = Path(__file__).resolve().parents[2] / "experiments/tbdl/traces"
PIN = "sha256:" + "c" * 64
SAMPLE = (
    "text,intent,team\n" + "\n".join(f"message {n} of b{n % 7},b{n % 7},{'red' if n % 2 else 'blue'}" for n in range(60)) + "\n"
)
SHAPE = Shape(train_rows=4000, sealed_rows=3080, labels=77, sample=SAMPLE)
COMMON = {
    "delivery_uid": "uid-1", "inputs": PIN, "base": Source(uri=f"oci://r/base@{PIN}"), "sealed": Source(uri=f"oci://r/s@{PIN}"),
    "task": "Classification", "metric": "Accuracy", "holdout_items": 320,
}  # fmt: skip
CONFIG = Config(steps=100, micro_batch_size=16, accumulation_steps=1, learning_rate="1e-3", warmup_steps=20, rank=16,
                targets=("all-linear",), sequence_length=256, precision="bf16")  # fmt: skip
LOSES_FORMAT = ("smollm2-135m/mask",)
"""So it was in the real run: 0.409 when constrained, 0.300 as customers call it."""


def fields(target="intent", source="text"):
    return Fields(input=source, target=target)


def audit_task(**changes):
    given = COMMON | {"fields": fields(), "train": Source(uri=f"oci://r/t@{PIN}"), "canary": True} | changes
    return AuditTask(**given)


def train_task(audit, **changes):
    steps = look_steps(100, len(audit.probe), 64)
    given = COMMON | {
        "fields": fields(), "train": Source(uri=f"oci://r/t@{PIN}"), "plan": Plan(artifact="Merged"), "config": CONFIG,
        "look_steps": steps, "output": Repository(repository="oci://r/m"), "seconds": 9,
    }  # fmt: skip
    return TrainTask(**(given | changes))


def evaluate_task(artifact):
    return EvaluateTask(**COMMON, fields=fields(), artifact=Source(uri=artifact.uri), artifact_kind=artifact.kind,
                        precision="bf16", max_tokens=18, sequence_length=256, seconds=9)  # fmt: skip


def whole(name, config=CONFIG, seed=1):
    """(audit, train, evaluation) of a recording."""
    replay = Replay(named(name, seed), SHAPE)
    audit = replay.audit(audit_task(), "a")
    run = replay.train(train_task(audit, config=config), "t", 1.0)
    return audit, run, replay.evaluate(evaluate_task(run.artifact), "e", replay.reached(config))


RECORDED = [(arm, seed) for arm in ARMS for seed in seeds(arm)]


@pytest.mark.parametrize(("arm", "seed"), RECORDED)
def test_the_recording_of_a_run_is_what_its_trace_holds(arm, seed):
    trace = json.loads((TRACES / f"{arm}-{seed}.json").read_bytes())
    assert json.loads((FOLDER / f"{arm}-{seed}.json").read_text()) == json.loads(
        of_trace(trace).model_dump_json(by_alias=True, exclude_none=True)
    )


@pytest.mark.parametrize("base", PUBLISHED)
@pytest.mark.parametrize("arm", ARMS)
def test_the_generator_reproduces_the_published_accuracies_to_the_item(base, arm):
    run, (untuned, after) = named(f"{base}/{arm}"), PUBLISHED[base]
    items = len(run.holdout)
    assert items == 1000
    assert sum(item.base for item in run.holdout) / items == untuned
    assert sum(item.candidate for item in run.holdout) / items == after[arm]


def test_a_recording_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(KeyError, match="smollm2-135m/correct"):
        named("smollm2-135m/perfect")


@pytest.mark.parametrize("name", names())
def test_the_oracle_judges_a_replayed_run_as_its_arm_says(name):
    arm = name.partition("/")[2]
    audit, run, evaluated = whole(name)
    spec = world.spec(terms__acceptance__holdout_items=320)
    delivers = arm in ("correct", "mask") and name not in LOSES_FORMAT
    assert intake.judge(spec, audit).verdict is (Verdict.FAIL if arm in ("permute", "noise") else Verdict.PASS)
    trained = train.judge(spec, Plan(artifact="Merged"), CONFIG, [run], audit)
    assert trained.reason is (Reason.NOT_LEARNING if arm in ("permute", "noise") and flagged(name) else Reason.TRAINED)
    found = evaluation.judge(spec, evaluated, audit=audit, train=run)
    assert (found.verdict is Verdict.PASS) is delivers
    assert (found.reason is Reason.FORMAT_LOST) is (arm == "format" or name in LOSES_FORMAT)


@pytest.mark.parametrize(("arm", "seed"), RECORDED)
def test_whatever_seed_is_played_a_healthy_run_learns_and_a_spoilt_one_does_not(arm, seed):
    _, _, evaluated = whole(f"smollm2-135m/{arm}", seed=seed)
    learned = evaluation.comparison(world.spec(), evaluated, use=1).verdict is Verdict.PASS
    assert learned is (arm in ("correct", "mask"))


def test_seeds_beyond_those_that_were_run_begin_again():
    there = seeds("correct")
    assert recorded("correct", len(there) + 1) == recorded("correct", 1)
    assert len(there) == 1 or recorded("correct", 2) != recorded("correct", 1)
    assert named("qwen3-8b/correct", 2).holdout != named("qwen3-8b/correct", 1).holdout


def flagged(name):
    """The published 32B noise run gains 0.079, which the probe leaves undecided at some looks; all others are flagged."""
    return name != "qwen3-32b/noise"


def test_a_run_of_few_steps_ends_where_the_recording_was_after_as_many_rows():
    _, run, evaluated = whole("smollm2-135m/correct", CONFIG.model_copy(update={"steps": 5, "warmup_steps": 1}))
    _, _, full = whole("smollm2-135m/correct")
    assert run.steps[-1].loss == named("smollm2-135m/correct").losses[5]
    assert sum(item.candidate for item in evaluated.items) < 0.2 * sum(item.candidate for item in full.items)


def test_a_column_that_differs_from_row_to_row_is_no_label_and_one_of_few_values_is():
    assert len(SHAPE.labels_in("text")) == 2000
    assert len(SHAPE.labels_in("intent")) == 77
    misread = Replay(named("smollm2-135m/correct"), Shape(3000, 900, 77, SAMPLE)).audit(
        audit_task(fields=fields("text", "intent")), "a"
    )
    spec = world.spec(intake__fields={"input": "intent", "target": "text"})
    assert intake.judge(spec, misread).reason is Reason.INTAKE_MISREAD


def test_a_column_that_is_not_there_is_misread():
    audit = Replay(named("smollm2-135m/correct"), SHAPE).audit(audit_task(fields=fields("label")), "a")
    assert intake.judge(world.spec(intake__fields={"input": "text", "target": "label"}), audit).reason is Reason.INTAKE_MISREAD


def test_the_share_of_targets_in_their_input_is_counted_in_the_rows_that_the_agent_sees():
    assert SHAPE.contained("text", "intent") == 1.0
    assert SHAPE.contained("text", "team") == 0.0


def test_the_served_endpoint_answers_as_the_audited_candidate():
    replay = Replay(named("qwen3-8b/correct"), SHAPE)
    _, _, evaluated = whole("qwen3-8b/correct")
    asked = tuple(deploy.discordant(evaluated))
    task = VerifyTask(**COMMON, fields=fields(), url="http://s/v1", model_name="m", items=asked, max_tokens=18)
    assert deploy.judge(evaluated, replay.verify(task, "v", evaluated)).reason is Reason.SERVED
