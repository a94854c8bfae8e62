"""Sample deliveries: files and page are what the configurator says today, and a stop is never dearer than the whole."""

from decimal import Decimal

import pytest

from delivery_api.sealed import look_steps
from delivery_oracle.commands import mistakes
from delivery_oracle.stages.plan import METHODS
from experiments.estimate import samples
from experiments.estimate.samples import FOLDER, PAGE, SAMPLES, Sample

ids = [sample.name for sample in SAMPLES]


def test_the_four_bases_are_there_with_both_methods_on_both_cards():
    seen = {(sample.base, sample.method, sample.kind) for sample in SAMPLES}
    assert len({base for base, *_ in seen}) == 4
    assert {(base, method, kind) for base in samples.BASES for method in ("LoRA", "QLoRA") for kind in ("a40", "h200")} < seen
    assert any(sample.method == "Full" for sample in SAMPLES)


@pytest.mark.parametrize("sample", SAMPLES, ids=ids)
def test_a_file_is_what_the_command_writes_and_has_no_mistake_but_its_method(sample: Sample):
    """A sample that is refused teaches nobody; of QLoRA the page says that it is, and why."""
    assert sample.file.read_text() == samples.text(sample), "run python -m experiments.estimate.samples"
    found, _ = mistakes.find(samples.document(sample))
    assert [one.path for one in found] == ([] if sample.method in METHODS else ["spec.plan.method"])


def test_no_file_is_left_of_a_sample_that_is_gone():
    assert {path.name for path in FOLDER.glob("*.yaml")} == {sample.file.name for sample in SAMPLES}


def test_the_page_is_what_the_configurator_says_today():
    assert PAGE.read_text() == samples.page(), "run python -m experiments.estimate.samples"


@pytest.mark.parametrize("sample", SAMPLES, ids=ids)
def test_a_run_that_is_stopped_costs_less_the_earlier_it_is(sample: Sample):
    found = samples.proposal(sample)
    if found.option is None:
        assert "needs" in samples.refusal(found) and "has" in samples.refusal(found)
        return
    held = found.schedule.count or 1
    prices = [samples.stopped(found.option, held, Decimal(share)) for share in ("0.2", "0.6", "1")]
    assert Decimal(0) < prices[0] < prices[1] < prices[2] < found.option.price.expected


def test_a_stop_at_a_look_pays_for_that_look():
    """Start, a fifth of the training and the first of six looks, at 3.50 an hour."""
    best = samples.proposal(Sample("qwen3-8b", "LoRA", "h200")).option
    taken = look_steps(best.config.steps, 10_000)
    assert len(taken) == 6
    first = Decimal(taken[0]) / best.config.steps
    seconds = best.duration.start + first * best.duration.training + Decimal(best.duration.probe) / 6
    assert samples.stopped(best, 1, first) == pytest.approx(seconds * Decimal("3.50") / 3600)
