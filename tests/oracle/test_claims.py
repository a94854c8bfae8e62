"""Claims about a delivery: a true one is never judged false, a false one never true, however people write numbers."""

import random
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from delivery_api.driver import Claim
from delivery_api.evidence import RowCounts
from delivery_api.status import Resolved
from delivery_oracle.claims import check
from delivery_oracle.stages import card, evaluation
from tests.oracle import world as w

SEED = 20261124
WORLDS = 10
Known = dict[tuple[str, str], str]
Drawn = tuple[str, str, str]
Draw = Callable[[random.Random, Known, str], list[Drawn]]


def known(rng: random.Random) -> tuple[Known, str]:
    """The facts of a random delivery, by the oracle's own computation from evidence; and its base."""
    wins = rng.randint(60, 250)
    spec = w.spec(base={"uri": f"hf://org/base-{rng.randint(1, 9)}@{'a' * 40}"})
    rows = rng.randint(1000, 99_999)
    audit = w.audit(
        train=RowCounts(rows=rows, empty=0, duplicates=0, conflicting=0),
        personal_data={"email": rng.randint(10, 99)},
    )
    amount = f"{rng.uniform(1, 39):.6f}"
    resolved = Resolved(
        plan=w.plan(method=rng.choice(["LoRA", "Full"])),
        config=w.config(steps=rng.randint(100, 9999), rank=rng.choice([8, 16, 32]), learning_rate=rng.choice(["1e-3", "2e-4"])),
        schedule={},
        hours="0.2",
    )
    compared = evaluation.comparison(spec, w.evaluate(items=w.outcomes(wins=wins, losses=rng.randint(0, 9))))
    cost = w.cost(amount=amount, billed=amount, accelerator_seconds=str(rng.randint(1000, 99_999)))
    return card.facts(spec, audit=audit, resolved=resolved, comparison=compared, cost=cost), spec.base.uri


def truths(rng: random.Random, facts: Known, base: str) -> list[Drawn]:
    """Ten true claims, as people write them. Rendered by Python's own formatting, not by what is tested."""
    share = rng.choice(["base", "candidate"])
    value, gain = float(facts["Metric", share]), float(facts["Metric", "gain"])
    rows, seconds = int(facts["Data", "trainRows"]), facts["Cost", "acceleratorSeconds"]
    places = rng.randint(2, 5)
    return [
        ("Metric", "candidate", f"{float(facts['Metric', 'candidate']):.{places}f}"),
        ("Metric", share, f"{100 * value:.1f}%" if value else "0"),
        ("Metric", "gain", f"{gain:+.3f}"),
        ("Metric", "pValue", rng.choice([f"{float(facts['Metric', 'pValue']):.0e}", "< 0.001", "<0.05"])),
        ("Data", "trainRows", rng.choice([f"{rows}", f"{rows:,}"])),
        ("Data", "personalData", facts["Data", "personalData"]),
        ("Cost", "billed", rng.choice(["${:.2f}", "{:.2f} USD", "{:.4f}"]).format(float(facts["Cost", "billed"]))),
        ("Cost", "acceleratorSeconds", rng.choice([seconds, f"{seconds} s", f"{int(seconds):,}"])),
        ("Method", "method", rng.choice([str.lower, str.upper, str])(facts["Method", "method"])),
        rng.choice(
            [
                ("Method", "base", base),
                ("Method", "base", base.removeprefix("hf://").split("@")[0]),
                ("Method", "learningRate", f"{float(facts['Method', 'learningRate']):f}"),
                ("Method", "steps", facts["Method", "steps"]),
            ]
        ),
    ]


def lies(rng: random.Random, facts: Known, base: str) -> list[Drawn]:
    """Ten false claims: what an eager driver would write."""
    candidate, gain = Decimal(facts["Metric", "candidate"]), Decimal(facts["Metric", "gain"])
    rows, billed = int(facts["Data", "trainRows"]), Decimal(facts["Cost", "billed"])
    other = "Full" if facts["Method", "method"] == "LoRA" else "LoRA"
    return [
        ("Metric", "candidate", f"{candidate + Decimal(rng.choice(['0.011', '0.1', '-0.02'])):.3f}"),
        ("Metric", "candidate", f"{min(Decimal(99), 100 * candidate + rng.randint(1, 9)):.1f}%"),
        ("Metric", "candidate", rng.choice(["1", "1.0", "100%"])),
        ("Metric", "gain", f"{-gain:+.3f}"),
        ("Metric", "pValue", rng.choice(["0.04", "0", f"{Decimal(facts['Metric', 'pValue']) / 10:.1e}"])),
        ("Data", "trainRows", rng.choice([f"{rows + 1}", f"{rows * 10}", f"{rows - 100:,}"])),
        ("Data", "personalData", "0"),
        ("Cost", "billed", rng.choice([f"{billed / 2:.2f} USD", f"{billed:.2f} EUR", "0", f"${billed - 1:.2f}"])),
        ("Method", "method", rng.choice([other, "QLoRA", "LoRA+"])),
        rng.choice(
            [
                ("Method", "base", base.replace("base-", "large-")),
                ("Method", "steps", str(int(facts["Method", "steps"]) * 2)),
                ("Method", "learningRate", "3e-4"),
                ("Method", "rank", "64"),
            ]
        ),
    ]


def drawn(made: Draw) -> Iterator[tuple[Drawn, Known]]:
    rng = random.Random(SEED)
    for _ in range(WORLDS):
        facts, base = known(rng)
        for claim in made(rng, facts, base):
            yield claim, facts


def judged(claim: Drawn, facts: Known) -> bool | None:
    kind, subject, value = claim
    return check(Claim(type=kind, subject=subject, value=value), facts).holds


@pytest.mark.parametrize(("made", "verdict"), [(truths, True), (lies, False)], ids=["true", "false"])
def test_of_a_hundred_claims_none_is_judged_wrong(made: Draw, verdict: bool):
    found = [(claim, judged(claim, facts)) for claim, facts in drawn(made)]
    assert len(found) == 100
    assert [claim for claim, holds in found if holds is not verdict] == []


FACTS: Known = {
    ("Metric", "candidate"): "0.784375",
    ("Metric", "base"): "0.996",
    ("Metric", "gain"): "0.5625",
    ("Metric", "pValue"): "1.98e-65",
    ("Data", "trainRows"): "4213",
    ("Data", "personalData"): "0",
    ("Cost", "currency"): "USD",
    ("Cost", "billed"): "0.009444",
    ("Cost", "acceleratorSeconds"): "340",
    ("Method", "method"): "LoRA",
    ("Method", "base"): "hf://Org/Base@" + "a" * 40,
}
CASES: list[tuple[str, str, str, bool | None]] = [
    ("Metric", "gain", "0.562", True),
    ("Metric", "gain", "0.563", True),
    ("Metric", "gain", "0.56", True),
    ("Metric", "gain", "0.57", False),
    ("Metric", "candidate", "0.8", None),
    ("Metric", "candidate", "1", False),
    ("Metric", "base", "100%", False),
    ("Metric", "base", "99.6 %", True),
    ("Metric", "candidate", "0,784", None),
    ("Metric", "candidate", "NaN", None),
    ("Metric", "candidate", "٠.٧٨", None),
    ("Metric", "candidate", "about 0.78", None),
    ("Metric", "candidate", ">0.5", None),
    ("Metric", "candidate", "< 0.9", None),
    ("Metric", "f1", "0.9", None),
    ("Metric", "pValue", "2e-65", True),
    ("Metric", "pValue", "0", False),
    ("Metric", "pValue", "< 1e-70", False),
    ("Data", "trainRows", "4,213", True),
    ("Data", "trainRows", "4.2e3", True),
    ("Data", "trainRows", "4200", False),
    ("Data", "trainRows", "42,13", None),
    ("Data", "trainRows", "4.213", False),
    ("Data", "trainRows", "421300%", None),
    ("Data", "personalData", "0", True),
    ("Data", "personalData", "3", False),
    ("Cost", "billed", "$0.0094", True),
    ("Cost", "billed", "0.0094 EUR", False),
    ("Cost", "billed", "0.00", False),
    ("Cost", "billed", "0.01", None),
    ("Cost", "billed", "-0.0094", False),
    ("Cost", "acceleratorSeconds", "340 s", True),
    ("Cost", "currency", "usd", True),
    ("Method", "method", "LORA", True),
    ("Method", "base", "Org/Base", True),
    ("Method", "base", "org/base", False),
    ("Method", "base", "Org", False),
    ("Limits", "domain", "support mail only", True),
    ("Limits", "other", "99 % right", None),
]


@pytest.mark.parametrize(("kind", "subject", "value", "holds"), CASES, ids=[f"{c[1]} {c[2]}" for c in CASES])
def test_a_claim_is_held_against_the_fact(kind: str, subject: str, value: str, holds: bool | None):
    found = check(Claim(type=kind, subject=subject, value=value), FACTS)
    assert found.holds is holds
    assert (found.why is None) is (holds is not None)


def test_a_dollar_is_no_euro():
    euros = FACTS | {("Cost", "currency"): "EUR"}
    assert check(Claim(type="Cost", subject="billed", value="$0.0094"), euros).holds is False
    assert check(Claim(type="Cost", subject="billed", value="0.0094 EUR"), euros).holds is True


def test_a_number_in_the_sentence_of_a_limit_is_no_way_around_the_check():
    claim = Claim(type="Limits", subject="domain", value="support", text="Support mail, where it is right in 99 of 100 cases")
    assert check(claim, FACTS).holds is None
