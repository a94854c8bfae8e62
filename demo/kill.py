"""`python -m demo.kill`: beside a running demo, kill the operator at random moments.

The pod is deleted without grace, so its process gets SIGKILL, releases nothing and says nothing; the next one waits for
the Lease to run out. The delivery must end as an undisturbed one does: compare `out/demo.json` of both runs.
"""

import argparse
import json
import random
import threading
from datetime import UTC, datetime
from pathlib import Path

from .cluster import ROOT
from .kubectl import Kubectl
from .prepare import RELEASE, SYSTEM
from .shell import Processes

SELECTOR = f"app.kubernetes.io/name={RELEASE}"


def moments(times: int, within: float, seed: int) -> list[float]:
    """Pauses between kills, in seconds; they add up to less than `within`."""
    draw = random.Random(seed)
    at = sorted(draw.uniform(0, within) for _ in range(times))
    return [now - before for before, now in zip([0.0, *at], at, strict=False)]


def admin(processes: Processes) -> Kubectl:
    """kubectl of the local cluster."""
    told = json.loads(processes.check([str(ROOT / "cluster/status"), "-o", "json"]))
    return Kubectl(processes, told["programs"]["kubectl"], ["--kubeconfig", told["kubeconfig"]["admin"]], "admin")


def kill(kubectl: Kubectl) -> str:
    """Delete the operator's pods without grace; says which."""
    return kubectl.run("delete", "pod", "-n", SYSTEM, "-l", SELECTOR, "--grace-period=0", "--force", "-o", "name").out.strip()


def main() -> None:
    """Kill, and leave a record of when."""
    parser = argparse.ArgumentParser(prog="python -m demo.kill", description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--within", type=float, default=600, help="seconds over which the kills are spread")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "kills.txt")
    options = parser.parse_args()
    kubectl, clock = admin(Processes()), threading.Event()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w", encoding="utf-8") as record:
        for pause in moments(options.times, options.within, options.seed):
            clock.wait(pause)
            line = f"{datetime.now(UTC):%H:%M:%S} {kill(kubectl) or 'no pod was there'}"
            print(line, flush=True)
            record.write(line + "\n")


if __name__ == "__main__":
    main()
