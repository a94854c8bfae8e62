"""Recorded runs are judged by the oracle alone, and a trace that is not of its manifest is refused."""

import json
from pathlib import Path

import pytest

from delivery_api.evidence import TrainEvidence
from delivery_benchmark.page import TraceError, traces
from experiments.tbdl import verdicts
from tests.benchmark.page import world


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A manifest with one trace."""
    return world.one_trace(tmp_path)


def test_the_page_says_of_each_run_what_the_experiment_says():
    _, judged = verdicts.judge_all(world.TRACES)
    by_name = {run.case.name: run for run in judged}
    assert len(world.runs()) >= 4
    for run, shown in zip(world.runs(), world.shown(), strict=True):
        known = by_name[run.name]
        assert all(lamp["lit"] for lamp in shown["lamps"]) == (known.green and known.survived)
        assert (shown["audit"]["verdict"], shown["audit"]["message"]) == (known.audit.verdict, known.audit.message)
        assert (shown["canary"]["verdict"], shown["canary"]["reason"]) == (known.intake.verdict, known.intake.reason)
        assert shown["flaggedAt"] == known.flagged_at and shown["learned"] == ("yes" if known.learned else "no")
        low, gain, high = shown["gain"]
        bounds = known.comparison.interval
        assert (low, gain, high) == pytest.approx((bounds.low, known.comparison.gain, bounds.high), abs=1e-6)


def test_looks_are_whole_and_only_those_after_the_warm_up_count():
    shown = traces.shown(world.run("noise-1"))
    assert [sum(times for _, times in look["differences"]) for look in shown["looks"]] == [128] * 6
    assert shown["warmup"] == 20


def spoiled(run: str, **changes: object) -> TrainEvidence:
    """Evidence whose last step is another."""
    train = world.run(run).train
    return train.model_copy(update={"steps": (*train.steps[:-1], train.steps[-1].model_copy(update=changes))})


@pytest.mark.parametrize(("changes", "out"), [
    ({"loss": None}, "99 of 100 steps"),
    ({"loss": 1e3}, "loss falls"),
    ({"grad_norm": 1e3}, "gradient norm bounded"),
])  # fmt: skip
def test_a_lamp_goes_out_where_a_dashboard_would_show_it(changes: dict[str, float | None], out: str):
    run = world.run("correct-1")
    found = traces.lamps(spoiled("correct-1", **changes), traces.train.judge(
        run.spec, run.spec.plan, run.config, [run.train], run.audit
    ))  # fmt: skip
    assert [lamp["words"].startswith(out) for lamp in found if not lamp["lit"]] == [True]


def test_one_trace_is_enough(folder: Path):
    assert [run.name for run in traces.read(folder)] == ["noise-1"] and traces.read(folder)[0].use == 3


def test_a_trace_of_another_manifest_is_refused(folder: Path):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"margin": "0.10"}))
    with pytest.raises(TraceError, match=r"noise-1\.json: made by another manifest"):
        traces.read(folder)


def test_a_trace_under_another_name_is_refused(folder: Path):
    (folder / "traces" / "noise-1.json").rename(folder / "traces" / "correct-1.json")
    with pytest.raises(TraceError, match=r"correct-1\.json: made by another manifest"):
        traces.read(folder)


def test_nothing_to_draw_is_said(tmp_path: Path, folder: Path):
    (folder / "traces" / "noise-1.json").unlink()
    with pytest.raises(TraceError, match="no trace of its manifest"):
        traces.read(folder)
    with pytest.raises(TraceError, match=r"no manifest\.json"):
        traces.read(tmp_path / "traces")
