"""Evidence that is tampered with, replayed, duplicated or cut short: Unknown or Fail with a reason, and nobody pays.

Two kinds of liar. One changes the ConfigMap and cannot change what the kubelet wrote. The other is the worker itself:
its digests agree, and what it says does not fit the rest.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from delivery_api.digests import sha256
from delivery_api.stages import CONDITION, Stage
from tests.oracle import world
from tests.support.fake import FakeCluster

Data = dict[str, str]
STAGE_OF = {"Audit": Stage.INTAKE, "Train": Stage.TRAIN, "Evaluate": Stage.EVAL, "Verify": Stage.DEPLOY}
WORK = tuple(STAGE_OF.values())


def rewritten(data: Data, **changes: Any) -> Data:
    """The evidence with other fields, and a claimed digest to match."""
    text = json.dumps(json.loads(data["evidence.json"]) | changes, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return data | {"evidence.json": text, "digest": sha256(text)}


OUTSIDE: dict[str, Callable[[Data], Data]] = {
    "a field is changed": lambda data: data | {"evidence.json": rewritten(data, seconds=1.0)["evidence.json"]},
    "a field is changed, and the claimed digest with it": lambda data: rewritten(data, seconds=1.0),
    "the end is cut off": lambda data: data | {"evidence.json": data["evidence.json"][:-40]},
    "nothing is left": lambda data: data | {"evidence.json": ""},
    "it is not complete": lambda data: data | {"complete": "false"},
    "it is of another delivery": lambda data: rewritten(data, deliveryUid="another"),
    "it is of another run": lambda data: rewritten(data, inputs="sha256:" + "5" * 64),
    "it is of another pod": lambda data: rewritten(data, pod="another"),
    "it is of another kind": lambda data: rewritten(data, kind="Report"),
    "it brings its own verdict": lambda data: rewritten(data, verdict="Pass"),
}
"""What somebody does to the ConfigMap after the worker has ended."""


class Lying(FakeCluster):
    """Evidence of one stage that is not what was measured; with `kubelet`, the pod's termination message agrees."""

    def __init__(self, stage: Stage, change: Callable[[Data], Data], *, kubelet: bool) -> None:
        super().__init__()
        self.lies, self.change, self.told = stage, change, kubelet

    def record(self, made: Any, *, corrupt: bool = False) -> str:
        said = super().record(made, corrupt=corrupt)
        if STAGE_OF.get(made.kind) is not self.lies:
            return said
        raw = self.objects[f"ConfigMap/{made.pod}"]
        raw["data"] = self.change(raw["data"])
        return raw["data"]["digest"] if self.told else said


async def comes_to_nothing(fake: FakeCluster, stage: Stage) -> None:
    """The stage does not pass, says why, and nothing is served or billed without an audit."""
    await fake.go_on()
    condition = CONDITION[stage]
    assert fake.truth(condition) != "True" and fake.truth("Ready") != "True", fake.message(condition)
    assert fake.reason(condition) not in ("Waiting", "InternalError") and fake.message(condition)
    if stage is not Stage.DEPLOY:
        assert not [name for name in fake.objects if name.startswith("Deployment/")]
        assert fake.status.cost is None or fake.status.cost.billed in (None, "0")


@pytest.mark.parametrize("stage", WORK)
@pytest.mark.parametrize("how", OUTSIDE)
async def test_evidence_that_was_changed_concludes_nothing(how: str, stage: Stage):
    """The kubelet's word is the worker's own digest; whatever stands in the ConfigMap now is something else."""
    await comes_to_nothing(Lying(stage, OUTSIDE[how], kubelet=False), stage)


REPLAYED = ("it is of another delivery", "it is of another run", "it is of another pod", "it is of another kind")


@pytest.mark.parametrize("stage", WORK)
@pytest.mark.parametrize("how", REPLAYED)
async def test_replayed_evidence_concludes_nothing_whatever_the_kubelet_says(how: str, stage: Stage):
    """A worker image that answers with somebody else's good evidence, digest and all."""
    await comes_to_nothing(Lying(stage, OUTSIDE[how], kubelet=True), stage)


def half(field: str) -> Callable[[Data], Data]:
    """Only the first half of a list."""

    def change(data: Data) -> Data:
        told = json.loads(data["evidence.json"])[field]
        return rewritten(data, **{field: told[: len(told) // 2]})

    return change


def doubled(field: str) -> Callable[[Data], Data]:
    """The first half twice, so that the number is right."""

    def change(data: Data) -> Data:
        told = json.loads(data["evidence.json"])[field]
        return rewritten(data, **{field: told[: len(told) // 2] * 2})

    return change


def first_look_again(data: Data) -> Data:
    """Every look of the probe asks the items of the first: good ones, over and over."""
    looks = json.loads(data["evidence.json"])["looks"]
    return rewritten(data, looks=[look | {"items": looks[0]["items"]} for look in looks])


def set_to(**changes: Any) -> Callable[[Data], Data]:
    """Other values."""
    return lambda data: rewritten(data, **changes)


LIES: dict[str, tuple[Stage, Callable[[Data], Data]]] = {
    "half of the holdout": (Stage.EVAL, half("items")),
    "half of the holdout twice": (Stage.EVAL, doubled("items")),
    "other items": (
        Stage.EVAL,
        set_to(
            items=[
                one | {"id": f"x{n}"}
                for n, one in enumerate(
                    json.loads(json.dumps([item.model_dump(by_alias=True, exclude_none=True) for item in world.outcomes()]))
                )
            ]
        ),
    ),
    "no items at all": (Stage.EVAL, set_to(items=[], plannedItems=0)),
    "another artifact": (Stage.REGISTER, set_to(artifactDigest=world.SHA["other"])),
    "another prompt": (Stage.EVAL, set_to(promptDigest=world.SHA["other"])),
    "another sealed file": (Stage.EVAL, set_to(sealedDigest=world.SHA["other"])),
    "training on another file": (Stage.TRAIN, set_to(trainDigest=world.SHA["other"])),
    "a probe of another sealed file": (Stage.TRAIN, set_to(sealedDigest=world.SHA["other"])),
    "half of the steps": (Stage.TRAIN, half("steps")),
    "half of the steps twice": (Stage.TRAIN, doubled("steps")),
    "the first look again and again": (Stage.TRAIN, first_look_again),
    "no artifact": (Stage.TRAIN, set_to(artifact=None)),
    "an audit of another file": (Stage.TRAIN, set_to(trainDigest=world.SHA["other"])),
    "an audit of other sealed rows": (Stage.TRAIN, set_to(sealedDigest=world.SHA["other"])),
    "half of the questions": (Stage.DEPLOY, half("answers")),
    "half of the questions twice": (Stage.DEPLOY, doubled("answers")),
}
"""What a worker could say with digests that agree, and which stage must not pass then."""


@pytest.mark.parametrize("lie", LIES)
async def test_a_worker_whose_story_does_not_fit_does_not_pass(lie: str):
    """The digests agree; the story is held against what intake, spec and the other workers say."""
    stage, change = LIES[lie]
    told_by = Stage.EVAL if stage is Stage.REGISTER else Stage.INTAKE if lie.startswith("an audit") else stage
    await comes_to_nothing(Lying(told_by, change, kubelet=True), stage)


@pytest.mark.parametrize("field", ["train", "sealed"])
async def test_an_audit_of_other_bytes_than_the_terms_pin_does_not_pass(field: str):
    """Where the file itself is pinned, the auditor cannot name another either."""
    fake = Lying(Stage.INTAKE, set_to(**{f"{field}Digest": world.SHA["other"]}), kubelet=True)
    data = fake.spec.terms.data
    pinned = getattr(data, field).model_copy(update={"digest": world.SHA[field]})
    terms = fake.spec.terms.model_copy(update={"data": data.model_copy(update={field: pinned})})
    fake.edit(terms=terms)
    await comes_to_nothing(fake, Stage.INTAKE)
    assert f"spec.terms.data.{field}.digest=" in fake.message("IntakeAccepted")


class Copying(FakeCluster):
    """Whatever a worker records is there a second time."""

    def record(self, made: Any, *, corrupt: bool = False) -> str:
        said = super().record(made, corrupt=corrupt)
        raw, name = self.objects[f"ConfigMap/{made.pod}"], f"{made.pod}-copy"
        self.objects[f"ConfigMap/{name}"] = raw | {"metadata": raw["metadata"] | {"name": name}}
        return said


async def test_a_copy_under_another_name_counts_for_nothing():
    """Duplicated evidence is not more evidence: the delivery goes on with what its own pods wrote."""
    done = await Copying().go_on()
    assert done.status.state == "Delivered"
    assert len({record.evidence for record in done.status.stages if record.evidence}) == 4


@pytest.mark.parametrize("stage", WORK)
async def test_evidence_that_changes_after_its_verdict_takes_the_verdict_with_it(stage: Stage):
    """What a verdict was computed from has to be there, byte for byte, as long as the verdict stands."""
    fake = await FakeCluster().go_on()
    assert fake.status.state == "Delivered"
    recorded = next(record for record in fake.status.stages if record.name == stage)
    (name,) = [key for key, raw in fake.objects.items() if raw.get("data", {}).get("digest") == recorded.evidence]
    fake.objects[name]["data"] = rewritten(fake.objects[name]["data"], seconds=1.0)
    await fake.settle()
    assert fake.truth(CONDITION[stage]) == "Unknown" and fake.reason(CONDITION[stage]) == "EvidenceMissing"
    assert fake.truth("Ready") != "True"
