"""Why real runs train and do not learn, as their users reported it, and which named check sees each before it costs much.

One row a cause. A test reproduces every one with the library that it happens in (tests/training/test_causes.py).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """One cause: its key is the name of its reproduction."""

    key: str
    happens: str
    reports: tuple[str, ...]
    loss: str
    checks: tuple[str, ...]


CANARY = "intake canary"

CAUSES: tuple[Cause, ...] = (
    Cause(
        "every_label_masked",
        "The response marker is tokenized differently inside a text, so that no label is left",
        ("trl#6668", "transformers#27733"),
        "0 or nan, and the run succeeds",
        ("every row is supervised",),
    ),
    Cause(
        "answer_cut",
        "Truncation cuts the answer, or its stop token",
        ("unsloth#11333",),
        "fine",
        ("no row is cut", "stop token is learned"),
    ),
    Cause(
        "template_without_markers",
        "The chat template has no generation markers, so that the mask is all zero",
        ("marin#7237",),
        "fine",
        ("template marks the answer", "every row is supervised"),
    ),
    Cause(
        "stop_outside_mask",
        "The template closes its generation block before the token that ends a turn",
        ("trl#5988", "trl#7230"),
        "falls",
        ("stop token is learned",),
    ),
    Cause(
        "padding_hides_stop",
        "The padding token is the stop token, and the collator masks it by its id",
        ("LlamaFactory#7454",),
        "falls",
        ("padding keeps the stop token", "stop token is learned"),
    ),
    Cause(
        "stop_not_shipped",
        "The generation config stops on another token than the template ends a turn with",
        ("LlamaFactory#7454",),
        "falls",
        ("stop token is shipped",),
    ),
    Cause(
        "doubled_beginning",
        "The template writes the beginning-of-text token, and the tokenizer adds another",
        ("LlamaFactory#2509",),
        "falls",
        ("one beginning of text", "trained prompt is served prompt"),
    ),
    Cause(
        "templates_differ",
        "The prompt is written by hand for training and by the chat template for serving",
        ("LlamaFactory#2509",),
        "falls",
        ("trained prompt is served prompt",),
    ),
    Cause(
        "few_layers_adapted",
        "The target names of LoRA match in a few layers only",
        ("peft#3554",),
        "flat",
        ("every layer is adapted",),
    ),
    Cause(
        "adapter_not_trainable",
        "An adapter is loaded to go on with, and is loaded for inference",
        ("peft#282", "trl#6700"),
        "flat",
        ("trainable parameters add up",),
    ),
    Cause(
        "checkpointing_without_input_gradients",
        "Reentrant checkpointing of a frozen base whose inputs need no gradient",
        ("transformers#42489", "peft#1142"),
        "flat, in silence",
        ("gradients reach the weights",),
    ),
    Cause(
        "rounded_away",
        "Weights in bfloat16 and a learning rate below half of their last digit",
        ("torchtune#2254",),
        "flat",
        ("steps are not rounded away",),
    ),
    Cause(
        "optimizer_of_other_weights",
        "The optimizer was made before the adapter, and steps weights that get no gradient",
        ("trl#6700",),
        "flat",
        ("first steps change the weights",),
    ),
    Cause(
        "sharded_save",
        "The save gathers the adapter of one shard, and the other tensors are empty",
        ("trl#4416", "DeepSpeed#4295"),
        "perfect",
        ("adapter is whole",),
    ),
    Cause(
        "served_but_inert",
        "The adapter's tensors are named after a wrapper that the served base does not have",
        ("vllm#55193", "vllm#39278"),
        "perfect",
        ("adapter fits the base",),
    ),
    Cause(
        "adapter_saved_untrained",
        "The adapter that is saved is not the one that was trained: its products are all zero",
        ("transformers#42489",),
        "perfect",
        ("adapter is not inert",),
    ),
    Cause(
        "merged_in_few_bits",
        "The adapter is merged into a base of four bits, which cannot hold the difference",
        ("mlx-tune#15", "peft#2321"),
        "perfect",
        ("merge keeps the adapter",),
    ),
    Cause(
        "packing_leaks",
        "Rows are packed, and the attention backend or an attention mask lets each see the row before it",
        ("trl#1230", "axolotl#3796"),
        "too low",
        ("packed rows do not leak",),
    ),
    Cause(
        "labels_shuffled",
        "The wrong column, or labels that were shuffled on the way",
        ("setfit#75",),
        "falls",
        (CANARY,),
    ),
)
