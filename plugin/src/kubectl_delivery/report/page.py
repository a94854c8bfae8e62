"""The page: everything that came from elsewhere is escaped, and a policy in the page itself forbids any request."""

from collections.abc import Iterable, Sequence
from html import escape

from ..times import duration
from . import charts
from .model import Report
from .style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
MARK = {"Pass": "pass", "Fail": "fail", "Unknown": "open"}


def page(one: Report) -> str:
    """The whole file."""
    sections = [
        ("summary", "Summary", _summary(one)),
        ("timeline", "Time line", charts.timeline(one.spans) + _spans(one)),
        ("training", "Training", _training(one)),
        ("cost", "Cost", charts.burn(one.burn, one) + _cost(one)),
        ("verdicts", "Verdicts", _verdicts(one)),
        ("papers", "Papers", "".join(_paper(name, text) for name, text in one.documents)),
    ]
    shown = [(key, title, body) for key, title, body in sections if body]
    links = "".join(f'<a href="#{key}">{title}</a>' for key, title, _ in shown)
    body = "".join(_section(key, title, inside) for key, title, inside in shown)
    title = escape(f"{one.namespace}/{one.name}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<title>Delivery {title}</title><style>{STYLE}</style></head>"
        f'<body><a class="skip" href="#main">Skip to the report</a><header><h1>{title}</h1>'
        f'<p class="state">{escape(one.state)}</p><p>{escape(one.message)}</p><nav aria-label="Sections">{links}</nav></header>'
        f'<main id="main" tabindex="-1">{body}</main>'
        f"<footer><p>As of {escape(one.as_of)}. Verdicts are computed from recorded evidence, never from a training signal.</p>"
        "</footer>"
        "</body></html>\n"
    )


def _section(key: str, title: str, inside: str) -> str:
    return f'<section id="{key}" aria-labelledby="{key}-h"><h2 id="{key}-h">{title}</h2>{inside}</section>'


def _summary(one: Report) -> str:
    rows = [
        ("Ticket", one.ticket),
        ("Next to act", one.next),
        ("Base", one.base),
        ("Artifact", one.artifact),
        ("Audit", one.audit),
        ("Approved", one.approved),
        ("Served by override, not approved", one.overridden),
        ("Cost", _money(one)),
    ]
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows if value) + "</dl>"


def _money(one: Report) -> str:
    money = one.money
    said = [f"{money.spent} of {money.limit} {money.currency}"]
    said += [f"billed {money.billed}"] if money.billed is not None else []
    said += [f"withheld {money.withheld}"] if money.withheld is not None else []
    said += [f"saved {money.saved} by stopping early"] if money.saved is not None else []
    return ", ".join(said)


def _spans(one: Report) -> str:
    rows = [(span.stage, span.kind, span.start, span.end, span.what) for span in one.spans]
    return _table("Time line in numbers", ("stage", "what", "from", "to", "detail"), rows)


def _training(one: Report) -> str:
    if one.curves is None or not one.curves.loss:
        return ""
    looks = [(str(step), f"{gain:+.4f}", str(items)) for step, gain, items in one.curves.probe]
    losses = [(str(step), f"{loss:.4f}") for step, loss in one.curves.loss]
    return (
        "<p>The loss falls in every run. Only the gain on items that the run has never seen says whether it learns.</p>"
        + charts.training(one.curves, one.minimum_gain)
        + _table("Looks of the probe", ("step", "gain", "items"), looks)
        + _table("Loss by step", ("step", "loss"), losses)
    )


def _cost(one: Report) -> str:
    rows = [
        (line.stage, str(line.attempt), line.pod, f"{line.accelerators} x {line.accelerator_class}",
         duration(float(line.seconds)), line.amount)
        for line in one.money.lines
    ]  # fmt: skip
    return f"<p>{escape(_money(one))}</p>" + _table(
        "Every pod that was paid for", ("stage", "attempt", "pod", "class", "held", one.money.currency), rows
    )


def _verdicts(one: Report) -> str:
    body = "".join(
        f'<tr class="{MARK[stage.verdict]}"><th scope="row">{stage.stage}</th><td>{MARK[stage.verdict]}</td>'
        f"<td>{escape(stage.reason)}</td><td>{escape(stage.message)}</td></tr>"
        for stage in one.stages
    )
    return (
        f'<div class="wide verdicts">{_open_table(("stage", "verdict", "reason", "what is known"))}{body}</tbody></table></div>'
    )


def _table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The numbers behind a picture, folded away."""
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    if not body:
        return ""
    table = f"{_open_table(columns)}{body}</tbody></table>"
    return f'<details><summary>{escape(caption)}</summary><div class="wide">{table}</div></details>'


def _open_table(columns: Sequence[str]) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    return f"<table><thead><tr>{head}</tr></thead><tbody>"


def _paper(name: str, text: str) -> str:
    return f"<details><summary>{escape(name)}</summary><pre>{escape(text)}</pre></details>"
