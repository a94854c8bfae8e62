"""A prediction against the run: both sides are said, and a fifth is the line."""

import pytest

from delivery_api.prediction import Prediction
from delivery_oracle.configurator import prediction
from delivery_oracle.configurator.configure import configure
from delivery_oracle.configurator.prediction import compare, is_off, off, sentence
from delivery_oracle.configurator.workload import from_audit
from delivery_oracle.stages import train
from tests.oracle import world

FORESEEN = Prediction(peak_memory_bytes=2_000_000_000, tokens_per_second="500.0")


@pytest.mark.parametrize(
    ("measured", "wrong"),
    [(2_000_000_000, False), (2_400_000_000, False), (2_400_000_001, True), (1_600_000_000, False), (1_599_999_999, True)],
)
def test_a_fifth_is_the_line_on_both_sides(measured: int, wrong: bool):
    """Too much memory fails the next run; too little is money for a card that is not needed."""
    seen = compare(FORESEEN, world.train(peak_memory_bytes=measured, tokens_per_second=500.0))
    assert is_off(seen.peak_memory) is wrong and off(seen) == (("memory",) if wrong else ())


def test_both_sides_of_each_comparison_are_said():
    said = sentence(compare(FORESEEN, world.train(peak_memory_bytes=2_100_000_000, tokens_per_second=900.0)))
    assert said == (
        "memory 2.10 GB of 2.00 GB predicted, 900.0 tokens/s of 500.0 predicted (prediction of speed more than a fifth off)"
    )


def test_what_was_not_measured_is_not_compared():
    """A trainer that could not ask its accelerator has not used nothing."""
    assert compare(FORESEEN, world.train(peak_memory_bytes=0, tokens_per_second=0.0)) is None
    seen = compare(FORESEEN, world.train(peak_memory_bytes=0, tokens_per_second=500.0))
    assert seen.peak_memory is None and "memory" not in sentence(seen)
    assert compare(None, world.train()) is None and compare(FORESEEN, None) is None


def test_no_verdict_hangs_on_it():
    """Slow is dear, and the budget's to say; what was trained is no worse for it."""
    attempts = (world.train(tokens_per_second=1.0),)
    judged = [train.judge(world.spec(), world.plan(), world.config(), attempts, None, seen) for seen in (None, FORESEEN)]
    assert {one.verdict for one in judged} == {"Pass"} and len({one.reason for one in judged}) == 1
    assert judged[1].message == f"{judged[0].message}; {sentence(compare(FORESEEN, attempts[-1]))}"


def test_a_resolution_remembers_what_it_expected():
    assert prediction.of(5, 1234.56) == Prediction(peak_memory_bytes=5, tokens_per_second="1234.6")


def test_what_is_expected_is_what_the_trainer_counts():
    """On a GPU it tells what is allocated; blocks that the allocator keeps beside it would be no error of the prediction."""
    cpu, gpu = (
        configure(world.spec(), from_audit(world.audit(architecture=base)), [world.accelerator(kind)])
        for base, kind in ((world.SMALL, "cpu"), (world.LARGE, "h200"))
    )
    assert cpu.resolved().prediction.peak_memory_bytes == cpu.option.memory.peak
    assert gpu.option.memory.fragmentation > 0
    assert gpu.resolved().prediction.peak_memory_bytes == gpu.option.memory.peak - gpu.option.memory.fragmentation
