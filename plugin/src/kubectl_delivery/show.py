"""How it looks in a terminal."""

import sys

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .asking import Request
from .looking import Look
from .spending import Spending
from .times import duration
from .waiting import WHO, Explanation

STYLE = {"Pass": "green", "Fail": "red", "Unknown": "dim"}
MARK = {"Pass": "pass", "Fail": "FAIL", "Unknown": "..."}


def console() -> Console:
    """Standard output; as wide as it must be where it is no terminal, so that nothing that is piped is cut."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 160)


def facts(rows: list[tuple[str, str | None]]) -> Table:
    """Names and values; what is absent is not shown."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        if value:
            table.add_row(name, value)
    return table


def explanation(one: Explanation) -> RenderableType:
    """Why it waits."""
    return facts(
        [
            ("delivery", f"{one.namespace}/{one.name}"),
            ("stage", one.stage),
            ("reason", f"{one.reason}: {one.about}"),
            ("since", one.since),
            ("next is", WHO[one.next]),
            ("says", one.message),
            ("overridden by", one.override),
            ("to go on", one.command),
        ]
    )


def request(one: Request) -> RenderableType:
    """What would be approved."""
    return facts(
        [
            ("delivery", f"{one.namespace}/{one.name}"),
            ("artifact", f"{one.artifact} ({one.kind})" if one.kind else one.artifact),
            ("from", one.uri),
            ("base", one.base),
            ("audit", one.audit),
            ("would be billed", f"{one.cost} {one.currency}"),
            ("would serve", one.serving),
            ("created by", one.created_by),
            ("last driven by", one.driven_by),
            ("approvals", f"{len(one.given)} of {one.required}" + (f" ({', '.join(one.given)})" if one.given else "")),
            ("asked at", f"{one.requested_at}, until {one.expires_at}"),
            ("changed", ", ".join(one.changed)),
            ("approved", one.approved),
            ("closed", one.closed),
            ("not established", "\n".join(one.not_established) or "nothing"),
            ("digest of all this", one.digest),
        ]
    )


def spending(one: Spending) -> RenderableType:
    """The ledger and its sums."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("STAGE", "TRY", "POD", "CLASS", "HELD"):
        table.add_column(column, no_wrap=True)
    table.add_column(f"COST {one.currency}", justify="right")
    for line in one.lines:
        held = duration(float(line.seconds)) + ("" if line.finished_at else " so far")
        where = f"{line.accelerators} x {line.accelerator_class}"
        table.add_row(line.stage, str(line.attempt), line.pod, where, held, line.amount)
    sums = facts(
        [
            ("spent", f"{one.spent} of {one.limit} {one.currency}, {one.left} left"),
            ("burns", _burns(one)),
            ("estimated", f"{one.estimate} {one.currency} at most" if one.estimate else None),
            ("billed", f"{one.billed} {one.currency}" if one.billed is not None else None),
            ("withheld", f"{one.withheld} {one.currency}" if one.withheld is not None else None),
            ("saved", f"{one.saved} {one.currency} by stopping early" if one.saved is not None else None),
        ]
    )
    return Group(table, sums) if one.lines else sums


def _burns(one: Spending) -> str:
    if one.seconds_left is None:
        return "nothing now"
    return f"{one.hourly} {one.currency} an hour; the budget reaches for {duration(one.seconds_left)}"


def look(one: Look) -> RenderableType:
    """All stages, training as it goes, and the money."""
    table = Table.grid(padding=(0, 2))
    for stage in one.stages:
        style = STYLE[stage.verdict]
        table.add_row(
            stage.stage, Text(MARK[stage.verdict], style=style), Text(stage.reason, style=style),
            Text(stage.message, overflow="ellipsis", no_wrap=True),
        )  # fmt: skip
    parts: list[RenderableType] = [Text(f"{one.namespace}/{one.name}", style="bold"), table]
    if one.training is not None:
        going = one.training
        line = f"step {going.step}/{going.steps}  loss {going.loss}"
        line += f"  probe {going.probe}" if going.probe else ""
        line += f"  {duration(going.eta_seconds)} to go" if going.eta_seconds is not None else ""
        parts += [ProgressBar(total=going.steps, completed=going.step, width=40), Text(line)]
    return Group(*parts, Text(money_line(one)))


def money_line(one: Look) -> str:
    """Spent, budget and burn."""
    burns = f", burns {one.money.hourly} an hour" if one.money.seconds_left is not None else ""
    return f"{one.money.spent} of {one.money.limit} {one.money.currency}{burns}"


def lines(before: Look | None, one: Look) -> list[str]:
    """What changed, for a log or a pipe: one line a change."""
    known = {(stage.stage, stage.verdict, stage.reason) for stage in before.stages} if before else set()
    told = [
        f"{stage.stage:<9}{MARK[stage.verdict]:<5}{stage.reason}: {stage.message}"
        for stage in one.stages
        if (stage.stage, stage.verdict, stage.reason) not in known and stage.reason != "Waiting"
    ]
    if one.training is not None and (before is None or one.training != before.training):
        going = one.training
        eta = f", {duration(going.eta_seconds)} to go" if going.eta_seconds is not None else ""
        told.append(f"{'train':<9}{'...':<5}step {going.step}/{going.steps}, loss {going.loss}{eta}; {money_line(one)}")
    return told
