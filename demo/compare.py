"""`python -m demo.compare out/demo.json out/killed/demo.json`: is the run whose operator was killed the same as the whole one?

Wall time differs from run to run, and with it accelerator-seconds and money, also when nobody kills anything. So equal are:
every verdict and reason; which stages ran, and at which attempt; who pays. And the books of the killed run balance by
themselves: one entry for each pod that the kubelet saw, none without one, its seconds the kubelet's, and the bill their sum.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from delivery_api.status import LedgerEntry
from delivery_oracle import money

from .cluster import ROOT

Record = dict[str, Any]
OVER, UNDER = 1.0, 130.0
"""Seconds that an entry may say more, or less, than the kubelet: a pod whose end nobody saw is closed by the last thing known
of it, which is no later; a trainer that is told to stop has two minutes."""


def differences(whole: Record, killed: Record, pods: list[Record], kills: Iterable[str]) -> list[str]:
    """Everything that should be equal and is not; nothing when the killed run is as good as the whole one."""
    before, after = by_name(whole), by_name(killed)
    if before.keys() != after.keys():
        return [f"deliveries: {', '.join(before)} in the whole run, {', '.join(after)} in the killed one"]
    found = [line for name in before for line in (*outcome(before[name], after[name]), *books(after[name], pods))]
    return [*found, *spread(after, list(kills))]


def by_name(run: Record) -> dict[str, Record]:
    return {one["name"]: one for one in run["deliveries"]}


def outcome(whole: Record, killed: Record) -> list[str]:
    """Verdicts, reasons, attempts, and who pays."""
    name, found = whole["name"], []
    for one, other in zip(whole["stages"], killed["stages"], strict=True):
        said, says = (f"{stage['verdict']} {stage['reason']}" for stage in (one, other))
        if said != says:
            found.append(f"{name}: {one['name']}: {said}, killed {says}")
    ran, runs = (sorted((entry["stage"], entry["attempt"]) for entry in run["ledger"]) for run in (whole, killed))
    if ran != runs:
        found.append(f"{name}: stages and attempts that ran: {ran}, killed {runs}")
    paid, pays = (run["billed"] is not None and run["billed"] == run["cost"] for run in (whole, killed))
    if paid != pays:
        found.append(f"{name}: billed {whole['billed']} of {whole['cost']}, killed {killed['billed']} of {killed['cost']}")
    return found


def books(run: Record, pods: list[Record]) -> list[str]:
    """The ledger of a run against the pods that the kubelet saw, and the bill against the ledger."""
    name, entries = run["name"], {entry["pod"]: entry for entry in run["ledger"]}
    seen = {pod["pod"]: pod for pod in pods if pod["delivery"] == name}
    found = [f"{name}: pod {pod} ran and is not in the ledger" for pod in sorted(seen.keys() - entries.keys())]
    found += [f"{name}: pod {pod} is in the ledger and was not seen" for pod in sorted(entries.keys() - seen.keys())]
    if len(entries) < len(run["ledger"]):
        found.append(f"{name}: a pod is in the ledger twice")
    for pod in sorted(pod for pod in seen.keys() & entries.keys() if seen[pod]["finishedAt"]):
        more = length(entries[pod]) - length(seen[pod])
        if not -UNDER <= more <= OVER:
            found.append(f"{name}: pod {pod} is charged {more:+.0f} s beside what the kubelet says")
    account = money.account(LedgerEntry.model_validate(entry) for entry in entries.values())
    for what, summed in (("cost", account.amount), ("acceleratorSeconds", account.accelerator_seconds)):
        if Decimal(str(run[what])) != summed:
            found.append(f"{name}: {what}={run[what]}, its ledger comes to {summed.normalize():f}")
    return found


def length(held: Record) -> float:
    """Seconds from start to end."""
    start, end = (datetime.fromisoformat(held[key].replace("Z", "+00:00")) for key in ("startedAt", "finishedAt"))
    return (end - start).total_seconds()


def spread(runs: Iterable[str], kills: list[str]) -> list[str]:
    """Deliveries and stages that no kill fell into."""
    hit = hits(kills)
    unhurt = [name for name in runs if not any(place[0] == name for place in hit)]
    stages = [stage for stage in ("intake", "train", "eval", "deploy") if not any(place[1] == stage for place in hit)]
    return [f"{one}: no kill fell into it" for one in (*unhurt, *stages)]


def hits(kills: Iterable[str]) -> Counter[tuple[str, str]]:
    """Kills by delivery and stage."""
    where = [place.split("/") for line in kills if " at " in line for place in line.rpartition(" at ")[2].split(", ")]
    return Counter((delivery, stage) for delivery, stage, _ in where)


def main() -> int:
    """Print what differs; 0 when nothing does."""
    parser = argparse.ArgumentParser(prog="python -m demo.compare", description=__doc__)
    parser.add_argument("whole", type=Path)
    parser.add_argument("killed", type=Path)
    parser.add_argument("--pods", type=Path, default=ROOT / "out" / "killed" / "pods.json")
    parser.add_argument("--kills", type=Path, default=ROOT / "out" / "kills.txt")
    options = parser.parse_args()
    whole, killed, pods = (json.loads(path.read_text("utf-8")) for path in (options.whole, options.killed, options.pods))
    kills = options.kills.read_text("utf-8").splitlines()
    found = differences(whole, killed, pods, kills)
    for (delivery, stage), count in sorted(hits(kills).items()):
        print(f"{count} x killed at {delivery}, {stage}")
    print("\n".join(found) or f"the same: {len(kills)} kills, {len(pods)} pods, each in the ledger once and in the bill")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
