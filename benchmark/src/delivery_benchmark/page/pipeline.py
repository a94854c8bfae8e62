"""The ten stages of a real delivery as tabs, each with its verdict and the evidence that it rests on.

Whatever came from elsewhere is escaped. Without scripts every panel is on the page, one under the other.
"""

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from delivery_api.finding import Verdict
from delivery_api.reasons import Reason
from delivery_api.stages import CLASS, STAGES, Stage

from .papers import Papers

ASKS = {
    Stage.INTAKE: "Was the ticket read as it was meant, and do the training labels mean what the sealed labels mean?",
    Stage.PLAN: "Do method, template, loss mask and packing fit the task and the base?",
    Stage.CONFIG: "Do the hyper-parameters provably fit, and were they certified before anything ran?",
    Stage.SCHEDULE: "Does the run fit its accelerator, and its price the budget?",
    Stage.TRAIN: "Did it run its steps on sound mechanics, and was it not shown to be learning nothing?",
    Stage.EVAL: "Is it better than its base by the margin, on sealed items, in the serving engine?",
    Stage.REGISTER: "Is what was audited recorded under its digest?",
    Stage.DEPLOY: "Did somebody else approve exactly this, and does the endpoint answer as the audited model?",
    Stage.COST: "What ran, what did it cost, and who pays?",
    Stage.CARD: "Is every claim about the delivery borne out by evidence?",
}
MARK = {"Pass": ("pass", "✓", "passes"), "Fail": ("fail", "✕", "fails"), "Unknown": ("open", "?", "not established")}
Row = tuple[str, str]


def pipeline(deliveries: Sequence[Papers]) -> str:
    """Choice of a delivery, and its stages."""
    choices = "".join(
        f'<label><input type="radio" name="delivery" value="delivery-{at}"{" checked" if at == 0 else ""}> '
        f"{escape(one.name)}, {'delivered' if one.certificate['delivered'] else 'not delivered'}</label>"
        for at, one in enumerate(deliveries)
    )
    bodies = "".join(_delivery(at, one) for at, one in enumerate(deliveries))
    return f'<fieldset class="choice"><legend>Delivery</legend>{choices}</fieldset>{bodies}'


def verdicts(one: Papers) -> dict[Stage, dict[str, Any]]:
    """What the certificate says of each stage; that of the card follows from the claims on it."""
    said = {Stage(row["name"]): row for row in one.certificate["stages"]}
    return said | {Stage.CARD: card(one.certificate["claims"])}


def card(claims: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Verdict of the stage that issued the certificate, by the rule of the oracle: false fails, not shown is unknown."""
    held = [claim["holds"] for claim in claims]
    if False in held:
        verdict, reason = Verdict.FAIL, Reason.CLAIM_UNSUPPORTED
    elif None in held:
        verdict, reason = Verdict.UNKNOWN, Reason.CLAIM_UNSUPPORTED
    else:
        verdict, reason = Verdict.PASS, Reason.CARD_ISSUED
    message = f"{held.count(True)} of {len(held)} claims hold" if held else "No claims to check"
    return {"name": "card", "verdict": str(verdict), "reason": str(reason), "message": message}


def _delivery(at: int, one: Papers) -> str:
    said = verdicts(one)
    culprit = next((stage for stage in STAGES if said[stage]["verdict"] == "Fail"), STAGES[0])
    tabs = "".join(_tab(at, number, stage, said[stage], stage is culprit) for number, stage in enumerate(STAGES, start=1))
    panels = "".join(_panel(at, stage, said[stage], one) for stage in STAGES)
    ticket = f"<p>The ticket: <q>{escape(one.ticket)}</q></p>" if one.ticket else ""
    name = escape(one.name)
    return (
        f'<div class="delivery" id="delivery-{at}">{ticket}'
        f'<div class="stages" role="tablist" aria-label="Stages of {name}">{tabs}</div>{panels}</div>'
    )


def _tab(at: int, number: int, stage: Stage, row: dict[str, Any], first: bool) -> str:
    kind, mark, words = MARK[row["verdict"]]
    key = f"delivery-{at}-{stage}"
    return (
        f'<button type="button" role="tab" class="{kind}" id="{key}-tab" aria-controls="{key}"{" data-first" if first else ""}>'
        f'<span aria-hidden="true">{mark}</span> {number} {stage}<span class="unseen"> {words}</span></button>'
    )


def _panel(at: int, stage: Stage, row: dict[str, Any], one: Papers) -> str:
    kind, _, words = MARK[row["verdict"]]
    key = f"delivery-{at}-{stage}"
    trained = one.training and one.training["loss"]
    curve = f'<div class="curve" data-delivery="{at}"></div>' if stage is Stage.TRAIN and trained else ""
    return (
        f'<div class="panel" role="tabpanel" tabindex="0" id="{key}" aria-labelledby="{key}-tab">'
        f"<h3>{stage} <small>{CLASS[stage]}</small></h3><p>{ASKS[stage]}</p>"
        f'<p class="verdict {kind}"><strong>{words}</strong>, {escape(row["reason"])}</p><p>{escape(row["message"])}</p>'
        f"{curve}{_evidence(stage, row, one)}</div>"
    )


def _evidence(stage: Stage, row: dict[str, Any], one: Papers) -> str:
    rows = [*_facts(stage, one), *_record(row)]
    if not rows and stage is not Stage.CARD:
        return "<p>Nothing is on record of this stage.</p>"
    listed = "".join(f"<dt>{escape(term)}</dt><dd>{escape(value)}</dd>" for term, value in rows)
    paper = f"<details><summary>Model card</summary><pre>{escape(one.card)}</pre></details>" if stage is Stage.CARD else ""
    return (f"<h4>Evidence</h4><dl>{listed}</dl>" if rows else "") + paper


def _facts(stage: Stage, one: Papers) -> Iterator[Row]:
    """What the papers hold about a stage."""
    told, bill = one.certificate, one.bill
    carried = told.get("carriedOut", {})
    if stage is Stage.INTAKE:
        yield from _flat(told["terms"]["acceptance"] | told["terms"]["handling"])
        yield from _flat(told["inputs"])
    elif stage in (Stage.PLAN, Stage.CONFIG, Stage.SCHEDULE):
        yield from _flat(carried.get(str(stage), {}))
        yield from _flat({"budget": told["terms"]["budget"]} if stage is Stage.SCHEDULE else {})
    elif stage is Stage.EVAL:
        yield from _flat(told.get("evaluation", {}))
    elif stage is Stage.REGISTER:
        yield from _flat(told.get("artifact", {}))
    elif stage is Stage.DEPLOY:
        yield from _flat({key: told[key] for key in ("approval", "override", "closed") if key in told})
    elif stage is Stage.COST:
        yield from _flat({key: value for key, value in bill.items() if key in BILLED})
    elif stage is Stage.CARD:
        yield from (("claim", " ".join(str(value) for value in claim.values())) for claim in told["claims"])
        yield from (("not established", entry) for entry in told["notEstablished"])
    yield from (_pod(entry) for entry in bill["ledger"] if stage is Stage.COST or entry["stage"] == str(stage))


BILLED = ("acceleratorSeconds", "amount", "currency", "billed", "withheld", "saved", "why")


def _pod(entry: dict[str, Any]) -> Row:
    held = f"{entry['seconds']} s of {entry['accelerators']} x {entry['acceleratorClass']}"
    return "pod that was paid for", f"{entry['pod']}: {held} at {entry['pricePerHour']} an hour"


def _record(row: dict[str, Any]) -> Iterator[Row]:
    """The record of the work: its evidence by digest, what ran it and when."""
    names = {"evidence": "digest of the evidence", "inputs": "digest of the inputs", "image": "image"}
    names |= {"attempt": "attempt", "startedAt": "started", "finishedAt": "finished"}
    yield from ((name, str(row[key])) for key, name in names.items() if key in row)


def _flat(value: dict[str, Any], under: str = "") -> Iterator[Row]:
    """Names in words, one row for each leaf."""
    for key, inside in value.items():
        name = f"{under}{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', ' ', key).lower()}"
        if isinstance(inside, dict):
            yield from _flat(inside, f"{name}, ")
        elif isinstance(inside, list):
            yield from _listed(name, inside)
        elif inside is not None:
            yield name, str(inside)


def _listed(name: str, values: Sequence[Any]) -> Iterator[Row]:
    for value in values:
        if isinstance(value, dict):
            yield name, ", ".join(f"{key} {inside}" for key, inside in value.items())
        else:
            yield name, str(value)
