"""What the estimator knows as data: accelerators and trainers by the names people use, and its fitted numbers."""

from __future__ import annotations

import pytest

from delivery_oracle.configurator import hardware, stacks
from delivery_oracle.configurator.coefficients import fitted


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("A100-SXM4-80GB", "a100-80gb"), ("NVIDIA A100", "a100-80gb"), ("a100_40gb", "a100-40gb"),
        ("RTX 4090 24GB", "rtx-4090"),
        ("H200 141GB", "h200"), ("NVIDIA-A40", "a40"), ("L40S", "l40s"), ("cpu", "cpu"), ("A6000 Ada 48GB", "rtx-6000-ada"),
        ("NVIDIA-H100-80GB-HBM3", "h100-80gb"), ("A10G", "a10g"),
    ],
)  # fmt: skip
def test_accelerators_are_found_by_the_names_people_use(spelling, name):
    assert hardware.find(spelling).name == name


def test_every_accelerator_has_a_source_and_sensible_numbers():
    for one in hardware.catalogue().values():
        assert 5e9 < one.memory < 3e11 and one.bandwidth < one.peak and one.per_node >= 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("torchtune 0.4", "torchtune"),
        ("TRL with Liger", "liger"),
        ("Unsloth 2025.3", "unsloth"),
        ("my own loop", "default"),
        ("TRL on Qwen2.5-7B", "default"),
        ("Qwen finetune.py", "qwen"),
        ("fsdp_qlora", "fsdp-qlora"),
    ],
)
def test_a_stack_is_found_by_its_name(text, name):
    assert stacks.read(text).stack.name == name


@pytest.mark.parametrize("text", ["axolotl with Liger", "TRL, cut cross entropy", "torchtune, CCE"])
def test_a_fused_loss_is_read_beside_any_trainer(text):
    assert stacks.read(text).stack.chunked_loss and stacks.read(text).stack.norm == "fused"


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("torchtitan TP8 CP=2", "tensor", 8), ("torchtitan TP8 CP=2", "context", 2), ("grad accum 16", "accumulation", 16),
        ("FSDP+CPU offload", "offloads_weights", True), ("activation offload", "offloads_activations", True),
        ("optimizer_in_bwd", "step_in_backward", True), ("LoRA (emb)", "trains_embeddings", True), ("bf16 PURE", "pure", True),
        ("transformers 4.40", "logit_bytes", 18.0), ("transformers==4.51.3", "logit_bytes", 10.0),
        ("torchtitan", "compiles_loss", False), ("torchtitan 2025-06", "compiles_loss", True),
        ("litgpt bnb.nf4-dq", "four_bits", 0.516), ("litgpt bnb.nf4", "four_bits", 0.5625),
    ],
)  # fmt: skip
def test_words_of_a_stack_text_are_read(text, field, value):
    assert getattr(stacks.read(text), field) == value


def test_every_fitted_number_is_inside_its_documented_range():
    """The file is read again, as the class drops ranges."""
    from importlib import resources

    import yaml

    from delivery_oracle import data

    entries = yaml.safe_load(resources.files(data).joinpath("coefficients.yaml").read_text())
    for name in vars(fitted()):
        low, high = entries[name]["range"]
        assert low <= entries[name]["value"] <= high and entries[name]["meaning"]
    assert set(entries) == set(vars(fitted()))
