"""Every claim of docs/reference/tbdl.md, asserted over the committed traces; and that other traces would break it."""

from dataclasses import replace
from pathlib import Path

import pytest

from experiments.tbdl import manifest as manifests
from experiments.tbdl import trace as traces
from experiments.tbdl.manifest import Case, Manifest, cases
from experiments.tbdl.picture import draw
from experiments.tbdl.report import PAGE, page
from experiments.tbdl.verdicts import Run, claims, judge, judge_all

RESULTS = Path(manifests.__file__).parent
CLAIMS = 11


@pytest.fixture(scope="module")
def judged() -> tuple[Manifest, list[Run]]:
    return judge_all(RESULTS)


def test_no_run_of_the_manifest_is_left_out(judged: tuple[Manifest, list[Run]]) -> None:
    manifest, runs = judged
    assert [run.case for run in runs] == list(cases(manifest.arms, manifest.seeds)) and len(runs) == 12


@pytest.mark.parametrize("number", range(CLAIMS))
def test_the_claim_holds(judged: tuple[Manifest, list[Run]], number: int) -> None:
    found = claims(judged[1])
    assert len(found) == CLAIMS
    assert found[number].holds, found[number]


def test_the_page_and_the_picture_are_made_of_the_traces(judged: tuple[Manifest, list[Run]]) -> None:
    assert PAGE.read_text("utf-8") == page(*judged)
    assert PAGE.with_suffix(".svg").read_text("utf-8") == draw(*judged)


def test_no_run_took_its_items_from_anothers_holdout_or_order(judged: tuple[Manifest, list[Run]]) -> None:
    _, runs = judged
    assert len({run.trace.audit.holdout for run in runs}) == 1
    for run in runs:
        seen = [item.id for look in run.trace.train.looks for item in look.items]
        assert tuple(seen) == run.trace.audit.probe[: len(seen)] and not set(seen) & set(run.trace.audit.holdout)


def test_the_page_names_every_version_of_the_workers(judged: tuple[Manifest, list[Run]]) -> None:
    manifest, runs = judged
    text = page(manifest, runs)
    assert all(run.trace.code in text for run in runs)
    assert "All were made by the same sources" in page(manifest, runs[:1])
    other = replace(runs[1], trace=runs[1].trace.model_copy(update={"code": "sha256:other"}))
    assert "changed between runs" in page(manifest, [runs[0], other]) and "`sha256:other`: permute-1" in page(
        manifest, [runs[0], other]
    )


def swapped(runs: list[Run], manifest: Manifest) -> list[Run]:
    """The evidence of `correct` and `permute` under each other's name."""
    named = {run.case.name: run for run in runs}
    made = []
    for name, other in (("correct-1", "permute-1"), ("permute-1", "correct-1")):
        case = named[name].case
        trace = named[other].trace.model_copy(update={"arm": case.arm})
        made.append(judge(manifest, case, trace))
    return made


def test_other_evidence_would_break_the_claims(judged: tuple[Manifest, list[Run]]) -> None:
    manifest, runs = judged
    broken = [claim.sentence for claim in claims(swapped(runs, manifest)) if not claim.holds]
    assert broken == [
        "`correct` is Learned",
        "`permute` trains but does not learn",
        "The probe flags `permute` before 40 % of the steps",
        "The probe never flags `correct` or `mask`",
        "The canary refuses `permute` and `noise`",
        "Intake lets `correct` and `mask` through",
    ]


def test_a_trace_of_another_manifest_is_refused(judged: tuple[Manifest, list[Run]]) -> None:
    manifest, runs = judged
    with pytest.raises(ValueError, match="correct-1: a trace was made by another manifest"):
        judge(manifest.model_copy(update={"margin": "0.10"}), runs[0].case, runs[0].trace)
    with pytest.raises(ValueError, match="correct-2: a trace was made by another manifest"):
        judge(manifest, Case("correct", 2, 5), runs[0].trace)


def test_picked_items_are_refused(judged: tuple[Manifest, list[Run]]) -> None:
    """Somebody who leaves out the first look, and takes later items instead, has chosen what is seen."""
    manifest, runs = judged
    train = runs[0].trace.train
    moved = tuple(
        look.model_copy(update={"items": other.items}) for look, other in zip(train.looks, train.looks[::-1], strict=True)
    )
    trace = runs[0].trace.model_copy(update={"train": train.model_copy(update={"looks": moved})})
    with pytest.raises(ValueError, match="out of the order that intake fixed"):
        judge(manifest, runs[0].case, trace)


def test_a_loss_that_is_not_finite_turns_the_dashboard_red(judged: tuple[Manifest, list[Run]]) -> None:
    manifest, runs = judged
    train = runs[0].trace.train
    steps = (*train.steps[:-1], train.steps[-1].model_copy(update={"loss": None}))
    run = judge(manifest, runs[0].case, runs[0].trace.model_copy(update={"train": train.model_copy(update={"steps": steps})}))
    assert not run.green and not run.survived


def test_a_trace_is_written_whole(judged: tuple[Manifest, list[Run]], tmp_path: Path) -> None:
    run = judged[1][0]
    traces.write(tmp_path, "correct-1", run.trace)
    assert traces.read(tmp_path, "correct-1") == run.trace and traces.read(tmp_path, "correct-2") is None
    assert [path.name for path in (tmp_path / "traces").iterdir()] == ["correct-1.json"]
