"""How long the demo took here: from empty caches, when all had to be built, and from full ones.

A newcomer waits for the one and a developer for the other, so both are printed. Which of the two a run was is seen from the
time before the first delivery: seconds where the cache has everything, many minutes where Kubernetes had to be built.
"""

import json
from pathlib import Path

FILE = "demo-seconds.json"
BUILDING_SECONDS = 240.0


def remember(cache: Path, seconds: float, setting_up: float) -> dict[str, float]:
    """Keep the latest cold and the latest warm run of this cache; returns what is known."""
    path = cache / FILE
    known: dict[str, float] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    known["cold" if setting_up > BUILDING_SECONDS else "warm"] = round(seconds, 1)
    cache.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known) + "\n", "utf-8")
    return known


def sentence(known: dict[str, float]) -> str:
    """Both figures in words; what was not measured with this cache is said."""
    told = {kind: f"{known[kind] / 60:.1f} minutes" if kind in known else "not measured here" for kind in ("warm", "cold")}
    return f"The whole demo from warm caches: {told['warm']}; from empty ones, with everything to build: {told['cold']}"
