"""Bad input and bad luck, all at once under one operator on a real API server; workers are replayed.

Each ends in a condition that names the reason, the field and what to do, or in recovery. Whatever happens: no traceback,
no Pass without evidence, no stage twice at once, one entry in the ledger for every pod that ran, no bill without an audit.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from delivery_api.delivery import Delivery
from delivery_api.evidence import Overlap, RowCounts
from delivery_operator.manifests.pod import REGION
from tests.chart.kube import Kube
from tests.oracle import world
from tests.support.plays import Play, dies
from tests.support.replayer import NODE, Replayer
from tests.support.scenes import AT_GATE, at_gate
from tests.support.stage import Theatre, reason, state

pytestmark = pytest.mark.cluster


@dataclass(frozen=True)
class Luck:
    """What happens to one Delivery, and how it must end."""

    end: str
    """Stage and reason."""
    words: str = ""
    """What the message says: the field, or what is missing."""
    play: Play = field(default_factory=Play)
    spec: dict[str, Any] = field(default_factory=dict)


def audited(**found: object) -> Play:
    """The auditor records this."""
    return Play(changes=found)


NO_ROWS = RowCounts(rows=0, empty=0, duplicates=0, conflicting=0)
BERT = world.SMALL | {"architecture": "BertForMaskedLM"}
SKIP = {"spec__terms__handling": {"intakeCanary": "Skip"}}
FAR = {"spec__terms__handling": {"region": "mars-1"}}
HUGE = {"spec__schedule": {"acceleratorClass": "huge"}}

LUCK: dict[str, Luck] = {
    # Data.
    "unreachable": Luck("intake/InputUnreachable", "spec.terms.data.train", dies("intake", "problem:Unreachable", 3)),
    "back-again": Luck(AT_GATE, play=dies("intake", "problem:Unreachable")),
    "absent": Luck("intake/InputInvalid", "spec.terms.data.sealed", dies("intake", "problem:Invalid@spec.terms.data.sealed")),
    "wrong-digest": Luck("intake/InputDigestMismatch", "spec.terms.data.train", dies("intake", "problem:DigestMismatch")),
    "truncated": Luck(AT_GATE, play=dies("intake", "problem:Unreachable", 2)),
    "columns": Luck("intake/IntakeMisread", "spec.intake.fields.target=intent", audited(columns=("text", "label"))),
    "empty": Luck("intake/DataUnusable", "spec.terms.data.train", audited(train=NO_ROWS, labels={})),
    "one-label": Luck("intake/DataUnusable", "one label only (only)", audited(labels={"only": 4000})),
    "too-long": Luck("intake/DataUnusable", "8192 tokens", audited(too_long=4)),
    "leaked": Luck("intake/HoldoutLeaked", "spec.terms.data.sealed", audited(overlap=Overlap(exact=500, near=0))),
    "permuted": Luck("intake/LabelsUnrelated", "spec.terms.data.train", Play(arm="permute")),
    # Base.
    "no-base": Luck("intake/InputInvalid", "spec.base", dies("intake", "problem:Invalid@spec.base")),
    "no-causal-lm": Luck("plan/PlanUnsound", "BertForMaskedLM", audited(architecture=BERT)),
    # Room and money.
    "poor": Luck("schedule/BudgetExceeded", "spec.terms.budget.limit=0.001", spec={"spec__terms__budget__limit": "0.001"}),
    "far": Luck("intake/NoNodeFits", "topology.kubernetes.io/region=mars-1", spec=FAR),
    "huge": Luck("train/NoNodeFits", "needs cpu=1000 and the largest fitting node has 64", spec=HUGE),
    "no-image": Luck("intake/ImageUnavailable", "check its reference", dies("intake", "image")),
    # Workers.
    "oom": Luck("train/OutOfMemory", "spec.config.microBatchSize", dies("train", "oom")),
    "evicted": Luck(AT_GATE, play=dies("train", "evict")),
    "node-lost": Luck(AT_GATE, play=dies("train", "vanish")),
    "half-way": Luck(AT_GATE, play=dies("eval", "kill")),
    "vanished": Luck(AT_GATE, play=dies("eval", "vanish")),
    "lost-thrice": Luck("eval/AttemptsExhausted", "ptaas.dev/retry", dies("eval", "kill", 3)),
    "noisy": Luck("train/NotLearning", "spec.terms.data.train", Play(arm="noise"), SKIP),
    # The registry, while pushing.
    "push-lost": Luck(AT_GATE, play=dies("train", "problem:Push")),
    "push-down": Luck("train/AttemptsExhausted", "ptaas.dev/retry", dies("train", "problem:Push", 3)),
    # Evidence.
    "silent": Luck("eval/EvidenceMissing", "ptaas.dev/retry", dies("eval", "silent")),
    "partial": Luck("eval/EvidenceInvalid", "ptaas.dev/retry", dies("eval", "partial")),
    "oversized": Luck("eval/EvidenceInvalid", "ptaas.dev/retry", dies("eval", "overflow")),
    "corrupt": Luck("eval/EvidenceInvalid", "ptaas.dev/retry", dies("eval", "corrupt")),
    "mismatch": Luck("train/EvidenceInvalid", "ptaas.dev/retry", dies("train", "mismatch")),
    # The verdict.
    "not-learned": Luck("eval/NotLearned", play=Play(wins=10)),
    "inconclusive": Luck("eval/Inconclusive", "seal more rows", Play(wins=66)),
}


async def test_bad_input_and_bad_luck_end_in_a_condition_or_in_recovery(theatre: Theatre, control_plane: Kube):
    """A customer is told what is wrong and what to do, and pays for nothing that did not pass its audit."""
    huge(control_plane)
    try:
        async with theatre.operator(), theatre.workers(**{name: luck.play for name, luck in LUCK.items()}) as workers:
            for name, luck in LUCK.items():
                theatre.order(name, **luck.spec)
            ends = {
                name: await theatre.reaches(f"{name}: {luck.end}", settled_at(luck.end), name, 150)
                for name, luck in LUCK.items()
            }
            # A pool that scales from zero: the Job has waited for it, and goes on by itself.
            control_plane.ok("label", "node", NODE, f"{REGION}=mars-1")
            went_on = await theatre.reaches("the gate", at_gate, "far", 60)
    finally:
        control_plane.run("label", "node", NODE, f"{REGION}-")
        control_plane.run("delete", "acceleratorclass", "huge")
    for name, seen in ends.items():
        message = seen.status.message
        assert LUCK[name].words in message and "Traceback" not in message and "\n" not in message, f"{name}: {message}"
        keeps_its_books(name, went_on if name == "far" else seen, workers)


def huge(admin: Kube) -> None:
    """An accelerator class that no node has room for."""
    like = admin.get("acceleratorclass", "cpu")["spec"]
    spec = like | {"resourceQuantity": "1000"}
    admin.create({"apiVersion": "ptaas.dev/v1alpha1", "kind": "AcceleratorClass", "metadata": {"name": "huge"}, "spec": spec})


def settled_at(end: str) -> Callable[[Delivery], bool]:
    """There, and with its bill where the end is one."""

    def look(seen: Delivery) -> bool:
        over = seen.status is not None and any(one.status == "False" for one in seen.status.conditions[2:])
        return state(seen) == end and not (over and reason(seen, "CostSettled") == "CostOpen")

    return look


def keeps_its_books(name: str, seen: Delivery, workers: Replayer) -> None:
    """One entry for every pod that ran on an accelerator, none twice; the sum is the bill; billed only what passed."""
    cost = seen.status.cost
    ran = Counter(played for played in workers.pods if played[0] == name and played[1] in ("train", "eval"))
    written = Counter((name, str(entry.stage), entry.attempt) for entry in cost.ledger)
    assert written == ran and max(ran.values(), default=1) == 1, f"{name}: {written} in the ledger, {ran} ran"
    assert (reason(seen, "CostSettled") == "Billed") == (reason(seen, "Evaluated") == "Learned"), name
    if reason(seen, "Evaluated") != "Learned":
        assert cost.billed in (None, "0"), name
