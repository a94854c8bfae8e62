"""Money: every pod that held an accelerator once, with the kubelet's times; never negative, never twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_operator import ledger
from delivery_operator.ledger import Witnesses
from delivery_operator.observed import Accelerated, Evidence, Job, Pod
from delivery_oracle import money
from tests.oracle import world

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
HELD = Accelerated("cpu", 2, "3.60")
JOB = Job("j", "train", "i", 1, "", "2026-11-24T12:00:00Z", accelerated=HELD)
POD = Pod("j-1", "train", "i", 1, "2026-11-24T12:00:00Z", "j", "Running", started_at="2026-11-24T12:01:00Z", accelerated=HELD)
ENDED = replace(POD, phase="Succeeded", finished_at="2026-11-24T12:11:00Z")


def seen(*pods: Pod, jobs: tuple[Job, ...] = (JOB,), evidence: tuple[Evidence, ...] = ()) -> Witnesses:
    return Witnesses("uid-1", pods, jobs, evidence, NOW)


def test_a_pod_that_runs_opens_an_entry_and_its_end_closes_it():
    opened = ledger.advance((), seen(POD))
    assert opened[0].finished_at is None
    (closed,) = ledger.advance(opened, seen(ENDED))
    assert closed.finished_at == ENDED.finished_at


def test_two_accelerators_for_ten_minutes_cost_what_they_cost():
    account = money.account(ledger.advance((), seen(ENDED)))
    assert (str(account.accelerator_seconds), money.text(account.amount)) == ("1200", "1.2")


def test_a_closed_entry_is_never_opened_or_changed_again():
    closed = ledger.advance((), seen(ENDED))
    assert ledger.advance(closed, seen(replace(ENDED, finished_at="2026-11-24T12:59:00Z"))) == closed
    assert ledger.advance(closed, seen(POD)) == closed


def evidence(seconds: float = 500.0) -> Evidence:
    text = world.train(pod="j-1", seconds=seconds, complete=False).model_dump_json(by_alias=True, exclude_none=True)
    return Evidence("j-1", text, "", "", False, "2026-11-24T12:01:10Z", "2026-11-24T12:10:00Z")


@pytest.mark.parametrize(
    ("witnesses", "end"),
    [
        pytest.param(
            seen(jobs=(replace(JOB, finished_at="2026-11-24T12:20:00Z"),)), "2026-11-24T12:20:00Z", id="its Job's end"
        ),
        pytest.param(
            seen(jobs=(replace(JOB, suspended=True, suspended_at="2026-11-24T12:15:00Z"),)),
            "2026-11-24T12:15:00Z",
            id="a pause",
        ),
        pytest.param(seen(evidence=(evidence(),)), "2026-11-24T12:10:00Z", id="its last words"),
        pytest.param(seen(replace(POD, gone=True, gone_at="2026-11-24T12:12:00Z")), "2026-11-24T12:12:00Z", id="its deletion"),
        pytest.param(seen(jobs=()), "2026-11-24T13:00:00Z", id="nobody saw it: now"),
    ],
)
def test_a_pod_that_vanished_is_closed_by_the_best_witness(witnesses, end):
    opened = ledger.advance((), seen(POD))
    (closed,) = ledger.advance(opened, witnesses)
    assert closed.finished_at == end


def test_a_pod_that_came_and_went_while_nobody_looked_is_charged_by_its_evidence():
    """The operator was down for an hour; that does not make the hour free."""
    (entry,) = ledger.advance((), seen(evidence=(evidence(seconds=480.0),)))
    assert (entry.pod, entry.started_at, entry.finished_at) == ("j-1", "2026-11-24T12:02:00Z", "2026-11-24T12:10:00Z")


def test_an_end_before_the_start_costs_nothing_and_never_less():
    """Clocks of two machines differ."""
    early = replace(ENDED, finished_at="2026-11-24T11:00:00Z")
    assert money.account(ledger.advance((), seen(early))).amount == 0


def test_serving_and_intake_are_not_in_the_ledger():
    others = [replace(ENDED, name=stage, stage=stage) for stage in ("intake", "deploy")]
    assert ledger.advance((), seen(*others)) == ()


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400)])
def test_a_jump_of_the_operators_clock_moves_no_money_of_pods_whose_end_was_seen(jump):
    """All times that count are the kubelet's."""
    opened = ledger.advance((), replace(seen(POD), now=NOW + jump))
    (closed,) = ledger.advance(opened, replace(seen(ENDED), now=NOW + jump))
    assert (closed.started_at, closed.finished_at) == (POD.started_at, ENDED.finished_at)


def test_a_clock_that_jumps_ahead_charges_a_vanished_pod_no_more_than_its_deadline():
    """Nobody saw its end; Kubernetes ended it after ten minutes, and two for the checkpoint."""
    ahead = replace(seen(jobs=(replace(JOB, deadline_seconds=600),)), now=NOW + timedelta(days=400))
    (closed,) = ledger.advance(ledger.advance((), seen(POD)), ahead)
    assert closed.finished_at == "2026-11-24T12:13:00Z"


def test_a_clock_that_jumps_back_charges_nothing_negative():
    back = replace(seen(jobs=()), now=NOW - timedelta(days=400))
    (closed,) = ledger.advance(ledger.advance((), seen(POD)), back)
    assert money.account((closed,)).amount == 0


def test_two_leaders_that_look_at_the_same_time_write_the_same():
    """The second write meets another resourceVersion, and looks again at what the first one wrote."""
    opened = ledger.advance((), seen(POD))
    one, other = (
        ledger.advance(opened, seen(ENDED)),
        ledger.advance(opened, replace(seen(ENDED), now=NOW + timedelta(seconds=9))),
    )
    assert one == other == ledger.advance(one, seen(ENDED))


def test_a_pod_that_was_collected_after_its_end_was_seen_stays_as_it_was():
    """Kubernetes deletes finished pods when there are too many."""
    closed = ledger.advance((), seen(ENDED))
    assert ledger.advance(closed, seen(jobs=())) == closed


def test_a_pod_that_was_collected_while_nobody_looked_is_closed_by_its_jobs_end():
    """The operator was down from its middle to long after: Job and evidence are left."""
    opened = ledger.advance((), seen(POD))
    left = seen(jobs=(replace(JOB, finished="Complete", finished_at="2026-11-24T12:11:02Z"),), evidence=(evidence(),))
    assert ledger.advance(opened, left)[0].finished_at == "2026-11-24T12:11:02Z"


def test_pods_of_one_job_are_charged_each_for_what_it_holds():
    """Four nodes with two accelerators each, started and ended one after the other."""
    pods = [
        replace(ENDED, name=f"j-{rank}", started_at=f"2026-11-24T12:0{rank}:00Z", finished_at=f"2026-11-24T12:1{rank}:00Z")
        for rank in range(4)
    ]
    account = money.account(ledger.advance((), seen(*pods)))
    assert (str(account.accelerator_seconds), money.text(account.amount)) == (str(4 * 2 * 600), "4.8")


@given(st.lists(st.sampled_from([POD, ENDED, replace(POD, gone=True, gone_at="2026-11-24T12:30:00Z"), None]), max_size=8))
def test_whatever_is_seen_in_whatever_order_there_is_one_entry_a_pod(views):
    entries: tuple = ()
    for view in views:
        entries = ledger.advance(entries, seen(*([view] if view else [])))
    assert len(entries) <= 1 and (not entries or money.account(entries).amount >= 0)
