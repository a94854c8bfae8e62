"""Evidence is whole or absent, vouched for by its digest, and written no oftener than the API server likes."""

import math
from pathlib import Path

import pytest

from delivery_api.digests import sha256
from delivery_api.evidence import Step, TrainEvidence, read_evidence
from delivery_api.tasks import TrainTask
from delivery_io import evidence as evidence_module
from delivery_io import runtime
from delivery_io.evidence import FolderSink, Recorder
from delivery_io.problems import WorkProblem
from delivery_worker.train import finite


class Counting(FolderSink):
    """A folder that counts, and may be down."""

    writes = 0
    down = 0

    def put(self, data: dict[str, str]) -> None:
        self.writes += 1
        if self.down:
            self.down -= 1
            raise WorkProblem("Unreachable", "", "down")
        super().put(data)


def recorder(folder: Path) -> tuple[Recorder, Counting]:
    sink = Counting(folder)
    return Recorder(sink, TrainEvidence(delivery_uid="u", inputs="i", attempt=1, pod="p")), sink


def steps(count: int) -> tuple[Step, ...]:
    return tuple(Step(step=n, loss=1.0, grad_norm=1.0, learning_rate=1e-3, tokens=9, seconds=0.1) for n in range(count))


def test_complete_evidence_reads_back_and_its_digest_agrees(tmp_path: Path) -> None:
    writing, _ = recorder(tmp_path)
    writing.set(steps=steps(2))
    digest = writing.finish()
    text = (tmp_path / "evidence.json").read_text()
    assert digest == sha256(text) == (tmp_path / "digest").read_text()
    read = read_evidence.validate_json(text)
    assert isinstance(read, TrainEvidence) and read.complete and len(read.steps) == 2
    assert (tmp_path / "complete").read_text() == "true"


def test_progress_is_written_seldom_but_a_look_at_once(tmp_path: Path) -> None:
    writing, sink = recorder(tmp_path)
    for _ in range(50):
        writing.progress()
    assert sink.writes == 1
    writing.progress(at_once=True)
    assert sink.writes == 2


def test_progress_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    writing, sink = recorder(tmp_path)
    sink.down = 1
    writing.progress()
    assert not (tmp_path / "evidence.json").exists()


def test_the_end_is_written_when_the_server_comes_back(tmp_path: Path) -> None:
    writing, sink = recorder(tmp_path)
    sink.down = 2
    writing.finish()
    assert (tmp_path / "complete").read_text() == "true" and sink.writes == 3


def test_what_is_too_large_goes_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_module, "LARGEST_BYTES", 1000)
    writing, _ = recorder(tmp_path)
    writing.set(steps=steps(100))
    elsewhere: list[str] = []
    writing.on_overflow(lambda text: elsewhere.append(text) or "oci://there")
    assert writing.finish() == sha256(elsewhere[0])
    assert (tmp_path / "overflow").read_text() == "oci://there" and not (tmp_path / "evidence.json").exists()


@pytest.mark.parametrize(("value", "recorded"), [(math.nan, None), (math.inf, None), (1.25, 1.25)])
def test_numbers_that_are_not_finite_are_null(value: float, recorded: float | None) -> None:
    assert finite(value) == recorded


def test_a_fault_of_ours_is_one_line_without_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELIVERY_EVIDENCE_DIR", str(tmp_path / "evidence"))
    monkeypatch.setenv("DELIVERY_TERMINATION_LOG", str(tmp_path / "termination"))
    where = {"uri": "oci://h/r@sha256:" + "0" * 64}
    task = TrainTask.model_validate(
        {
            "deliveryUid": "u",
            "inputs": "i",
            "base": where,
            "sealed": where,
            "train": where,
            "task": "Classification",
            "fields": {"input": "a", "target": "b"},
            "metric": "Accuracy",
            "plan": {},
            "config": {},
            "lookSteps": [],
            "output": {"repository": "oci://h/out"},
            "seconds": 60,
        }
    )

    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    assert runtime.run(task, broken) == 1
    problem = read_evidence.validate_json((tmp_path / "evidence/evidence.json").read_text()).problem
    assert problem is not None and problem.kind == "Internal" and "secret detail" not in problem.message
    assert (tmp_path / "termination").read_text() == (tmp_path / "evidence/digest").read_text()
