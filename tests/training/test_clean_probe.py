"""Real training runs of a tiny model: the clean probe stops what does not learn, and certifies what does."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerCallback

from delivery_api.evidence import TrainEvidence
from delivery_oracle.probe import Outcome, assess
from delivery_oracle.training import Answers, CannotLearn, CleanProbe, Item, Probe, items_of
from delivery_oracle.training.terminal import CLEAR
from tests.training import toy

SEALED = toy.rows(900, seed=2)
CORRECT = toy.rows(1500, seed=1)


def probed(folder: Path, table: Sequence[Any], *, adapter: bool = True, **told: Any) -> tuple[CleanProbe, Any, str]:
    """The probe, the trainer and what was printed, after a run."""
    out = io.StringIO()
    probe = CleanProbe(SEALED, margin=0.2, key="fixed", out=out, **told)
    trainer = toy.trainer(folder, table, adapter=adapter)
    trainer.add_callback(probe)
    trainer.train()
    return probe, trainer, out.getvalue()


@pytest.mark.parametrize("adapter", [True, False], ids=["adapter", "full fine-tune"])
def test_correct_labels_are_certified(tmp_path: Path, adapter: bool) -> None:
    probe, trainer, printed = probed(tmp_path, CORRECT, adapter=adapter)
    assert probe.outcome is Outcome.LEARNING and trainer.state.global_step == toy.STEPS
    assert probe.report is not None and probe.report.measured.weights_moved == 1.0
    assert [look.step for look in probe.probe.evidence.looks] == [12, 18, 24, 36, 48, 60]
    assert "clean probe: Learning, gain +0." in printed and printed.count("clean probe step") == 6


@pytest.mark.parametrize("adapter", [True, False], ids=["adapter", "full fine-tune"])
def test_permuted_labels_are_stopped(tmp_path: Path, adapter: bool) -> None:
    """The loss falls as it does for correct labels: only the sealed rows tell."""
    probe, trainer, printed = probed(tmp_path, toy.permuted(CORRECT), adapter=adapter)
    assert probe.outcome is Outcome.NOT_LEARNING and trainer.state.global_step < toy.STEPS / 2
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert float(losses[-1]) < float(losses[0]) / 2
    assert "rejected at 0.01 that every item after the warm-up is expected to gain" in printed


def test_a_run_that_is_not_stopped_is_still_told(tmp_path: Path) -> None:
    probe, trainer, _ = probed(tmp_path, toy.permuted(CORRECT), stop=False)
    assert probe.outcome is Outcome.NOT_LEARNING and trainer.state.global_step == toy.STEPS


def test_no_item_is_asked_twice_and_the_record_gives_the_same_outcome(tmp_path: Path) -> None:
    probe, _, _ = probed(tmp_path, toy.permuted(CORRECT))
    evidence = TrainEvidence.model_validate(json.loads((tmp_path / "clean_probe.json").read_text())["evidence"])
    asked = [item.id for look in evidence.looks for item in look.items]
    assert len(asked) == len(set(asked)) and asked == list(probe.probe.order[: len(asked)])
    again = assess([evidence], margin=0.2, planned_steps=toy.STEPS, pool=probe.probe.order)
    assert again.message == probe.assessment.message


def test_sealed_rows_that_are_trained_on_are_not_asked(tmp_path: Path) -> None:
    """Labels learned by heart would be certified as learning."""
    out = io.StringIO()
    trainer = toy.trainer(tmp_path, [*CORRECT, *SEALED[:100]], steps=1)
    probe = CleanProbe(SEALED, margin=0.2, out=out)
    trainer.add_callback(probe)
    trainer.train()
    told = re.search(r"clean probe: (\d+) of \d+ sealed rows are among the training rows and will not be asked", out.getvalue())
    assert told is not None and 100 <= int(told[1]) < 200
    trained = {(row["text"]) for row in [*CORRECT, *SEALED[:100]]}
    items = items_of(SEALED, "text", "label")
    assert not trained & {items[item].text for item in probe.probe.order}
    assert len(probe.probe.order) + int(told[1]) == len(items)


def test_the_probe_leaves_the_run_as_it_was(tmp_path: Path) -> None:
    """A run that is watched has the losses of one that is not, dropout and all."""
    unwatched = toy.trainer(tmp_path / "bare", CORRECT, steps=20, dropout=0.2)
    unwatched.train()
    out = io.StringIO()
    watched = toy.trainer(tmp_path / "watched", CORRECT, steps=20, dropout=0.2)
    watched.add_callback(CleanProbe(SEALED, margin=0.2, stop=False, out=out))
    watched.train()
    bare, seen = ([entry.get("loss") for entry in trainer.state.log_history] for trainer in (unwatched, watched))
    assert bare == seen


def test_a_stream_of_rows_is_probed_and_said_not_to_be_measured(tmp_path: Path) -> None:
    out = io.StringIO()
    trainer = toy.trainer(tmp_path, CORRECT, steps=4)
    trainer.train_dataset = Stream(trainer.train_dataset)
    # Four steps teach nothing, and a probe that may stop such a run does, sooner or later as the order falls.
    probe = CleanProbe(SEALED, margin=0.2, stop=False, out=out)
    trainer.add_callback(probe)
    trainer.train()
    assert "preflight: the training rows cannot be taken by number, so they were not measured" in out.getvalue()
    assert probe.report is None and len(probe.probe.evidence.looks) == 4


@pytest.mark.parametrize(("name", "begins"), [("clean_probe.svg", b"<?xml"), ("seen.png", b"\x89PNG")])
def test_the_picture_shows_loss_beside_wealth(tmp_path: Path, name: str, begins: bytes) -> None:
    probed(tmp_path, toy.permuted(CORRECT), picture=name)
    drawn = (tmp_path / name).read_bytes()
    assert drawn.startswith(begins) and len(drawn) > 5_000


def test_a_terminal_gets_a_live_drawing_and_a_file_gets_lines(tmp_path: Path) -> None:
    _, _, drawn = probed(tmp_path / "a", toy.permuted(CORRECT), live=True)
    _, _, lines = probed(tmp_path / "b", toy.permuted(CORRECT), live=False)
    frames = drawn.split(CLEAR)
    assert (
        len(frames) == 4
        and "red: evidence of not learning, decides at 4.6" in frames[-1]
        and "\u28c0" <= max(frames[-1]) <= "\u28ff"
    )
    assert CLEAR not in lines and "\x1b[" not in lines
    looks = [line for line in lines.splitlines() if line.startswith("clean probe step")]
    assert len(looks) == len([frame for frame in looks if re.search(r"gain [+-]0\.\d+ on \d+ sealed rows", frame)]) >= 1


def test_a_run_that_cannot_learn_ends_before_its_first_step(tmp_path: Path) -> None:
    trainer = toy.trainer(tmp_path, CORRECT)
    trainer.train_dataset = [row | {"labels": [-100] * len(row["labels"])} for row in trainer.train_dataset]
    trainer.add_callback(CleanProbe(SEALED, margin=0.2, out=io.StringIO()))
    with pytest.raises(CannotLearn, match="every row is supervised: 8 of 8 rows have no token in the loss"):
        trainer.train()
    assert trainer.state.global_step == 0


def test_an_optimizer_of_other_weights_is_seen_after_three_steps(tmp_path: Path) -> None:
    """The loss of such a run is as good as any run's first loss, and stays it."""
    trainer = toy.trainer(tmp_path, CORRECT)
    others = [value for value in trainer.model.parameters() if not value.requires_grad]
    trainer.optimizer = torch.optim.AdamW(others, lr=1e-2)
    trainer.add_callback(CleanProbe(SEALED, margin=0.2, out=io.StringIO()))
    with pytest.raises(CannotLearn, match="first steps change the weights: the first steps changed 0% of the trained tensors"):
        trainer.train()
    assert trainer.state.global_step == 3


@pytest.mark.parametrize("adapter", [True, False], ids=["adapter", "full fine-tune"])
def test_a_resumed_run_goes_on_with_fresh_items(tmp_path: Path, adapter: bool) -> None:
    """A killed run must not ask an item again, nor take its own trained weights for the base."""
    out = io.StringIO()
    first = toy.trainer(tmp_path, CORRECT, adapter=adapter, save_strategy="steps", save_steps=20)
    first.add_callback(CleanProbe(SEALED, margin=0.2, key="fixed", out=out))
    first.add_callback(StopAt(26))
    first.train()
    second = toy.trainer(tmp_path, CORRECT, adapter=adapter, save_strategy="steps", save_steps=20)
    probe = CleanProbe(SEALED, margin=0.2, out=out)
    second.add_callback(probe)
    second.train(resume_from_checkpoint=str(tmp_path / "checkpoint-20"))
    looks = probe.probe.evidence.looks
    assert [look.step for look in looks] == [12, 18, 24, 36, 48, 60] and probe.outcome is Outcome.LEARNING
    asked = [item.id for look in looks for item in look.items]
    assert len(asked) == len(set(asked))
    bases = [sum(item.base for item in look.items) / len(look.items) for look in looks]
    assert max(bases) < 0.4, "the base stays the base"


def test_a_loop_of_your_own_needs_two_calls() -> None:
    """Without a Trainer: tell the probe how base and candidate score items, and when a look is due."""
    items = items_of(SEALED, "text", "label")
    probe = Probe(items, margin=0.2, steps=100, key="k")
    stopped = None
    for step in range(1, 101):
        probe.log(step, loss=1.0 / step)
        if probe.due(step) and probe.look(step, wrong, wrong).outcome is Outcome.NOT_LEARNING:
            stopped = step
            break
    assert stopped is not None and stopped <= 40


def wrong(asked: Sequence[Item]) -> list[float]:
    """Nothing is right, before and after."""
    return [0.0] * len(asked)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda: items_of([{"body": "x", "label": "y"}], "text", "label"), "no column 'text'; it has body, label: set text="),
        (lambda: Probe(items_of(SEALED, "text", "label"), margin=1.5, steps=9), "margin=1.5 is not inside"),
        (
            lambda: Probe(items_of(SEALED[:9], "text", "label"), margin=0.2, steps=9),
            "9 sealed rows are too few for one look of 64",
        ),
        (lambda: started().look(12, lambda asked: [2.0] * len(asked), wrong), r"score 2.0 of item \w+ is not in \[0, 1\]"),
        (lambda: started().look(12, lambda asked: [1.0], wrong), "1 scores for 128 items; return one an item"),
        (lambda: started().look(12, wrong), "the base was never scored; call score_base"),
        (lambda: CleanProbe(SEALED, margin=0.2).outcome, "the run has not begun"),
    ],
    ids=["column", "margin", "few rows", "score", "count", "no base", "not begun"],
)
def test_a_mistake_is_one_line(spoil: Any, says: str) -> None:
    with pytest.raises((ValueError, RuntimeError), match=says) as caught:
        spoil()
    assert "\n" not in str(caught.value)


def started() -> Probe:
    """A probe before its first look."""
    return Probe(items_of(SEALED, "text", "label"), margin=0.2, steps=60)


def test_what_a_probe_cannot_show_is_said_before_the_run() -> None:
    few = Probe(items_of(SEALED[:64], "text", "label"), margin=0.02, steps=100)
    assert few.warning == (
        "64 sealed rows at a margin of 0.02 cannot flag even a run that changes no answer; give more rows or a larger margin"
    )
    assert started().warning is None


def test_free_answers_are_scored_as_customers_see_them(tmp_path: Path) -> None:
    probe, _, _ = probed(tmp_path, CORRECT, labels=None)
    assert probe.outcome is Outcome.LEARNING
    base = [item.base for look in probe.probe.evidence.looks for item in look.items]
    assert sum(base) < 0.05 * len(base), "a random base hits no free answer"


def test_a_tokenizer_without_template_needs_a_prompt() -> None:
    words = toy.tokenizer()
    words.chat_template = None
    with pytest.raises(ValueError, match=r"no chat template; say how a prompt is written: prompt="):
        Answers(words, toy.DESKS)
    assert Answers(words, toy.DESKS, prompt=lambda text: f"<user> {text} <assistant>")


class StopAt(TrainerCallback):
    """Ends a run after a step, as a kill would between two checkpoints."""

    def __init__(self, step: int) -> None:
        self._step = step

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        control.should_training_stop = control.should_training_stop or state.global_step >= self._step


class Stream(torch.utils.data.IterableDataset[Any]):
    """Rows that can only be read in their order."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows

    def __iter__(self) -> Any:
        return iter(self._rows)
