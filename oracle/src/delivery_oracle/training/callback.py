"""One line for Hugging Face Trainer: `trainer.add_callback(CleanProbe(sealed_rows, margin=0.2))`.

Before the first step the run's own batch and model are held against the preflight; during training fresh sealed rows
are asked at every look, and a run that is shown not to learn is stopped.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TextIO

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from delivery_measure import weights
from delivery_oracle.probe import Assessment, Outcome
from delivery_oracle.training import picture as pictures
from delivery_oracle.training.answers import Answers, Prompt, Score
from delivery_oracle.training.items import Item, items_of
from delivery_oracle.training.looks import Probe
from delivery_oracle.training.preflight import Report, check_run
from delivery_oracle.training.terminal import Screen

RECORD = "clean_probe.json"
PREFLIGHT_ROWS = 8
LARGEST_SEARCH = 200_000


class CleanProbe(TrainerCallback):
    """Asks sealed rows during training, and stops a run that is shown not to learn.

    `rows` are sealed: they must not be among the training rows. `text` and `target` are their columns. `margin` is the
    smallest gain over the base that the run is for, fixed before it starts. `labels` make the probe answer with one of
    them; left out, they are the targets of the rows, and with `labels=None` the model answers freely.
    `prompt` writes the text of a prompt as in training; left out, the chat template does. `score(model, items)` takes the
    place of all of that. `preflight` may be False, or arguments of `check_run`, such as the conversations of the rows.
    The record and the picture (.svg or .png) are written to the trainer's `output_dir`.
    """

    def __init__(
        self,
        rows: Iterable[Mapping[str, Any]],
        *,
        margin: float,
        text: str = "text",
        target: str = "label",
        labels: Sequence[str] | Literal["targets"] | None = "targets",
        prompt: Prompt | None = None,
        score: Score | None = None,
        preflight: bool | Mapping[str, Any] = True,
        stop: bool = True,
        look_items: int | None = None,
        key: str | None = None,
        picture: str | None = "clean_probe.svg",
        live: bool | None = None,
        out: TextIO | None = None,
    ) -> None:
        self._items = items_of(rows, text, target)
        self._labels = [item.target for item in self._items.values()] if labels == "targets" else labels
        self._margin, self._prompt, self._score = margin, prompt, score
        self._preflight, self._stop, self._look_items, self._key = preflight, stop, look_items, key
        self._picture = picture
        self._screen = Screen(out or sys.stdout, live)
        self._probe: Probe | None = None
        self._before: dict[str, float] = {}
        self._began = 0
        self.report: Report | None = None
        """The preflight, once the run has begun."""

    @property
    def probe(self) -> Probe:
        """The probe of the run, once it has begun."""
        if self._probe is None:
            raise RuntimeError("the run has not begun; add the callback to a Trainer and train")
        return self._probe

    @property
    def outcome(self) -> Outcome:
        """NotLearning, Learning or Undecided."""
        return self.probe.outcome

    @property
    def assessment(self) -> Assessment:
        """Both wealths, the gain, and the null in words."""
        return self.probe.assessment

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any) -> None:
        """Preflight, the order of the items, and the base's scores where the base will not stay at hand."""
        model, tokenizer = rest["model"], rest.get("processing_class")
        self._began = state.global_step
        if self._score is None:
            if tokenizer is None:
                raise ValueError("the Trainer has no tokenizer; give it processing_class=, or give the probe score=")
            self._score = Answers(tokenizer, self._labels, self._prompt)
        if self._preflight is not False and tokenizer is not None:
            told = self._preflight if isinstance(self._preflight, Mapping) else {}
            self._check(model, tokenizer, args, state, rest.get("train_dataloader"), told)
            self._before = weights.sums(model)
        self._leave_out_trained(state, rest.get("train_dataloader"))
        self._probe = Probe(self._items, margin=self._margin, steps=state.max_steps, look_items=self._look_items, key=self._key)
        if self.probe.warning:
            self._say(state, f"clean probe: {self.probe.warning}")
        self._resume(args, state)
        if not hasattr(model, "disable_adapter") and not self.probe.knows_base:
            if state.global_step:
                raise ValueError("the base of this resumed run was never scored; begin anew, or train without the probe")
            self.probe.score_base(lambda items: self._scores(model, items))

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Any = None, **rest: Any
    ) -> None:
        """Training signals, for the picture."""
        if logs and "loss" in logs:
            self.probe.log(state.global_step, logs["loss"], logs.get("grad_norm"), logs.get("learning_rate", 0.0))
            if state.is_world_process_zero:
                self._screen.show(self.probe, looked=False)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any) -> None:
        """A look, where one is planned; after the first steps, whether they changed the weights."""
        if self.report is not None and state.global_step == self._began + weights.FIRST_STEPS:
            self.report = self.report.after_first_steps(weights.moved(rest["model"], self._before)).require()
        if not self.probe.due(state.global_step):
            return
        model = rest["model"]
        base = (lambda items: self._base_scores(model, items)) if hasattr(model, "disable_adapter") else None
        seen = self.probe.look(state.global_step, lambda items: self._scores(model, items), base)
        if seen.outcome is Outcome.NOT_LEARNING and self._stop:
            control.should_training_stop = True
        if state.is_world_process_zero:
            self._screen.show(self.probe, looked=True)
            self._write(Path(args.output_dir))

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any) -> None:
        """The record goes with the checkpoint, so that a resumed run asks no item again."""
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if state.is_world_process_zero and folder.is_dir():
            self.probe.save(folder / RECORD)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any) -> None:
        """What was found, in words."""
        if state.is_world_process_zero:
            self._write(Path(args.output_dir))
            self._say(state, f"clean probe: {self.outcome}, {self.assessment.message}")

    def _scores(self, model: Any, items: Sequence[Item]) -> Sequence[float]:
        assert self._score is not None
        return self._score(model, items)

    def _base_scores(self, model: Any, items: Sequence[Item]) -> Sequence[float]:
        with model.disable_adapter():
            return self._scores(model, items)

    def _check(
        self, model: Any, tokenizer: Any, args: TrainingArguments, state: TrainerState, loader: Any, told: Mapping[str, Any]
    ) -> None:
        """Hold the first training rows, collated as the run collates them, against the preflight."""
        if not has_numbers(loader):
            self._say(state, "preflight: the training rows cannot be taken by number, so they were not measured")
            return
        count = min(PREFLIGHT_ROWS, len(loader.dataset))
        batch = loader.collate_fn([loader.dataset[number] for number in range(count)])
        self.report = check_run(model, tokenizer, batch, **{"learning_rate": args.learning_rate} | dict(told))
        self._say(state, str(self.report))
        self.report.require()

    def _leave_out_trained(self, state: TrainerState, loader: Any) -> None:
        """Sealed rows that are trained on are not asked: a model may know their answers by heart."""
        if not isinstance(self._score, Answers) or not has_numbers(loader):
            return
        rows = (loader.dataset[number] for number in range(min(LARGEST_SEARCH, len(loader.dataset))))
        known = self._score.among((row for row in rows if "input_ids" in row), self._items.values())
        if known:
            told = f"{len(known)} of {len(self._items)} sealed rows are among the training rows and will not be asked"
            self._say(state, f"clean probe: {told}")
        self._items = {name: item for name, item in self._items.items() if name not in known}

    def _resume(self, args: TrainingArguments, state: TrainerState) -> None:
        """Take up the record of the checkpoint that training goes on from."""
        if state.global_step == 0:
            return
        path = Path(args.output_dir) / f"checkpoint-{state.global_step}" / RECORD
        if not path.is_file() or not self.probe.restore(path):
            self._say(
                state, f"clean probe: {path} has no record of this run, so the wealth starts anew, at step {state.global_step}"
            )

    def _write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.probe.save(folder / RECORD)
        if self._picture:
            pictures.save(self.probe, folder / self._picture)

    def _say(self, state: TrainerState, text: str) -> None:
        if state.is_world_process_zero:
            self._screen.say(text)


def has_numbers(loader: Any) -> bool:
    """Whether training rows can be taken by number; a stream can only be read once, by the run."""
    return loader is not None and all(hasattr(loader.dataset, name) for name in ("__len__", "__getitem__"))
