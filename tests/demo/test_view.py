"""What the display shows is what the status and the evidence say."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from delivery_api.evidence import TrainEvidence
from delivery_api.finding import Verdict
from delivery_api.stages import STAGES, Stage
from demo.display import Display, mark, table
from demo.narrator import Narrator
from demo.view import Row, Stopwatch, view
from tests.demo.worlds import cost, delivery, passed, training

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
START = "2026-01-01T11:00:00Z"
BEFORE_TRAIN = STAGES[: STAGES.index(Stage.TRAIN)]


def test_before_the_operator_has_looked_every_stage_waits() -> None:
    seen = view(delivery({}), None, Stopwatch(), NOON)
    assert [row.stage for row in seen.rows] == list(STAGES)
    assert seen.current.stage is Stage.INTAKE and seen.cost == 0


def test_the_current_stage_is_the_first_unsettled_one() -> None:
    seen = view(delivery(passed(*BEFORE_TRAIN)), None, Stopwatch(), NOON)
    assert seen.current.stage is Stage.TRAIN


def test_an_unknown_that_does_not_block_is_settled() -> None:
    """A silent canary must not look like a stage that hangs."""
    seen = view(delivery({Stage.INTAKE: ("Unknown", "CanarySilent", "It has nothing to say")}), None, Stopwatch(), NOON)
    assert seen.rows[0].settled and seen.current.stage is Stage.PLAN
    assert mark(seen.rows[0])[0] == "n.e."


def test_running_pods_cost_before_they_are_closed() -> None:
    told = delivery(
        {}, cost=cost(("2026-01-01T11:00:00Z", "2026-01-01T11:10:00Z"), ("2026-01-01T11:58:20Z", None), amount="0.6")
    )
    assert view(told, None, Stopwatch(), NOON).cost == Decimal("0.7")


@pytest.mark.parametrize(
    ("evidence", "says"),
    [
        pytest.param(None, "", id="no evidence"),
        pytest.param(training(10), "step 10/100  loss 1.03", id="no look yet"),
        pytest.param(training(20, 0.0, 0.5), "step 20/100  loss 0.45  probe +0.50 at step 20", id="the last look"),
    ],
)
def test_loss_stands_beside_the_probe(evidence: TrainEvidence | None, says: str) -> None:
    assert view(delivery({}), evidence, Stopwatch(), NOON).training == says


def rows(done: int, failed: Stage | None = None) -> list[Row]:
    """The first `done` stages hold; one may have failed; the others wait."""
    told = [Row(stage, Verdict.PASS if n < done else Verdict.UNKNOWN, "Waiting", "", 0.0) for n, stage in enumerate(STAGES)]
    return [replace(row, verdict=Verdict.FAIL) if row.stage is failed else row for row in told]


def test_a_stage_is_timed_from_the_end_of_the_one_before() -> None:
    watch = Stopwatch()
    for now, done in ((0.0, 0), (10.0, 1), (12.0, 4), (60.0, 4), (100.0, 10)):
        watch.look(rows(done), now)
    assert watch.seconds(Stage.INTAKE, 100.0) == 10.0
    assert watch.seconds(Stage.PLAN, 100.0) == 2.0
    assert watch.seconds(Stage.TRAIN, 100.0) == 88.0


def test_a_stage_that_never_started_took_no_time() -> None:
    watch = Stopwatch()
    watch.look(rows(0), 0.0)
    assert watch.seconds(Stage.TRAIN, 50.0) == 0.0 and watch.seconds(Stage.INTAKE, 50.0) == 50.0


def test_nothing_begins_behind_a_failure() -> None:
    watch = Stopwatch()
    for now in (0.0, 9.0):
        watch.look(rows(4, failed=Stage.TRAIN), now)
    assert watch.seconds(Stage.EVAL, 9.0) == 0.0


def test_a_failed_stage_is_the_current_one() -> None:
    """When the demo stops, it is the failed stage's message that explains it."""
    told = passed(*BEFORE_TRAIN) | {Stage.TRAIN: ("False", "NotLearning", "it does not learn")}
    assert view(delivery(told), None, Stopwatch(), NOON).current.message == "it does not learn"


def test_plain_output_has_a_line_a_change_and_no_more(tmp_path: Path) -> None:
    """In a log of continuous integration, an unchanged delivery must not scroll."""
    out = StringIO()
    narrator = Narrator(tmp_path / "t.txt", Console(file=out, width=200))
    told = delivery(passed(Stage.INTAKE))
    with Display(narrator) as display:
        for _ in range(5):
            display.show(view(told, None, Stopwatch(), NOON))
    narrator.close()
    assert out.getvalue().count("intake holds") == 1
    assert (tmp_path / "t.txt").read_text() == out.getvalue()


def test_on_a_terminal_the_table_moves_and_the_transcript_keeps_the_lines(tmp_path: Path) -> None:
    out = StringIO()
    narrator = Narrator(tmp_path / "t.txt", Console(file=out, width=120, force_terminal=True))
    with Display(narrator) as display:
        display.show(view(delivery(passed(Stage.INTAKE)), None, Stopwatch(), NOON))
    narrator.close()
    assert "what is known" in out.getvalue() and "what is known" not in (tmp_path / "t.txt").read_text()
    assert "intake holds" in (tmp_path / "t.txt").read_text()


def test_a_new_look_is_told_at_once(tmp_path: Path) -> None:
    out = StringIO()
    narrator = Narrator(tmp_path / "t.txt", Console(file=out, width=200), now=lambda: 0.0)
    told = delivery(passed(*BEFORE_TRAIN) | {Stage.TRAIN: ("Unknown", "JobRunning", "runs")})
    with Display(narrator) as display:
        for evidence in (training(9), training(10, 0.0), training(20, 0.0, 0.5), training(21, 0.0, 0.5)):
            display.show(view(told, evidence, Stopwatch(), NOON))
    narrator.close()
    assert [line.count("probe +0.50") for line in out.getvalue().splitlines()].count(1) == 1


def test_the_table_names_every_stage() -> None:
    told = {Stage.INTAKE: ("False", "LabelsUnrelated", "labels differ"), Stage.TRAIN: ("Unknown", "JobRunning", "runs")}
    seen = view(delivery(told), training(5, 0.25), Stopwatch(), NOON)
    out = StringIO()
    Console(file=out, width=250).print(table(seen, 65.0))
    assert all(str(stage) in out.getvalue() for stage in STAGES)
    assert "01:05" in out.getvalue() and "probe +0.25" in out.getvalue()
    assert seen.rows[0].verdict is Verdict.FAIL
