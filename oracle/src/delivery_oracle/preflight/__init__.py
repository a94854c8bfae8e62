"""The preflight: can this run learn at all, and is what it saved what it trained? Judged from measurements alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from delivery_api.driver import Config, Plan
from delivery_api.evidence import ArtifactRecord, Preflight
from delivery_oracle.preflight import checks, saved
from delivery_oracle.preflight.checks import Case, Words
from delivery_oracle.preflight.saved import Saved

__all__ = ["CHECKS", "SAVED_CHECKS", "Check", "Words", "artifact_objection", "not_measured", "objections"]

Run = TypeVar("Run", Case, Saved)


@dataclass(frozen=True)
class Check(Generic[Run]):
    """A sentence that must hold, and the measurements it is about. One that is absent cannot object."""

    objection: Callable[[Run], str | None]
    measured: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.objection.__name__.replace("_", " ")

    @property
    def sentence(self) -> str:
        return " ".join((self.objection.__doc__ or "").split())

    def said(self, run: Run) -> str | None:
        """The objection, headed by the check's name."""
        text = self.objection(run)
        return f"{self.name}: {text}" if text else None


CHECKS: tuple[Check[Case], ...] = (
    Check(checks.every_row_is_supervised, ("rows_unsupervised", "supervised_minimum")),
    Check(checks.template_marks_the_answer, ("assistant_tokens",)),
    Check(checks.no_row_is_cut, ("rows_truncated",)),
    Check(checks.stop_token_is_learned, ("stop_supervised", "stop_token_id")),
    Check(checks.stop_token_is_shipped, ("generation_stop_ids", "stop_token_id")),
    Check(checks.padding_keeps_the_stop_token, ("pad_is_stop",)),
    Check(checks.one_beginning_of_text, ("begin_tokens",)),
    Check(checks.trained_prompt_is_served_prompt, ("prompt_digest", "train_prompt_digest")),
    Check(checks.every_layer_is_adapted, ("layers", "layers_adapted")),
    Check(checks.trainable_parameters_add_up, ("trainable_parameters", "expected_trainable_parameters")),
    Check(checks.gradients_reach_the_weights, ("input_grads",)),
    Check(checks.steps_are_not_rounded_away, ("dtype", "steps_kept")),
    Check(checks.first_steps_change_the_weights, ("weights_moved",)),
    Check(checks.packed_rows_do_not_leak, ("packing_isolated",)),
)

SAVED_CHECKS: tuple[Check[Saved], ...] = (
    Check(saved.artifact_is_not_empty, ("bytes",)),
    Check(saved.merge_keeps_the_adapter, ("merge_dtype", "merge_kept")),
    Check(saved.adapter_is_not_inert, ("adapter_norm",)),
    Check(saved.adapter_is_whole, ("adapter_bytes",)),
    Check(saved.adapter_fits_the_base, ("adapter_unmatched",)),
)


def objections(seen: Preflight, plan: Plan, config: Config, words: Words | None = None) -> tuple[str, ...]:
    """All that is wrong before the first step, each with the name of its check, in the words of whoever typed the fields."""
    case = Case(seen, plan, config, words or Words())
    return tuple(text for check in CHECKS if (text := check.said(case)))


def not_measured(seen: Preflight) -> tuple[str, ...]:
    """Names of checks that had nothing to judge: no objection of theirs is no word in the run's favour."""
    return tuple(check.name for check in CHECKS if all(getattr(seen, field) is None for field in check.measured))


def artifact_objection(trained: int, artifact: ArtifactRecord, plan: Plan) -> str | None:
    """The first thing that is wrong with what was saved of `trained` parameters."""
    case = Saved(artifact, trained, plan)
    return next((text for check in SAVED_CHECKS if (text := check.said(case))), None)
