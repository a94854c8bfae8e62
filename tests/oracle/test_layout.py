"""Several accelerators: when they are chosen, how the run is spread, what is refused, and what the nodes have to do with it."""

from __future__ import annotations

import pytest

from delivery_api.driver import Config, Schedule
from delivery_api.finding import Verdict
from delivery_api.model import seconds_of
from delivery_api.reasons import Reason
from delivery_oracle.commands.configure import accelerator_classes
from delivery_oracle.configurator import memory
from delivery_oracle.configurator.configure import Proposal, configure
from delivery_oracle.configurator.layout import Room
from delivery_oracle.configurator.speed import batch_rows
from delivery_oracle.configurator.workload import from_audit
from delivery_oracle.stages import config as config_stage
from delivery_oracle.stages import schedule as schedule_stage
from tests.oracle import world as w
from tests.oracle.test_configurator import LLAMA_70B, QWEN2

CLASSES = accelerator_classes(None)
RICH = {"limit": "100000"}
EVERYWHERE = {str(kind.metadata["name"]): Room((8, 8)) for kind in CLASSES}


def ask(keys=w.LARGE, rooms=None, budget=RICH, audit=None, classes=CLASSES, **spec: object) -> Proposal:
    made = w.spec(**spec)
    made = made.model_copy(
        update={"terms": made.terms.model_copy(update={"budget": made.terms.budget.model_copy(update=budget)})}
    )
    return configure(made, from_audit(w.audit(architecture=keys, **(audit or {}))), classes, rooms)


def test_what_fits_on_one_accelerator_is_not_spread():
    seen = ask().resolved()
    assert seen is not None
    assert (seen.schedule.count, seen.schedule.nodes, seen.config.parallelism) == (1, 1, None)


def test_what_does_not_fit_on_one_is_spread_in_parts_over_the_fewest_that_do():
    seen = ask(QWEN2, plan={"method": "Full"})
    best, resolved = seen.option, seen.resolved()
    assert best is not None and resolved is not None and best.fits
    assert resolved.config.parallelism == "FSDP" and resolved.schedule.count == best.layout.count > 1
    load, spec = from_audit(w.audit(architecture=QWEN2)), best.kind.spec
    fewer = memory.estimate(load, w.plan(method="Full"), best.config, True, spec, best.layout.count // 2)
    assert not fewer.fits(spec.memory_bytes)
    assert "does not fit on one" in resolved.reasons["config.parallelism"]
    assert batch_rows(best.config, best.layout.count) == 16


def test_a_given_number_shares_the_batch_and_costs_as_many_seconds():
    one, four = ask(schedule={"acceleratorClass": "h200"}).option, ask(schedule={"acceleratorClass": "h200", "count": 4}).option
    assert one is not None and four is not None
    assert four.config.parallelism == "DataParallel" and batch_rows(four.config, 4) == batch_rows(one.config)
    assert one.duration.expected > four.duration.expected
    assert four.price.expected > one.price.expected, "all four are paid for while one would do"


def test_a_deadline_is_kept_by_more_accelerators():
    """Rows of a thousand tokens: short ones would not fill several accelerators, and then more of them are no faster."""
    long = {"lengths": {"median": 900, "p95": 1200, "maximum": 1500, "mean": 900.0, "answer_maximum": 18}}
    at_leisure = ask(audit=long, schedule={"acceleratorClass": "h200"}, config={"steps": 600}).option
    assert at_leisure is not None and at_leisure.layout.count == 1
    deadline = f"{int(0.7 * at_leisure.duration.high)}s"
    hurried = ask(audit=long, schedule={"acceleratorClass": "h200", "deadline": deadline}, config={"steps": 600}).option
    assert hurried is not None and hurried.layout.count > 1
    assert hurried.duration.high <= seconds_of(deadline) < at_leisure.duration.high


def test_a_deadline_that_nothing_keeps_is_refused():
    spec = w.spec(schedule={"deadline": "1m"})
    seen = schedule_stage.judge(spec, w.audit(), CLASSES)
    assert (seen.verdict, seen.reason) == (Verdict.FAIL, Reason.SCHEDULE_WRONG)
    assert seen.message.startswith("spec.schedule.deadline=1m")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schedule": {"count": 6, "nodes": 4}}, "spec.schedule.nodes=4 does not divide spec.schedule.count=6 evenly"),
        (
            {"schedule": {"count": 1}, "config": {"parallelism": "FSDP"}},
            "spec.config.parallelism=FSDP has no meaning with spec.schedule.count=1; leave one of them out",
        ),
        (
            {"schedule": {"count": 2}, "config": {"parallelism": "FSDP", "precision": "fp16"}},
            "spec.config.precision=fp16 does not go with spec.config.parallelism=FSDP; use bf16",
        ),
    ],
)
def test_what_contradicts_itself_is_named(changes, said):
    seen = ask(**changes)
    assert [str(one) for one in (*seen.schedule_mistakes, *seen.config_mistakes)] == [said]


def test_a_base_that_no_accelerator_could_serve_is_refused_though_it_could_be_trained():
    seen = ask(LLAMA_70B, schedule={"count": 8})
    assert seen.option is None
    assert "the servers use one accelerator each, which does not hold the base's weights" in str(seen.schedule_mistakes[0])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"schedule": {"nodes": 3}}, "spec.schedule.nodes=3"),
        ({"schedule": {"nodes": 2}, "config": {"microBatchSize": 16}}, "spec.schedule.nodes=2"),
        ({"config": {"parallelism": "FSDP", "microBatchSize": 16}}, "spec.config.parallelism=FSDP"),
    ],
)
def test_where_no_number_goes_evenly_the_base_is_not_blamed(changes, field):
    """It is served by any of the classes; a number that is given helps."""
    seen = ask(**changes)
    (said,) = map(str, seen.schedule_mistakes)
    assert said == f"{field}: of 2, 4, 8, 16 accelerators none goes evenly with it and 16 rows a step; give spec.schedule.count"
    assert ask(**changes | {"schedule": changes.get("schedule", {}) | {"count": 6}}).option is not None


def test_the_class_that_has_nodes_is_taken_before_a_cheaper_one_that_has_none():
    cheapest = ask(rooms=EVERYWHERE).option
    assert cheapest is not None
    other = ask(rooms={"h200": Room((8,))})
    assert other.option is not None and other.option.name == "h200" != cheapest.name
    assert cheapest.name in other.reasons["schedule.acceleratorClass"]


def test_a_class_without_nodes_is_taken_when_there_is_no_other_and_it_is_said_that_the_job_waits():
    """A cluster may make nodes for a pod that waits."""
    seen = schedule_stage.judge(w.spec(), w.audit(), CLASSES, rooms={})
    assert seen.verdict is Verdict.PASS and "so its Job will wait for one" in seen.message
    assert "wait" not in schedule_stage.judge(w.spec(), w.audit(), CLASSES, rooms=EVERYWHERE).message


def test_a_budget_takes_the_class_whose_high_estimate_it_holds():
    """Processors are expected to be cheaper here and may be dearer, as they share their node with whatever else runs there."""
    kinds = [w.accelerator("cpu", price_per_hour="0.23"), w.accelerator("a40")]
    rich, poor = (ask(w.SMALL, budget={"limit": limit}, classes=kinds).option for limit in ("0.08", "0.07"))
    assert rich is not None and poor is not None and (rich.name, poor.name) == ("cpu", "a40")
    assert rich.price.expected < poor.price.expected and poor.price.high <= 0.07 < rich.price.high <= 0.08


@pytest.mark.parametrize(
    ("count", "nodes", "wanted"),
    [
        (8, (8, 4), 1),
        (8, (4, 4), 2),
        (8, (4, 2, 2), None),
        (8, (2, 2, 2, 2), 4),
        (16, (8, 8), 2),
        (2, (1, 1), 2),
        (1, (), None),
    ],
)
def test_the_fewest_nodes_with_the_same_number_each(count, nodes, wanted):
    assert Room(nodes).least_nodes(count) == wanted


def test_nodes_are_those_that_there_are():
    placed = ask(rooms={"h200": Room((4, 4))}, schedule={"acceleratorClass": "h200", "count": 8}).resolved()
    assumed = ask(schedule={"acceleratorClass": "h200", "count": 8}).resolved()
    assert placed is not None and placed.schedule.nodes == 2
    assert assumed is not None and assumed.schedule.nodes == 1


def test_the_config_says_how_its_rows_are_shared():
    seen = config_stage.judge(w.spec(schedule={"count": 2}), w.audit(), CLASSES)
    assert seen.verdict is Verdict.PASS and "16 rows (2 accelerators by DataParallel x 1 x 8)" in seen.message


def test_parts_need_less_of_each_processor_than_copies():
    load = from_audit(w.audit())
    plan, config = w.plan(artifact="Adapter"), w.config()
    alone = memory.estimate(load, plan, config, cuda=False)
    parts = memory.estimate(load, plan, config.model_copy(update={"parallelism": "FSDP"}), cuda=False, count=2)
    assert parts.weights == alone.weights // 2 and parts.optimizer == alone.optimizer // 2
    assert parts.workspace > alone.workspace, "what is gathered for a moment counts"


def test_nothing_given_means_nothing_changed():
    """A schedule and a config written before there were several accelerators have the digests that they had."""
    assert Schedule().model_dump(exclude_none=True) == {} and Config().model_dump(exclude_none=True) == {}
