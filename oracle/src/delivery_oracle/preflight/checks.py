"""Named checks of what was measured before the first step: causes of runs that train and do not learn.

Each check is a sentence that must hold; it returns what is wrong and what to do, or None. The train stage and a
user's own run ask the same checks; only the words for a field differ, as each typed it somewhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

from delivery_api.driver import Config, Plan
from delivery_api.evidence import Preflight

SMALLEST_BF16_RATE = 1e-5
SMALLEST_KEPT_SHARE = 0.1
SMALLEST_MOVED_SHARE = 0.5
FULL_PRECISION = frozenset({"float32", "fp32", "float64"})


@dataclass(frozen=True)
class Words:
    """Fields by the names that whoever started the run typed; by default those of a Delivery."""

    target: str = "spec.intake.fields.target"
    length: str = "spec.config.sequenceLength"
    rate: str = "spec.config.learningRate"
    targets: str = "spec.config.targets"
    rank: str = "spec.config.rank"
    packing: str = "spec.plan.packing"


@dataclass(frozen=True)
class Case:
    """One run as it stands before its first step."""

    seen: Preflight
    plan: Plan
    config: Config
    words: Words


def every_row_is_supervised(case: Case) -> str | None:
    """Every row has a token in the loss: else the loss is 0 or not a number, and the run ends "successfully"."""
    seen = case.seen
    if seen.rows_unsupervised == 0 and seen.supervised_minimum >= 1:
        return None
    return (
        f"{seen.rows_unsupervised} of {seen.rows} rows have no token in the loss; "
        f"check {case.words.target} and the base's chat template"
    )


def template_marks_the_answer(case: Case) -> str | None:
    """Where the chat template makes the loss mask, it marks the answer; a template without markers masks everything."""
    if case.seen.assistant_tokens is None or case.seen.assistant_tokens > 0:
        return None
    return "the chat template marks no token as the answer; put its answers between {% generation %} and {% endgeneration %}"


def no_row_is_cut(case: Case) -> str | None:
    """No row is longer than the cutoff: what is cut is the answer, or its stop token."""
    seen = case.seen
    if seen.rows_truncated == 0:
        return None
    return (
        f"{seen.rows_truncated} of {seen.rows} rows are longer than {case.words.length}={case.config.sequence_length}; "
        "raise it, or leave it out"
    )


def stop_token_is_learned(case: Case) -> str | None:
    """The last token in the loss of every row is the one that ends a turn: else answers never stop."""
    seen = case.seen
    if seen.stop_supervised == seen.rows:
        return None
    return (
        f"the stop token {seen.stop_token_id} ends the loss of {seen.stop_supervised} of {seen.rows} rows; "
        "all must end with it, or answers never stop"
    )


def stop_token_is_shipped(case: Case) -> str | None:
    """An engine stops on the token that training ends a turn with: the generation config names it."""
    seen = case.seen
    if seen.stop_token_id in seen.generation_stop_ids:
        return None
    shipped = ", ".join(map(str, seen.generation_stop_ids)) or "none"
    return f"training stops on token {seen.stop_token_id}, the generation config on {shipped}; they must agree"


def padding_keeps_the_stop_token(case: Case) -> str | None:
    """Padding does not take the stop token out of the loss, as a collator does that masks by the padding token's id."""
    return "padding hides the stop token from the loss; use another padding token" if case.seen.pad_is_stop else None


def one_beginning_of_text(case: Case) -> str | None:
    """A rendered prompt begins with one beginning-of-text token, not one of the template and one of the tokenizer."""
    if case.seen.begin_tokens <= 1:
        return None
    return f"a rendered prompt has {case.seen.begin_tokens} beginning-of-text tokens; the template already adds one"


def trained_prompt_is_served_prompt(case: Case) -> str | None:
    """Training renders a prompt to the same tokens as serving does."""
    if case.seen.prompt_digest == case.seen.train_prompt_digest:
        return None
    return "prompts are rendered differently for training and for serving; use one chat template for both"


def every_layer_is_adapted(case: Case) -> str | None:
    """Every layer of the base has an adapter: target names that match in a few layers train a few percent of the model."""
    seen = case.seen
    if case.plan.method == "Full" or seen.layers_adapted >= seen.layers:
        return None
    return f'{seen.layers_adapted} of {seen.layers} layers have an adapter; set {case.words.targets} to ["all-linear"]'


def trainable_parameters_add_up(case: Case) -> str | None:
    """As many parameters are trained as the targets and the rank make: r (d_in + d_out) each."""
    seen = case.seen
    if 0 < seen.trainable_parameters == seen.expected_trainable_parameters:
        return None
    return (
        f"{seen.trainable_parameters:,} parameters are trained, {seen.expected_trainable_parameters:,} expected "
        f"from the targets; check {case.words.targets} and {case.words.rank}"
    )


def gradients_reach_the_weights(case: Case) -> str | None:
    """One backward pass gives every trained layer a gradient: checkpointing without gradients of the inputs gives none."""
    if case.seen.input_grads:
        return None
    return "no gradient reaches the trained weights; with gradient checkpointing the inputs need gradients"


def steps_are_not_rounded_away(case: Case) -> str | None:
    """A step of the learning rate changes the trained weights in their number format."""
    if case.config.learning_rate is None:
        return None
    seen, rate = case.seen, float(case.config.learning_rate)
    said = f"{case.words.rate}={case.config.learning_rate} is rounded away in {seen.dtype}"
    if seen.dtype not in FULL_PRECISION and rate < SMALLEST_BF16_RATE:
        return f"{said}; use at least {SMALLEST_BF16_RATE:g} or train in float32"
    if seen.steps_kept is not None and seen.steps_kept < SMALLEST_KEPT_SHARE:
        return f"{said}: a step changes {seen.steps_kept:.0%} of the trained weights; raise it or train in float32"
    return None


def first_steps_change_the_weights(case: Case) -> str | None:
    """The first three steps change most of the trained tensors: an optimizer that was made too early holds others."""
    moved = case.seen.weights_moved
    if moved is None or moved >= SMALLEST_MOVED_SHARE:
        return None
    return (
        f"the first steps changed {moved:.0%} of the trained tensors; make the optimizer from the parameters "
        "of the model that is trained"
    )


def packed_rows_do_not_leak(case: Case) -> str | None:
    """A row packed after another gets the logits it gets alone."""
    if not case.plan.packing or case.seen.packing_isolated is not False:
        return None
    return f"packed rows see each other; set {case.words.packing} to false for this base"
