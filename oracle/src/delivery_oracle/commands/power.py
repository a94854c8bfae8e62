"""`power`: what a holdout and a probe pool can show at a margin, before the run."""

from __future__ import annotations

import argparse
import sys

from delivery_oracle.commands.common import PASS, UNKNOWN, BadInput, Commands, show
from delivery_oracle.probe import ALPHA_FLAG
from delivery_oracle.statistics import foresight, power
from delivery_oracle.statistics.eprocess import Process
from delivery_oracle.statistics.learned import spent_alpha

MOST_ITEMS = 100_000


def add(commands: Commands) -> None:
    parser = commands.add_parser("power", help="what a holdout and a probe pool can show at a margin, before the run")
    parser.add_argument("--delta", required=True, type=float, help="minimum gain, fixed before the run")
    parser.add_argument("--items", required=True, type=int, help="sealed items of the holdout")
    parser.add_argument("--pool", type=int, default=0, help="fresh sealed items for the clean probe (default none)")
    parser.add_argument("--use", type=int, help="which use of this holdout it will be; its level is alpha / (k (k + 1))")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    if not 0.0 < options.delta < 1.0:
        raise BadInput(f"--delta {options.delta:g} is not inside (0, 1)")
    if not 1 <= options.items <= MOST_ITEMS or not 0 <= options.pool <= MOST_ITEMS:
        raise BadInput(f"--items and --pool count sealed items, up to {MOST_ITEMS:,}")
    alpha, gain = spent_alpha(options.use), power.assumed_gain(options.delta)
    chance = power.power(options.items, gain, options.delta, alpha=alpha)
    floors = foresight.planned_floors(options.pool, options.delta)
    flags = foresight.chance(Process.FLAG, floors, 0.0, alpha=ALPHA_FLAG)
    show(
        {
            "delta": options.delta, "items": options.items, "alpha": alpha, "gain": round(gain, 6), "power": round(chance, 4),
            "items_needed": power.items_needed(options.delta, alpha=alpha), "looks": len(floors), "flags_no_gain": flags,
        }
    )  # fmt: skip
    print(
        f"a true gain of {gain:.3f} is called Learned with chance {chance:.2f}; the probe flags a run that gains nothing with "
        f"chance {flags:.2f} in {len(floors)} looks (both if the candidate loses one item in ten)",
        file=sys.stderr,
    )
    return PASS if chance >= power.WANTED_POWER else UNKNOWN
