"""Every attack on a real API server, as the identity that would try it: refused, in these words, or without effect."""

import json
from pathlib import Path

import pytest

from tests.attacks.aftermath import AFTER
from tests.attacks.attack import WHO, Attack
from tests.attacks.page import PAGE, page
from tests.attacks.rows import ATTACKS
from tests.attacks.stage import TENANT, WORK, Stage, sent
from tests.chart.kube import ROOT

MARKS = ("denied request: ", " is forbidden: ")


def refusal(said: str) -> str:
    """The refusal, without what kubectl and Kubernetes put in front."""
    text = said.strip()
    for mark in MARKS:
        if mark in text:
            return text.rsplit(mark, 1)[-1]
    return text


@pytest.mark.cluster
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.name)
def test_an_attack_comes_to_nothing(stage: Stage, attack: Attack) -> None:
    command = [attack.filled(one, TENANT, WORK) for one in attack.command]
    if attack.before:
        stage.as_(attack.who).ok(*(attack.filled(one, TENANT, WORK) for one in attack.before))
    given = sent(stage, attack.stdin)
    done = stage.as_(attack.who).run(*command, stdin=given and attack.filled(given, TENANT, WORK))
    expected = attack.filled(attack.refused, TENANT, WORK)
    if attack.by == "nothing":
        assert done.returncode == 0, done.stderr
        assert AFTER[attack.name](stage) == expected
        return
    assert done.returncode != 0, f"BYPASS: {' '.join(command)}: {done.stdout.strip()}"
    assert refusal(done.stderr) == expected
    if attack.by.startswith("ptaas-"):
        assert f"ValidatingAdmissionPolicy '{attack.by}'" in done.stderr
    assert ("cannot" in done.stderr or "not currently held" in done.stderr) == (attack.by == "RBAC") or attack.by.startswith(
        "ptaas-"
    )


def test_there_are_enough_of_them_and_each_has_a_name_of_its_own() -> None:
    assert len(ATTACKS) == len({one.name for one in ATTACKS}) >= 40
    assert {one.who for one in ATTACKS} == set(WHO)
    assert set(AFTER) == {one.name for one in ATTACKS if one.by == "nothing"}


def test_the_table_in_the_docs_is_made_of_these_rows() -> None:
    assert (Path(ROOT) / PAGE).read_text() == page(), "run `make generate`"


def test_the_stage_is_data() -> None:
    """Rows can be printed: no row holds anything but text and JSON."""
    for one in ATTACKS:
        json.dumps(one.stdin)
