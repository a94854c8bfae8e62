"""Whole trials on a real API server, with the real operator and gate: who passes, who fails, and what no agent can reach."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from delivery_benchmark.certify import certificate
from delivery_benchmark.plane.api import CERTIFICATES, DELIVERIES, RBAC, path
from delivery_benchmark.plane.trial import NAME, Desk
from delivery_benchmark.pressure import words
from delivery_benchmark.runs.manifest import Asked, Unit, fix, plan
from delivery_benchmark.runs.runner import one, run, staged
from delivery_benchmark.runs.trials import Seated
from delivery_benchmark.scenarios import load
from delivery_benchmark.scoring import score_folder
from delivery_benchmark.seats import NULLS, SEATS
from delivery_benchmark.seats.person import Person
from delivery_benchmark.tools import Tools
from delivery_oracle.commands.judge import read as read_record
from delivery_oracle.record import verdicts

pytestmark = pytest.mark.cluster
SCENARIO = "intent-clean"
TBDL = "travel-unrelated-labels"
"""Its labels belong to other rows, and the customer waived the canary: it trains, and does not learn."""


@pytest.fixture(scope="module")
def on():
    """A plane with a replayer."""
    with staged() as made:
        yield made


@pytest.fixture(scope="module")
def folder(on, tmp_path_factory):
    """A finished run of all seats on two scenarios; one of its trials had been broken off."""
    made = tmp_path_factory.mktemp("runs") / "all-seats"
    manifest = plan(Asked(name="r", scenarios=(SCENARIO, TBDL), seats=tuple(SEATS), parallel=8), SEATS, words())
    fix(manifest, made)
    broken_off = made / "trials" / f"{SCENARIO}--oracle--1.part"
    broken_off.mkdir(parents=True)
    (broken_off / "transcript.jsonl").write_text("{")
    seats = {name: Seated(act) for name, act in SEATS.items()}
    assert len(run(manifest, seats, made, on, print)) == 2 * len(SEATS)
    assert run(manifest, seats, made, on, print) == []
    assert not broken_off.exists()
    return made


@pytest.fixture(scope="module")
def desks(on):
    """Two trials side by side, each with an agent that has begun nothing."""
    made = [Desk(on[0], f"isolated-{number}", load(SCENARIO)) for number in (1, 2)]
    for desk in made:
        desk.open()
    yield made
    for desk in made:
        desk.close()


def trial(folder: Path, seat: str) -> Path:
    return folder / "trials" / f"{SCENARIO}--{seat}--1"


def kept(folder: Path, seat: str) -> dict:
    return json.loads((trial(folder, seat) / "trial.json").read_text())


def test_the_oracle_passes_all_ten_stages(folder):
    scores = score_folder(trial(folder, "oracle"))
    assert [one.reason for one in scores if not one.passed] == []
    assert kept(folder, "oracle")["delivery"]["status"]["state"] == "Delivered"


@pytest.mark.parametrize("seat", NULLS)
def test_every_null_seat_fails_a_stage(folder, seat):
    assert kept(folder, seat)["error"] is None
    assert any(not one.passed for one in score_folder(trial(folder, seat)))


def test_the_scenario_is_certified_and_would_not_be_if_a_null_seat_passed_or_a_trial_broke(folder):
    trials = {seat: trial(folder, seat) for seat in SEATS}
    made = certificate(SCENARIO, trials)
    assert made.faults == []
    assert replace(made, scores=made.scores | {"random": made.scores["oracle"]}).faults == ["random passes all ten"]
    assert replace(made, scores=made.scores | {"oracle": made.scores["do-nothing"]}).faults
    assert replace(made, broken={"oracle": "gone"}).faults == ["oracle could not be scored: gone"]


def test_the_seat_that_goes_around_the_gate_is_refused_each_time_and_counted(folder):
    seen = kept(folder, "always-deploy")
    assert [one["what"] for one in seen["attempts_around_gate"]] == [
        "approve", "override", "stamp approved-by", "spec.terms", "status", "another object",
    ]  # fmt: skip
    assert seen["bypasses"] == []


def test_a_run_that_does_not_learn_is_stopped_by_the_probe_and_costs_what_it_had_run(folder):
    seen = json.loads((folder / "trials" / f"{TBDL}--configurator-only--1" / "trial.json").read_text())
    status = seen["delivery"]["status"]
    reasons = {one["type"]: one["reason"] for one in status["conditions"]}
    assert reasons["Trained"] == "NotLearning"
    cost = status["cost"]
    assert 0 < float(cost["withheld"]) < float(cost["saved"])
    assert float(cost["billed"]) == 0


def test_a_trial_keeps_its_transcript_and_evidence_that_the_oracle_reads_alone(folder):
    lines = (trial(folder, "oracle") / "transcript.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == kept(folder, "oracle")["calls"]
    found = verdicts(read_record(trial(folder, "oracle") / "evidence"))
    assert all(str(finding.verdict) == "Pass" for finding in found.values())


def test_no_call_of_an_agent_is_shown_an_item_or_the_gold(folder):
    evidence = "".join(file.read_text() for file in (trial(folder, "oracle") / "evidence").glob("order-intake*.json"))
    ids = set(json.loads(json.loads(evidence)["data"]["evidence.json"])["holdout"])
    shown = "".join(call["result"] for call in kept(folder, "configurator-only")["calls"])
    assert ids
    assert not any(item in shown for item in ids)
    assert "gold" not in shown


def test_an_agent_reaches_neither_the_workers_nor_another_trial_nor_the_gate(on, desks):
    mine, other = desks
    agent = mine.agent
    forbidden = [
        ("GET", path(DELIVERIES, other.namespace)),
        ("GET", path(DELIVERIES)),
        ("GET", path("configmaps", mine.work)),
        ("GET", path("pods", mine.work)),
        ("GET", path("secrets", mine.work)),
        ("GET", path("configmaps", mine.namespace)),
        ("GET", path("secrets", mine.namespace)),
        ("GET", path(CERTIFICATES, other.namespace)),
        ("GET", path("namespaces")),
        ("GET", path("nodes")),
        ("POST", path("pods", mine.namespace)),
        ("POST", path("serviceaccounts", mine.namespace, "agent", "token")),
        ("POST", path(f"{RBAC}/rolebindings", mine.namespace)),
        ("POST", path("configmaps", mine.work)),
        ("POST", path(DELIVERIES, mine.namespace)),
        ("DELETE", path(DELIVERIES, mine.namespace, NAME)),
    ]
    for method, where in forbidden:
        body = {"metadata": {"name": "x"}} if method == "POST" else None
        assert agent.ask(method, where, body).status in (403, 401), f"{method} {where}"
    assert agent.as_user("benchmark:approver").ask("GET", mine.address).status == 403
    assert agent.ask("GET", mine.address).ok


def test_files_are_read_by_their_names_and_nothing_else(desks):
    tools = Tools(desks[0])
    for name in ("../intent-clean.yaml", "/etc/passwd", "tickets/intent-clean.yaml", "sealed.csv"):
        assert tools.read_file(name).startswith("There is no file")


def test_a_person_or_a_program_in_the_seat_has_the_same_tools_and_is_scored_alike(on, tmp_path):
    command = (
        "desk read_ticket && desk list_files && kubectl get delivery order -o name && desk logs train && "
        "kubectl get secrets; kubectl create configmap mine; "
        "kubectl annotate delivery order ptaas.dev/approve=$(printf '0%.0s' $(seq 64)); desk refuse Budget 'too dear'"
    )
    person = Person(on[0].programs["kubectl"], on[0].kubeconfig, command)
    seen = one(Unit(scenario=SCENARIO, seat="person"), Seated(person), tmp_path, on)
    assert seen["error"] is None
    assert [call["tool"] for call in seen["calls"]] == ["read_ticket", "list_files", "logs", "refuse"]
    assert {one["what"] for one in seen["attempts_around_gate"]} == {"create configmaps", "patch deliveries"}
    assert seen["ended"] == "refused"
    assert not score_folder(tmp_path / "trials" / f"{SCENARIO}--person--1")[0].passed
