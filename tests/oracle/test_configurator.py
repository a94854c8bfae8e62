"""The configurator: exact parameter counts, what fits where, and which given value is wrong against what."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery_oracle.configurator import architecture, memory
from delivery_oracle.configurator.configure import Proposal, configure
from delivery_oracle.configurator.workload import from_audit
from delivery_oracle.stages import config as config_stage
from tests.oracle import world as w

ALL = (w.accelerator("cpu"), w.accelerator("a40"), w.accelerator("h200"))
MIXTRAL = {
    "model_type": "mixtral",
    "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336, "vocab_size": 32000, "num_local_experts": 8, "num_experts_per_tok": 2,
    "tie_word_embeddings": False,
}  # fmt: skip
QWEN_MOE = {
    "model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 32,
    "num_key_value_heads": 4,
    "head_dim": 128, "intermediate_size": 6144, "moe_intermediate_size": 768, "vocab_size": 151936, "num_experts": 128,
    "num_experts_per_tok": 8, "tie_word_embeddings": False,
}  # fmt: skip
QWEN2 = {
    "model_type": "qwen2", "hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
    "intermediate_size": 18944, "vocab_size": 152064, "tie_word_embeddings": False,
}  # fmt: skip
GEMMA2 = {
    "model_type": "gemma2", "hidden_size": 3584, "num_hidden_layers": 42, "num_attention_heads": 16, "num_key_value_heads": 8,
    "head_dim": 256, "intermediate_size": 14336, "vocab_size": 256000,
}  # fmt: skip
GPT2 = {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024, "vocab_size": 50257}
QWEN_32B = w.LARGE | {"hidden_size": 5120, "num_hidden_layers": 64, "num_attention_heads": 64, "intermediate_size": 25600}
LLAMA_70B = {
    "model_type": "llama", "hidden_size": 8192, "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8,
    "intermediate_size": 28672, "vocab_size": 128256, "tie_word_embeddings": False,
}  # fmt: skip


def ask(classes=ALL, audit: dict | None = None, **spec: object) -> Proposal:
    return configure(w.spec(**spec), from_audit(w.audit(**(audit or {}))), classes)


@pytest.mark.parametrize(
    ("keys", "parameters"),
    [
        pytest.param(w.SMALL, 134_515_008, id="SmolLM2-135M, tied, grouped queries"),
        pytest.param(w.LARGE, 8_190_735_360, id="Qwen3-8B, head norms"),
        pytest.param(QWEN2, 7_615_616_512, id="Qwen2.5-7B, biases"),
        pytest.param(GEMMA2, 9_241_705_984, id="Gemma-2-9B, four norms, tied by default"),
        pytest.param(LLAMA_70B, 70_553_706_496, id="Llama-3.3-70B"),
        pytest.param(MIXTRAL, 46_702_792_704, id="Mixtral-8x7B, experts"),
        pytest.param(QWEN_MOE, 30_532_122_624, id="Qwen3-30B-A3B, many small experts"),
        pytest.param(GPT2, 124_439_808, id="GPT-2, ungated, learned positions"),
    ],
)
def test_parameters_are_counted_exactly(keys, parameters):
    assert architecture.read(keys).parameters == parameters


def test_a_text_model_inside_a_larger_one_is_read():
    assert architecture.read({"model_type": "gemma3", "text_config": w.LARGE}).parameters == 8_190_735_360


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "hidden_size is missing; is the base a causal language model?"),
        (w.SMALL | {"hidden_size": "576"}, "hidden_size='576' is not a whole number"),
        (w.SMALL | {"kv_lora_rank": 512}, "latent attention"),
    ],
)
def test_a_base_that_is_not_understood_says_why(keys, words):
    with pytest.raises(ValueError) as error:
        architecture.read(keys)
    assert words in str(error.value)


def test_an_adapter_on_all_linear_layers_has_the_size_peft_gives():
    assert architecture.read(w.SMALL).adapter_parameters(16) == 4_884_480


def test_the_small_base_gets_the_measured_recipe():
    best = ask().option
    assert best is not None and best.name == "cpu"
    seen = best.config
    assert (seen.steps, seen.warmup_steps, seen.learning_rate, seen.rank, seen.alpha) == (100, 20, "1e-3", 16, 32)
    assert (seen.micro_batch_size, seen.accumulation_steps, seen.precision) == (16, 1, "bf16")


def test_a_training_step_takes_what_was_measured_on_two_cores():
    """1.45 s for 16 short rows, packed, in bf16."""
    best = ask().option
    assert best is not None and best.duration.training / 100 == pytest.approx(1.45, rel=0.1)


@pytest.mark.parametrize(
    ("keys", "rate"), [(w.SMALL, "1e-3"), (QWEN2, "2e-4"), (w.LARGE, "2e-4"), (QWEN_32B, "1e-4"), (GPT2, "1e-3")]
)
def test_larger_bases_get_smaller_rates(keys, rate):
    best = ask(audit={"architecture": keys}, terms__budget__limit="1000").option
    assert best is not None and best.config.learning_rate == rate


def test_every_field_is_filled_and_has_a_reason():
    resolved = ask().resolved()
    assert resolved is not None
    for part in ("config", "schedule"):
        for name, info in type(getattr(resolved, part)).model_fields.items():
            if name not in ("queue", "deadline", "parallelism"):
                assert getattr(getattr(resolved, part), name) is not None
                assert 5 < len(resolved.reasons[f"{part}.{info.alias}"]) < 120


def test_given_values_stay():
    resolved = ask(config={"steps": 60, "rank": 8, "learningRate": "5e-4"}).resolved()
    assert resolved is not None
    assert (resolved.config.steps, resolved.config.rank, resolved.config.alpha) == (60, 8, 16)
    assert resolved.config.warmup_steps == 12 and resolved.reasons["config.steps"] == "given, and certified"


@pytest.mark.parametrize(
    ("given_config", "words"),
    [
        ({"precision": "fp16"}, "spec.config.precision=fp16 has no fast kernels on a processor"),
        ({"sequenceLength": 64}, "spec.config.sequenceLength=64 < longest row of 120 tokens, which would be cut; use 192"),
        ({"sequenceLength": 100000}, "> the base's context of 8192 tokens"),
        ({"microBatchSize": 16, "accumulationSteps": 1024}, "makes a batch of 16384 rows > 4000 training rows"),
        ({"steps": 9000}, "spec.config.steps=9000 of 16 rows are 36.0 epochs > 20; use at most 5000, 100 will do"),
        ({"steps": 100, "warmupSteps": 60}, "spec.config.warmupSteps=60 > half of spec.config.steps=100; use 20"),
        ({"learningRate": "5e-1"}, "spec.config.learningRate=5e-1 would diverge, outside 0.0001 to 0.01 for LoRA; use 1e-3"),
        ({"learningRate": "1e-6"}, "would hardly move the weights"),
        ({"rank": 1024}, "spec.config.rank=1024 > 192, the shorter side of the smallest targeted layer; use 16"),
        ({"alpha": 1}, "spec.config.alpha=1 is 0.0625 times spec.config.rank"),
        ({"targets": ["q_proj", "w1"]}, "names w1, which the base has not"),
        ({"targets": []}, "names no layer"),
        ({"microBatchSize": 2048}, "spec.config.microBatchSize=2048 does not fit: it needs"),
    ],
)
def test_a_wrong_value_is_named_with_what_it_is_wrong_against(given_config, words):
    (mistake,) = ask(ALL[:1], config=given_config).config_mistakes
    assert words in str(mistake)


def test_all_wrong_values_are_named_at_once():
    found = ask(config={"rank": 1024, "learningRate": "9", "steps": 100, "warmupSteps": 99}).config_mistakes
    assert [mistake.path for mistake in found] == ["spec.config.learningRate", "spec.config.rank", "spec.config.warmupSteps"]


def test_a_full_fine_tune_has_no_rank():
    found = ask(plan={"method": "Full"}, config={"rank": 8}).config_mistakes
    assert [mistake.path for mistake in found] == ["spec.config.rank"]


@pytest.mark.parametrize(
    ("keys", "method", "name"),
    [
        pytest.param(w.SMALL, "LoRA", "cpu", id="135M on processors"),
        pytest.param(w.LARGE, "LoRA", "a40", id="8B on an A40"),
        pytest.param(GEMMA2, "LoRA", "a40", id="9B on an A40"),
        pytest.param(QWEN2, "Full", "a40", id="all of 7B in parts on A40s"),
        pytest.param(LLAMA_70B, "LoRA", None, id="70B in 16 bits is served by none"),
        pytest.param(QWEN_32B, "LoRA", "h200", id="32B on an H200"),
    ],
)
def test_the_cheapest_class_that_fits_is_taken(keys, method, name):
    best = ask(audit={"architecture": keys}, plan={"method": method}).option
    assert (best.name if best else None) == name


@pytest.mark.parametrize(("tokens", "measured"), [(50.3, (5.56,)), (73.0, (5.88, 6.72))])
def test_whole_runs_on_two_cores_peak_where_they_were_measured(tokens, measured):
    lengths = {"median": 50, "p95": 120, "maximum": 140, "mean": tokens, "answer_maximum": 18}
    load = from_audit(w.audit(lengths=lengths, supervised_tokens=7.0))
    seen = memory.estimate(load, w.plan(), w.config(), cuda=False)
    assert all(seen.low <= peak * 1e9 <= seen.high for peak in measured)


@pytest.mark.parametrize(
    ("rows", "changes", "gigabytes"),
    [
        (4, {}, 0.334),
        (16, {}, 1.230),
        (32, {}, 2.422),
        (16, {"gradient_checkpointing": True}, 0.480),
        (16, {"precision": "fp32"}, 2.147),
    ],
)
def test_a_forward_pass_holds_what_was_measured(rows, changes, gigabytes):
    """Resident memory of a forward pass over packed rows of 50 tokens, 7 supervised, less what was there before."""
    lengths = {"median": 50, "p95": 50, "maximum": 50, "mean": 50.0, "answer_maximum": 7}
    load = from_audit(w.audit(lengths=lengths, supervised_tokens=7.0))
    seen = memory.estimate(load, w.plan(), w.config(micro_batch_size=rows, **changes), cuda=False)
    assert (seen.activations + 0.6 * seen.logits) / 1e9 == pytest.approx(gigabytes, rel=0.20)


def test_what_does_not_fit_says_what_would():
    said = ask(ALL[:1], {"architecture": LLAMA_70B}).no_class or ""
    assert "needs" in said and "cpu has 10 GB" in said and "use a class with more memory, or a smaller base" in said


def test_four_bits_need_a_gpu():
    assert "processors" in (ask(ALL[:1], plan={"method": "QLoRA"}).no_class or "")


@settings(max_examples=40, deadline=None)
@given(st.permutations(ALL), st.integers(20, 20_000), st.sampled_from(["LoRA", "QLoRA", "Full"]))
def test_the_order_of_classes_does_not_matter(classes, rows, method):
    changes = {"train": {"rows": rows, "empty": 0, "duplicates": 0, "conflicting": 0}}
    one, other = (ask(order, changes, plan={"method": method}) for order in (ALL, tuple(classes)))
    assert one.resolved() == other.resolved() and one.option == other.option


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([w.SMALL, QWEN2, w.LARGE]), st.integers(1, 4), st.booleans())
def test_more_rows_take_more_memory_and_checkpointing_less(keys, power, checkpointing):
    load, plan = from_audit(w.audit(architecture=keys)), w.plan()

    def peak(rows: int, checkpointed: bool) -> int:
        config = w.config(micro_batch_size=rows, gradient_checkpointing=checkpointed)
        return memory.estimate(load, plan, config, cuda=True).peak

    assert peak(2**power, checkpointing) < peak(2 ** (power + 1), checkpointing)
    assert peak(2**power, True) < peak(2**power, False)


def test_the_parts_of_memory_are_those_of_the_formula():
    load = from_audit(w.audit(architecture=w.LARGE))
    parts = memory.estimate(load, w.plan(), w.config(), cuda=True)
    assert parts.weights == 2 * 8_190_735_360
    assert (parts.adapter, parts.gradients, parts.optimizer) == (4 * 43_646_976, 4 * 43_646_976, 8 * 43_646_976)
    full = memory.estimate(load, w.plan(method="Full"), w.config(), cuda=True)
    assert full.weights + full.copy + full.gradients + full.optimizer == 22 * 8_190_735_360


def test_dollars_are_exact():
    best = ask().option
    assert best is not None
    seconds = best.duration.expected
    assert best.price.expected == (Decimal(seconds) * Decimal("0.10") / 3600).quantize(Decimal("0.000001"))
    assert best.price.low < best.price.expected < best.price.high


def test_the_packaged_classes_are_those_of_the_chart(request):
    """Prices and peaks live in the chart; the copy in the package must not go its own way."""
    root = request.config.rootpath
    chart = yaml.safe_load((root / "charts/delivery-operator/values.yaml").read_text())["acceleratorClasses"]
    packaged = (root / "oracle/src/delivery_oracle/data/accelerators.yaml").read_text()
    assert {one["metadata"]["name"]: one["spec"] for one in yaml.safe_load_all(packaged)} == chart


def test_a_config_that_was_proposed_is_certified_when_given_back():
    """What the configurator wrote must not be wrong when a driver copies it."""
    resolved = ask().resolved()
    assert resolved is not None
    spec = w.spec().model_copy(update={"plan": resolved.plan, "config": resolved.config, "schedule": resolved.schedule})
    again = config_stage.propose(spec, w.audit(), ALL)
    assert not again.config_mistakes and again.option is not None and again.option.config == resolved.config
