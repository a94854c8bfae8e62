"""Named checks of what the trainer measured in its first seconds: causes of runs that train and do not learn.

Each check is a sentence that must hold; it returns what is wrong and what to do, or None. The list is read
top to bottom by the train stage and all objections are reported together.
"""

from __future__ import annotations

from collections.abc import Callable

from delivery_api.driver import Config, Plan
from delivery_api.evidence import ArtifactRecord, Preflight

SMALLEST_BF16_RATE = 1e-5
FULL_PRECISION = frozenset({"float32", "fp32", "torch.float32"})
MERGE_FORMATS = frozenset({"float32", "fp32", "bfloat16", "bf16", "float16", "fp16"})

Check = Callable[[Preflight, Plan, Config], str | None]


def every_row_is_supervised(seen: Preflight, plan: Plan, config: Config) -> str | None:
    if seen.rows_unsupervised == 0 and seen.supervised_minimum >= 1:
        return None
    return (
        f"{seen.rows_unsupervised} of {seen.rows} rows have no token in the loss; "
        "check spec.intake.fields.target and the base's chat template"
    )


def no_row_is_cut(seen: Preflight, plan: Plan, config: Config) -> str | None:
    if seen.rows_truncated == 0:
        return None
    return (
        f"{seen.rows_truncated} of {seen.rows} rows are longer than spec.config.sequenceLength={config.sequence_length}; "
        "raise it, or leave it out"
    )


def stop_token_is_learned(seen: Preflight, plan: Plan, config: Config) -> str | None:
    if seen.stop_supervised == seen.rows:
        return None
    return (
        f"the stop token {seen.stop_token_id} ends the loss of {seen.stop_supervised} of {seen.rows} rows; "
        "all must end with it, or answers never stop"
    )


def stop_token_is_shipped(seen: Preflight, plan: Plan, config: Config) -> str | None:
    if seen.stop_token_id in seen.generation_stop_ids:
        return None
    shipped = ", ".join(map(str, seen.generation_stop_ids)) or "none"
    return f"training stops on token {seen.stop_token_id}, the generation config on {shipped}; they must agree"


def padding_keeps_the_stop_token(seen: Preflight, plan: Plan, config: Config) -> str | None:
    return "padding hides the stop token from the loss; use another padding token" if seen.pad_is_stop else None


def one_beginning_of_text(seen: Preflight, plan: Plan, config: Config) -> str | None:
    if seen.begin_tokens <= 1:
        return None
    return f"a rendered prompt has {seen.begin_tokens} beginning-of-text tokens; the template already adds one"


def trained_prompt_is_served_prompt(seen: Preflight, plan: Plan, config: Config) -> str | None:
    if seen.prompt_digest == seen.train_prompt_digest:
        return None
    return "prompts are rendered differently for training and for serving; use one chat template for both"


def every_layer_is_adapted(seen: Preflight, plan: Plan, config: Config) -> str | None:
    if plan.method == "Full" or seen.layers_adapted >= seen.layers:
        return None
    return f'{seen.layers_adapted} of {seen.layers} layers have an adapter; set spec.config.targets to ["all-linear"]'


def trainable_parameters_add_up(seen: Preflight, plan: Plan, config: Config) -> str | None:
    if 0 < seen.trainable_parameters == seen.expected_trainable_parameters:
        return None
    return (
        f"{seen.trainable_parameters:,} parameters are trained, {seen.expected_trainable_parameters:,} expected "
        "from the targets; check spec.config.targets and spec.config.rank"
    )


def gradients_reach_the_weights(seen: Preflight, plan: Plan, config: Config) -> str | None:
    if seen.input_grads:
        return None
    return "no gradient reaches the trained weights; with gradient checkpointing the inputs need gradients"


def steps_are_not_rounded_away(seen: Preflight, plan: Plan, config: Config) -> str | None:
    rate = float(config.learning_rate or "0")
    if seen.dtype in FULL_PRECISION or rate >= SMALLEST_BF16_RATE:
        return None
    return (
        f"spec.config.learningRate={config.learning_rate} is rounded away in {seen.dtype}; "
        f"use at least {SMALLEST_BF16_RATE:g} or train in float32"
    )


def packed_rows_do_not_leak(seen: Preflight, plan: Plan, config: Config) -> str | None:
    if not plan.packing or seen.packing_isolated:
        return None
    return "packed rows see each other; set spec.plan.packing to false for this base"


CHECKS: tuple[Check, ...] = (
    every_row_is_supervised,
    no_row_is_cut,
    stop_token_is_learned,
    stop_token_is_shipped,
    padding_keeps_the_stop_token,
    one_beginning_of_text,
    trained_prompt_is_served_prompt,
    every_layer_is_adapted,
    trainable_parameters_add_up,
    gradients_reach_the_weights,
    steps_are_not_rounded_away,
    packed_rows_do_not_leak,
)


def objections(seen: Preflight, plan: Plan, config: Config) -> tuple[str, ...]:
    """All that is wrong before the first step, each with the name of its check."""
    found = ((check.__name__, check(seen, plan, config)) for check in CHECKS)
    return tuple(f"{name.replace('_', ' ')}: {text}" for name, text in found if text)


def artifact_objection(seen: Preflight, artifact: ArtifactRecord, plan: Plan) -> str | None:
    """What is wrong with what was saved: a sharded save that lost the adapter, an inert one, a merge into few bits."""
    if artifact.bytes <= 0:
        return "the artifact is empty"
    if artifact.kind == "Merged" and artifact.merge_dtype and artifact.merge_dtype not in MERGE_FORMATS:
        return f"merged in {artifact.merge_dtype}, which loses the adapter; merge in bfloat16 or float32"
    if plan.method == "Full":
        return None
    if artifact.adapter_norm <= 0.0:
        return "the adapter is inert: all its B A products are zero"
    smallest = 2 * seen.trainable_parameters
    if artifact.adapter_bytes < smallest:
        return f"the adapter has {artifact.adapter_bytes:,} bytes, at least {smallest:,} expected; the save lost a part"
    return None
