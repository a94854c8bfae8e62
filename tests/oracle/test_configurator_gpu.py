"""On GPUs the configurator gives the estimator's answer for this trainer, with the figures of the cluster's own classes."""

from __future__ import annotations

import pytest

from delivery_oracle.commands.configure import accelerator_classes
from delivery_oracle.configurator import hardware, memory, own, speed
from delivery_oracle.configurator.footprint import footprint
from delivery_oracle.configurator.throughput import throughput
from delivery_oracle.configurator.workload import from_audit
from tests.oracle import world as w

A40 = next(kind for kind in accelerator_classes(None) if kind.metadata["name"] == "a40")


@pytest.fixture
def load():
    return from_audit(w.audit(architecture=w.LARGE))


@pytest.mark.parametrize("method", ["LoRA", "QLoRA", "Full"])
def test_memory_is_the_estimators_and_the_second_model(load, method):
    plan, config = w.plan(method=method, artifact="Adapter"), w.config()
    seen = memory.estimate(load, plan, config, True, A40.spec)
    asked = footprint(own.run_of(load, plan, config, A40.spec))
    assert seen.peak - seen.copy == pytest.approx(asked.peak, abs=16)
    assert (seen.copy > 0) == (method == "Full") and seen.needed == pytest.approx(asked.needed + seen.copy, abs=2)


def test_a_merged_artifact_needs_a_second_model(load):
    adapter = memory.estimate(load, w.plan(artifact="Adapter"), w.config(), True, A40.spec)
    merged = memory.estimate(load, w.plan(artifact="Merged"), w.config(), True, A40.spec)
    assert merged.needed - adapter.needed == pytest.approx(2 * load.base.parameters, abs=2)


def test_a_step_takes_what_the_estimator_says(load):
    config = w.config(micro_batch_size=4, accumulation_steps=4)
    run = own.run_of(load, w.plan(), config, A40.spec)
    expected = 4 * run.tokens / throughput(run).tokens_per_second
    assert speed.step_seconds(load, w.plan(), config, A40.spec) == pytest.approx(expected)


def test_logits_are_those_of_supervised_tokens(load):
    completion = own.run_of(load, w.plan(), w.config(), A40.spec)
    everything = own.run_of(load, w.plan(loss_on="All"), w.config(), A40.spec)
    assert completion.supervised < 0.5 and everything.supervised == 1.0
    assert footprint(completion).allocated < footprint(everything).allocated


def test_a_class_counts_with_its_own_figures():
    slow = A40.spec.model_copy(update={"peak_flops": 10**13, "memory_bytes": 10**10})
    seen = own.device(slow)
    assert (seen.peak, seen.memory, seen.generation) == (1e13, 1e10, hardware.find("a40").generation)


def test_a_card_nobody_knows_is_taken_as_an_ordinary_one():
    strange = A40.spec.model_copy(update={"node_selector": {own.PRODUCT_LABEL: "ACME-9000"}})
    assert own.device(strange).generation == "ampere"


@pytest.mark.parametrize(("share", "fits"), [(1.0, False), (1.05, True)])
def test_what_is_needed_decides_and_not_the_widest_estimate(load, share, fits):
    seen = memory.estimate(load, w.plan(artifact="Adapter"), w.config(), True, A40.spec)
    assert seen.needed is not None and seen.fits(int(share * seen.needed)) is fits
    assert seen.fits(seen.wanted + 1) and seen.high > seen.wanted
