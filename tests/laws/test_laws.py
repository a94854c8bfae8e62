"""Laws that hold in every world: over drawn plays, edits and accidents, not over chosen examples."""

import asyncio
import copy
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from delivery_api.finding import Verdict
from delivery_api.stages import Stage
from delivery_operator import pipeline, status
from delivery_operator.observed import Observed
from tests.support.fake import KEY, SETTINGS, FakeCluster
from tests.support.plays import Play

DEATHS = ("evict", "kill", "oom", "vanish", "silent", "mismatch", "corrupt", "partial", "deadline",
          "problem:Unreachable", "problem:Push", "problem:Invalid", "problem:Terminated", "problem:OutOfMemory")  # fmt: skip
STAGES_WITH_WORK = ("intake", "train", "eval", "deploy")

plays = st.builds(
    Play,
    arm=st.sampled_from(["healthy", "healthy", "healthy", "permute", "noise"]),
    deaths=st.dictionaries(
        st.tuples(st.sampled_from(STAGES_WITH_WORK), st.integers(1, 3)), st.sampled_from(DEATHS), max_size=3
    ),
    wins=st.sampled_from([180, 180, 180, 66, 10]),
    answer=st.sampled_from(["label_2", "label_2", "label_1"]),
)
rounds = st.integers(0, 8)
few = settings(max_examples=20, deadline=None)


T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """A coroutine to its end."""
    return asyncio.run(work)


async def reached(play: Play, how_far: int) -> FakeCluster:
    """A world some way along."""
    fake = FakeCluster(play=play)
    await fake.go_on(rounds=how_far)
    return await fake.settle()


def stages_after(first: str, other: str) -> bool:
    order = list(Stage)
    return order.index(Stage(other)) > order.index(Stage(first))


def decided(seen: Observed) -> pipeline.Outcome:
    return pipeline.run(seen, SETTINGS)


@few
@given(play=plays, how_far=rounds)
def test_a_second_pass_writes_nothing(play, how_far):
    """Or ten thousand deliveries at rest would keep the API server busy for ever."""
    fake = run(reached(play, how_far))
    before = list(fake.writes)
    run(fake.reconciler().look(KEY))
    assert fake.writes == before


@few
@given(play=plays, how_far=rounds, random=st.randoms(use_true_random=False))
def test_the_order_of_children_does_not_matter(play, how_far, random):
    """Watches promise no order."""
    seen = run(reached(play, how_far)).seen()

    def shuffled(items):
        return tuple(random.sample(items, len(items)))

    other = replace(
        seen,
        jobs=shuffled(seen.jobs),
        pods=shuffled(seen.pods),
        evidence=shuffled(seen.evidence),
        servers=shuffled(seen.servers),
        nodes=shuffled(seen.nodes),
    )
    one, two = decided(seen), decided(other)
    assert status.derive(seen, one) == status.derive(other, two) and one.wants == two.wants


@few
@given(play=plays, how_far=rounds, data=st.data())
def test_removing_evidence_never_leaves_a_pass(play, how_far, data):
    """No evidence is never success, and what was recorded is no substitute for it."""
    fake = run(reached(play, how_far))
    seen = fake.seen()
    if not seen.evidence:
        return
    gone = data.draw(st.sampled_from(seen.evidence))
    left = replace(seen, evidence=tuple(one for one in seen.evidence if one != gone))
    findings = decided(left).findings
    for record in fake.status.stages:
        if record.evidence == gone.digest:
            assert findings[record.name].verdict is not Verdict.PASS
            assert not [
                one for one in STAGES_WITH_WORK if stages_after(record.name, one) and findings[one].verdict is Verdict.PASS
            ]


@few
@given(play=plays, how_far=rounds, data=st.data())
def test_a_changed_byte_of_evidence_never_leaves_a_pass(play, how_far, data):
    """Evidence is believed because the kubelet says its digest too."""
    fake = run(reached(play, how_far))
    maps = [name for name, raw in fake.objects.items() if raw["kind"] == "ConfigMap" and "evidence.json" in raw["data"]]
    if not maps:
        return
    name = data.draw(st.sampled_from(sorted(maps)))
    recorded = [record for record in fake.status.stages if record.evidence == fake.objects[name]["data"]["digest"]]
    raw = copy.deepcopy(fake.objects[name])
    raw["data"]["evidence.json"] = raw["data"]["evidence.json"].replace('"seconds":100.0', '"seconds":101.0')
    fake.objects[name] = raw
    for record in recorded:
        assert decided(fake.seen()).findings[record.name].verdict is not Verdict.PASS


@few
@given(play=plays, how_far=rounds, data=st.data())
def test_a_deleted_child_is_repaired(play, how_far, data):
    """Somebody cleans up; what is done stays done, what is needed comes back, and nothing is paid twice."""
    fake = run(reached(play, how_far))
    kinds = ("Deployment/", "Service/", "DeliveryCertificate/router-certificate")
    children = sorted(name for name in fake.objects if name.startswith(kinds))
    if not children:
        return
    name = data.draw(st.sampled_from(children))
    fake.delete(name)
    run(fake.settle())
    assert name in fake.objects


@few
@given(play=plays, how_far=rounds)
def test_deciding_changes_nothing_that_was_observed(play, how_far):
    """A decision is a function of what it is shown."""
    seen = run(reached(play, how_far)).seen()
    before = copy.deepcopy(seen)
    decided(seen)
    assert seen == before


@few
@given(play=plays, how_far=rounds, data=st.data())
def test_a_job_that_was_deleted_after_it_was_recorded_never_runs_again(play, how_far, data):
    """What is finished is a recorded fact."""
    fake = run(reached(play, how_far))
    finished = [record for record in fake.status.stages if record.evidence and record.verdict == "Pass" and record.attempt]
    if not finished:
        return
    record = data.draw(st.sampled_from(finished))
    fake.delete(fake.job(record.name, record.attempt))
    jobs = {name for name in fake.objects if name.startswith("Job/")}
    run(fake.settle())
    again = {name for name in fake.objects if name.startswith("Job/")} - jobs
    assert not [name for name in again if f"-{record.name}-" in name]


@few
@given(play=plays)
def test_every_play_ends_and_money_adds_up(play):
    """Whatever the pods do: no attempt without an entry, no entry twice, nothing billed without a passed audit."""
    fake = run(reached(play, 12))
    cost = fake.status.cost
    pods = [entry.pod for entry in cost.ledger]
    assert len(pods) == len(set(pods))
    if fake.truth("Evaluated") != "True":
        assert cost.billed in (None, "0")


@few
@given(play=plays, how_far=rounds, verb=st.sampled_from(["apply", "status", "observe"]))
def test_an_api_error_at_any_verb_only_delays(play, how_far, verb):
    """The API server is away for a moment; nothing is lost and nothing is done twice."""
    calm, shaken = run(reached(play, how_far)), run(reached(play, how_far))
    shaken.fail = {verb}
    try:
        run(shaken.reconciler().look(KEY))
    except Exception as error:
        assert type(error).__name__ == "Transient"
    shaken.fail = set()
    for fake in (calm, shaken):
        run(fake.go_on())
    assert [c.reason for c in calm.status.conditions] == [c.reason for c in shaken.status.conditions]
    assert calm.status.cost == shaken.status.cost
