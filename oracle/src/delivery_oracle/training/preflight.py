"""The preflight of a run of your own: measured on your model and your batch, judged by the checks of the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from delivery_api.driver import Config, Plan
from delivery_api.evidence import ArtifactRecord, Preflight
from delivery_measure import saved, weights
from delivery_measure.preflight import Pack, measure
from delivery_measure.prompts import Messages
from delivery_oracle.preflight import Words, artifact_objection, not_measured, objections

WORDS = Words(
    target="the column of the answers",
    length="max_length",
    rate="learning_rate",
    targets="LoraConfig.target_modules",
    rank="LoraConfig.r",
    packing="packing",
)


class CannotLearn(RuntimeError):
    """The run could not learn, or what it saved is not what it trained; the message names every check that objects."""


@dataclass(frozen=True)
class Report:
    """What was measured before the first step, what is wrong with it, and what could not be judged."""

    measured: Preflight
    plan: Plan
    config: Config

    @property
    def objections(self) -> tuple[str, ...]:
        """All that is wrong, each headed by the name of its check."""
        return objections(self.measured, self.plan, self.config, WORDS)

    @property
    def not_measured(self) -> tuple[str, ...]:
        """Names of checks that had nothing to judge."""
        silent = not_measured(self.measured)
        silent += () if self.config.sequence_length else ("no row is cut",)
        return silent + (() if self.config.learning_rate else ("steps are not rounded away",))

    def after_first_steps(self, moved: float) -> Report:
        """This report, with the share of trained tensors that the first steps changed."""
        return replace(self, measured=self.measured.model_copy(update={"weights_moved": moved}))

    def require(self) -> Report:
        """This report; CannotLearn when a check objects."""
        if self.objections:
            raise CannotLearn("; ".join(self.objections))
        return self

    def __str__(self) -> str:
        if self.objections:
            return "\n".join(f"preflight: {text}" for text in self.objections)
        silent = f"; not measured: {', '.join(self.not_measured)}" if self.not_measured else ""
        return f"preflight: {self.measured.rows} rows, no objection{silent}"


def check_run(
    model: Any,
    tokenizer: Any,
    batch: Mapping[str, Any],
    *,
    learning_rate: float | None = None,
    max_length: int | None = None,
    conversations: Sequence[Messages] | None = None,
    masked_by_template: bool = False,
    pack: Pack | None = None,
    loss: Callable[[], Tensor] | None = None,
) -> Report:
    """Judge a run that is about to start by one batch as its collator makes it; seconds, and the model is left as it was.

    Arguments as in `delivery_measure.preflight.measure`. What is left out is not judged, and the report says so.
    """
    seen = measure(
        model,
        tokenizer,
        batch,
        learning_rate=learning_rate,
        max_length=max_length,
        conversations=conversations,
        masked_by_template=masked_by_template,
        pack=pack,
        loss=loss,
    )
    plan = Plan(method=method_of(model), packing=pack is not None)
    rate = format(learning_rate, ".3g") if learning_rate else None
    # The evidence's own check of the sequence length is for orders, where 16 tokens are the least; here any cutoff may be.
    config = Config.model_construct(learning_rate=rate, sequence_length=max_length)
    return Report(seen, plan, config)


def check_saved(folder: Path | str, model: Any, *, merged: Any = None) -> ArtifactRecord:
    """Measure an adapter that was saved to a folder against the model that it was trained on; CannotLearn on an objection.

    `merged`: the model with the adapter merged into it, where that is what will be served.
    """
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    record = saved.adapter(Path(folder), base)
    if merged is not None:
        kept, dtype = saved.merge_kept(model, merged), saved.merge_dtype(model, merged)
        record = record.model_copy(update={"kind": "Merged", "merge_dtype": dtype, "merge_kept": kept})
    wrong = artifact_objection(weights.expected_parameters(model), record, Plan(method="LoRA"))
    if wrong:
        raise CannotLearn(wrong)
    return record


def method_of(model: Any) -> Literal["LoRA", "Full"]:
    """What is trained: an adapter, or the model itself."""
    return "LoRA" if next(weights.adapters(model), None) is not None else "Full"
