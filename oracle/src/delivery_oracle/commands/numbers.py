"""`wealth`, `mcnemar`, `learned` and `fleet`: the statistics, from numbers on standard input."""

from __future__ import annotations

import argparse
import math
import sys

import numpy as np

from delivery_oracle.commands import stream
from delivery_oracle.commands.common import FAIL, LARGEST, PASS, STATUS, UNKNOWN, BadInput, Commands, show
from delivery_oracle.probe import ALPHA_CERTIFY, ALPHA_FLAG, Outcome
from delivery_oracle.statistics import mcnemar
from delivery_oracle.statistics.eprocess import Bets, Floats, Process, wealth
from delivery_oracle.statistics.fleet import e_bh
from delivery_oracle.statistics.learned import POPULATION, SIGNATURE_TEXT, compare

BATCH = 10_000
DECISION = {Process.FLAG: Outcome.NOT_LEARNING, Process.CERTIFY: Outcome.LEARNING}
EXIT = {Outcome.NOT_LEARNING: FAIL, Outcome.LEARNING: PASS, Outcome.UNDECIDED: UNKNOWN}
NULL = {Process.FLAG: "at least", Process.CERTIFY: "at most"}


def add_wealth(commands: Commands) -> None:
    parser = commands.add_parser("wealth", help="wealth of the clean probe; one difference a line on standard input")
    parser.add_argument("--process", required=True, choices=[str(process) for process in Process])
    parser.add_argument("--delta", required=True, type=float, help="minimum gain, fixed before the run")
    parser.add_argument("--bets", default="mixture", choices=[str(bets) for bets in Bets])
    parser.add_argument("--alpha", type=float, help="chance of a false alarm; 0.01 to flag, 0.05 to certify")
    parser.set_defaults(run=run_wealth)


def run_wealth(options: argparse.Namespace) -> int:
    process = Process(options.process)
    alpha = (ALPHA_FLAG if process is Process.FLAG else ALPHA_CERTIFY) if options.alpha is None else options.alpha
    if not 0.0 < alpha < 1.0:
        raise BadInput(f"--alpha {alpha:g} is not inside (0, 1)")
    items = stream.read(sys.stdin.buffer, 1).ravel()
    if not items.size:
        raise BadInput("no items on standard input; one difference candidate - base a line")
    path = wealth(process, items, options.delta, Bets(options.bets))
    crossed = path.first_crossing(alpha) or items.size + 1
    write_path(path.log_wealth, DECISION[process], crossed)
    outcome = DECISION[process] if crossed <= items.size else Outcome.UNDECIDED
    said = f"rejected at {alpha:g} after {crossed} items" if outcome is not Outcome.UNDECIDED else f"not rejected at {alpha:g}"
    null = f"every item, given the ones before, is expected to gain {NULL[process]} {options.delta:g} {POPULATION}"
    print(f"{outcome}: {said}: {null}", file=sys.stderr)
    return EXIT[outcome]


def write_path(path: Floats, decided: Outcome, crossed: int) -> None:
    """One item's JSON a line; by hand, as a million of them must not take long."""
    after, before = decided.value, Outcome.UNDECIDED.value
    for start in range(0, path.size, BATCH):
        logs = path[start : start + BATCH]
        wealths = np.where(logs < 709.0, np.exp(np.minimum(logs, 709.0)), LARGEST).tolist()
        sys.stdout.write(
            "".join(
                f'{{"n": {n}, "wealth": {value!r}, "log_wealth": {log!r}, "outcome": "{after if n >= crossed else before}"}}\n'
                for n, value, log in zip(range(start + 1, start + BATCH + 1), wealths, logs.tolist(), strict=False)
            )
        )


def add_mcnemar(commands: Commands) -> None:
    parser = commands.add_parser("mcnemar", help="exact one-sided paired test of a number of wins and losses")
    parser.add_argument("wins", type=int, metavar="WINS")
    parser.add_argument("losses", type=int, metavar="LOSSES")
    parser.set_defaults(run=run_mcnemar)


def run_mcnemar(options: argparse.Namespace) -> int:
    if max(options.wins, options.losses) > 10_000_000:
        raise BadInput("more than 10,000,000 discordant items")
    show({"p": mcnemar.p_value(options.wins, options.losses)})
    return PASS


def add_learned(commands: Commands) -> None:
    parser = commands.add_parser("learned", help="verdict over pairs `base candidate`, one a line on standard input")
    parser.add_argument("--delta", required=True, type=float, help="minimum gain, fixed before the run")
    parser.add_argument("--use", type=int, help="which use of this holdout it is; its level is alpha / (k (k + 1))")
    parser.add_argument("--probed", type=float, help="gain that was seen in the trainer, to tell what serving lost")
    parser.set_defaults(run=run_learned)


def run_learned(options: argparse.Namespace) -> int:
    pairs = stream.read(sys.stdin.buffer, 2)
    if not math.isfinite(options.delta):
        raise BadInput(f"--delta {options.delta} is not a number in [0, 1)")
    seen = compare(pairs[:, 0], pairs[:, 1], options.delta, use=options.use, probed=options.probed)
    show(
        {
            "verdict": str(seen.verdict), "p": seen.p, "gain": seen.gain, "interval": [seen.interval.low, seen.interval.high],
            "signature": str(seen.signature), "base": seen.base, "candidate": seen.candidate, "wins": seen.wins,
            "losses": seen.losses, "n": seen.items, "alpha": seen.alpha, "test": seen.test, "null": seen.null,
        }
    )  # fmt: skip
    tested = f"tested at {seen.alpha:.3g}: {seen.null}"
    print("; ".join(filter(None, (str(seen), SIGNATURE_TEXT[seen.signature], tested))), file=sys.stderr)
    return STATUS[seen.verdict]


def add_fleet(commands: Commands) -> None:
    parser = commands.add_parser("fleet", help="which of many deliveries reject, from lines `log_wealth name`")
    parser.add_argument("--alpha", type=float, default=ALPHA_CERTIFY, help="false discovery rate (default 0.05)")
    parser.set_defaults(run=run_fleet)


def run_fleet(options: argparse.Namespace) -> int:
    names, logs = stream.named(sys.stdin.buffer)
    if not logs:
        raise BadInput("no deliveries on standard input; `log_wealth name` a line, the wealth as it is now")
    rejected = set(e_bh(logs, options.alpha))
    for place, (name, log) in enumerate(zip(names, logs, strict=True)):
        show({"name": name, "log_wealth": log, "rejected": place in rejected})
    print(f"{len(rejected)} of {len(logs)} rejected at a false discovery rate of {options.alpha:g} by e-BH", file=sys.stderr)
    return PASS
