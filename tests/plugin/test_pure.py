"""What the plugin makes of a Delivery: one typed reason, exact money, and the request as a person should read it."""

import io
from datetime import timedelta

import click.testing
import pytest
from rich.console import Console

from delivery_api import names
from delivery_api.reasons import Reason
from kubectl_delivery import completion, show
from kubectl_delivery.asking import annotations_for, request
from kubectl_delivery.kubectl import PluginError, _documents
from kubectl_delivery.looking import look
from kubectl_delivery.main import cli
from kubectl_delivery.options import plain
from kubectl_delivery.report import page, report
from kubectl_delivery.spending import spending
from kubectl_delivery.times import duration
from kubectl_delivery.waiting import NEXT, Next, explain, next_of
from tests.plugin.standing import delivery, noisy, training, waiting
from tests.support.fake import FakeCluster
from tests.support.plays import Play


def text(renderable: object) -> str:
    """As a wide terminal shows it."""
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(renderable)
    return console.export_text()


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.blocks])
def test_every_reason_that_stops_a_delivery_says_who_is_next(reason: Reason):
    """Nobody reads `Unknown` and goes home."""
    assert str(reason) in NEXT
    assert (next_of(str(reason)) is Next.NOBODY) == (reason is Reason.OVERRIDDEN)


def test_a_reason_that_stops_nothing_waits_for_nobody_and_a_new_one_for_the_platform():
    assert next_of("CanarySilent") is Next.NOBODY and next_of("Delivered") is Next.NOBODY
    assert next_of("FromTheFuture") is Next.PLATFORM


async def test_explain_at_the_gate_gives_the_command():
    told = explain(delivery(await waiting()))
    assert (told.stage, told.reason, told.next) == ("deploy", "AwaitingApproval", Next.APPROVER)
    assert told.command == "kubectl delivery approve router -n acme"
    assert told.about == Reason.AWAITING_APPROVAL.about and told.since
    assert "to go on" in text(show.explanation(told)) and "an approver, who neither created" in text(show.explanation(told))


async def test_explain_says_what_a_failed_run_failed_on():
    told = explain(delivery(await noisy()))
    assert (told.reason, told.verdict, told.next) == ("NotLearning", "Fail", Next.DRIVER)
    assert "fresh sealed items" in told.message and told.command is None


async def test_explain_and_the_page_name_who_overrode_the_audit():
    """The alert about it sends people here."""
    fake = await FakeCluster(play=Play(wins=10)).go_on()
    assert explain(delivery(fake)).override is None
    fake.decide(names.OVERRIDE, by="fay", reason="the old model is broken")
    await fake.go_on()
    told = explain(delivery(fake))
    assert told.reason == "NotLearned" and told.override.startswith("fay, 2026-") and "the old model is broken" in told.override
    assert "overridden by" in text(show.explanation(told))
    assert "Served by override, not approved" in page(report(delivery(fake), fake.now, None, {}))


def test_explain_before_the_operator_has_looked():
    told = explain(delivery(FakeCluster()))
    assert (told.stage, told.reason, told.next) == ("intake", "Waiting", Next.OPERATOR)


async def test_spending_counts_what_runs_up_to_now_to_the_cent():
    fake = await training(seconds=360)
    told = spending(delivery(fake), fake.now)
    assert (told.spent, told.hourly, told.limit, told.left) == ("0.01", "0.1", "40", "39.99")
    assert told.seconds_left == int(39.99 / 0.1 * 3600)
    (line,) = told.lines
    assert (line.stage, line.seconds, line.finished_at) == ("train", "360", None)
    shown = text(show.spending(told))
    assert "6m so far" in shown and "0.1 USD an hour; the budget reaches for 16d 15h" in shown


async def test_spending_of_a_delivered_one_is_its_bill():
    fake = await FakeCluster().go_on()
    told = spending(delivery(fake), fake.now + timedelta(days=3))
    assert (told.spent, told.billed, told.hourly, told.seconds_left) == ("0.0075", "0.0075", "0", None)
    assert sum(float(line.amount) for line in told.lines) == pytest.approx(0.0075)
    assert "burns" in text(show.spending(told)) and "nothing now" in text(show.spending(told))


async def test_a_request_shows_all_that_its_digest_binds():
    fake = await waiting()
    told = request(delivery(fake))
    bound = fake.status.approval.request
    assert (told.digest, told.artifact, told.cost) == (fake.status.approval.digest, bound.artifact, bound.cost)
    assert bound.serving in told.serving and told.created_by == "ada" and (told.given, told.required) == ((), 1)
    assert "gain +0.5469" in told.audit and "asked for 0.20" in told.audit
    shown = text(show.request(told))
    assert all(one in shown for one in (told.digest, bound.artifact, "0.0075 USD", "0 of 1"))


async def test_an_approval_goes_into_the_first_free_place_and_takes_its_reason_along():
    fake = await waiting()
    digest = fake.status.approval.digest
    assert annotations_for(delivery(fake), "approve", None) == [f"ptaas.dev/approve={digest}"]
    fake.annotations[names.APPROVE] = digest
    second = annotations_for(delivery(fake), "approve", "checked")
    assert second == [f"ptaas.dev/approve-1={digest}", "ptaas.dev/approve-1-reason=checked"]
    assert annotations_for(delivery(fake), "reject", "no") == [f"ptaas.dev/reject={digest}", "ptaas.dev/reject-reason=no"]


async def test_what_asks_for_nothing_cannot_be_approved_and_what_is_approved_not_again():
    with pytest.raises(PluginError, match="router asks for no approval: it stands at train; see explain"):
        request(delivery(await training()))
    with pytest.raises(PluginError, match=r"router is approved already, 2026-.* by eve"):
        annotations_for(delivery(await FakeCluster().go_on()), "approve", None)


async def test_a_look_has_progress_time_to_go_and_burn():
    fake = await training()
    seen = look(delivery(fake), fake.now)
    assert seen.training is not None and (seen.training.step, seen.training.steps) == (40, 100)
    assert seen.training.eta_seconds > 0 and seen.money.hourly == "0.1" and not seen.over
    shown = text(show.look(seen))
    assert "step 40/100" in shown and "to go" in shown and "burns 0.1 an hour" in shown


async def test_a_log_tells_each_change_once():
    fake = await training()
    first = look(delivery(fake), fake.now)
    assert any("step 40/100" in line for line in show.lines(None, first))
    assert show.lines(first, first) == []
    fake.end(fake.pod("train"))
    done = look(delivery(await fake.go_on()), fake.now)
    assert [line.split()[0] for line in show.lines(first, done)][-1] == "card"
    assert done.over and done.delivered and done.training is None


async def test_a_failed_delivery_is_over_once_its_certificate_is_there():
    fake = await noisy()
    seen = look(delivery(fake), fake.now)
    assert seen.over and not seen.delivered and seen.state == "NotLearning"


async def test_json_is_spelt_as_the_api_spells_it():
    fake = await training()
    told = plain(look(delivery(fake), fake.now))
    assert told["training"]["etaSeconds"] > 0 and told["money"]["secondsLeft"] > 0
    assert "billed" not in told["money"], "absent is absent, not null"


STREAMS = {
    "one a line": ['{"type":"ADDED","object":{}}\n', '{"type":"DELETED","object":{}}\n'],
    "indented": ["{\n", '    "type": "ADDED"\n', "}\n", "{\n", '    "type": "DELETED",\n', '    "object": {}\n', "}\n"],
}


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_objects_that_follow_each_other_are_read_one_by_one(stream: list[str]):
    """kubectl has printed watch events either way."""
    assert [one["type"] for one in _documents(iter(stream))] == ["ADDED", "DELETED"]


@pytest.mark.parametrize(("seconds", "words"), [(0, "0s"), (59, "59s"), (3600, "1h"), (3725, "1h 2m"), (90_000, "1d 1h")])
def test_durations(seconds: int, words: str):
    assert duration(seconds) == words


def test_completion_speaks_as_kubectl_expects(monkeypatch: pytest.MonkeyPatch):
    """Candidates a line, then the directive; commands, options, and silence without a cluster."""
    monkeypatch.setenv("KUBECTL", "false")
    assert [line.split("\t")[0] for line in completion.candidates(["ap"])] == ["approve"]
    assert "--once" in [line.split("\t")[0] for line in completion.candidates(["watch", "--"])]
    assert completion.candidates(["explain", ""]) == []


def test_without_kubectl_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("KUBECTL", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    done = click.testing.CliRunner().invoke(cli, ["explain", "router"])
    assert done.exit_code == 1
    assert done.stderr == "Error: kubectl is not on PATH; install it, or say where it is in KUBECTL\n"


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_prints_json_and_takes_kubectls_flags(command: str):
    options = {option for param in cli.commands[command].params for option in param.opts}
    assert {"-o", "--output", "-n", "--namespace", "--context", "--kubeconfig", "--as"} <= options
