"""`wealth`, `mcnemar` and `learned`: the statistics, from numbers on standard input."""

from __future__ import annotations

import argparse
import math
import sys
from array import array
from itertools import chain

import numpy as np

from delivery_oracle.commands.common import FAIL, PASS, STATUS, UNKNOWN, BadInput, Commands, exponential, rows, show
from delivery_oracle.probe import ALPHA_CERTIFY, ALPHA_FLAG, Outcome
from delivery_oracle.statistics import mcnemar
from delivery_oracle.statistics.eprocess import Bets, Process, wealth
from delivery_oracle.statistics.learned import SIGNATURE_TEXT, compare

BATCH = 10_000
DECISION = {Process.FLAG: Outcome.NOT_LEARNING, Process.CERTIFY: Outcome.LEARNING}
EXIT = {Outcome.NOT_LEARNING: FAIL, Outcome.LEARNING: PASS, Outcome.UNDECIDED: UNKNOWN}


def add_wealth(commands: Commands) -> None:
    parser = commands.add_parser("wealth", help="wealth of the clean probe; one difference a line on standard input")
    parser.add_argument("--process", required=True, choices=[str(process) for process in Process])
    parser.add_argument("--delta", required=True, type=float, help="minimum gain, fixed before the run")
    parser.add_argument("--bets", default="mixture", choices=[str(bets) for bets in Bets])
    parser.add_argument("--alpha", type=float, help="chance of a false alarm; 0.01 to flag, 0.05 to certify")
    parser.set_defaults(run=run_wealth)


def run_wealth(options: argparse.Namespace) -> int:
    process = Process(options.process)
    alpha = options.alpha or (ALPHA_FLAG if process is Process.FLAG else ALPHA_CERTIFY)
    if not 0.0 < alpha < 1.0:
        raise BadInput(f"--alpha {alpha:g} is not inside (0, 1)")
    items = array("d", (row[0] for row in rows(sys.stdin.buffer, 1)))
    if not items:
        raise BadInput("no items on standard input; one difference candidate - base a line")
    path = wealth(process, np.frombuffer(items), options.delta, Bets(options.bets))
    crossed = path.first_crossing(alpha) or len(items) + 1
    decided = DECISION[process]
    for start in range(0, len(items), BATCH):
        part = path.log_wealth[start : start + BATCH].tolist()
        sys.stdout.write("".join(line(n, value, decided, crossed) for n, value in enumerate(part, start=start + 1)))
    return EXIT[decided if crossed <= len(items) else Outcome.UNDECIDED]


def line(n: int, log_wealth: float, decided: Outcome, crossed: int) -> str:
    """One item's JSON line; by hand, as a million of them must not take long."""
    outcome = decided.value if n >= crossed else Outcome.UNDECIDED.value
    wealth_now = exponential(log_wealth)
    return f'{{"n": {n}, "wealth": {wealth_now!r}, "log_wealth": {log_wealth!r}, "outcome": "{outcome}"}}\n'


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
    parser.set_defaults(run=run_learned)


def run_learned(options: argparse.Namespace) -> int:
    pairs = np.frombuffer(array("d", chain.from_iterable(rows(sys.stdin.buffer, 2)))).reshape(-1, 2)
    if not math.isfinite(options.delta):
        raise BadInput(f"--delta {options.delta} is not a number in [0, 1)")
    seen = compare(pairs[:, 0], pairs[:, 1], options.delta, use=options.use)
    show(
        {
            "verdict": str(seen.verdict), "p": seen.p, "gain": seen.gain, "interval": [seen.interval.low, seen.interval.high],
            "signature": str(seen.signature), "base": seen.base, "candidate": seen.candidate, "wins": seen.wins,
            "losses": seen.losses, "n": seen.items, "alpha": seen.alpha, "test": seen.test,
        }
    )  # fmt: skip
    print("; ".join(filter(None, (str(seen), SIGNATURE_TEXT[seen.signature]))), file=sys.stderr)
    return STATUS[seen.verdict]
