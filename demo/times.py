"""How long the demo took here: the first time, when all had to be built, and the last time.

The first run fills the cache outside the tree; later runs find it there. Both figures are printed,
since a newcomer waits for the one and a developer for the other.
"""

import json
from pathlib import Path

FILE = "demo-seconds.json"


def remember(cache: Path, seconds: float) -> dict[str, float]:
    """Keep the first and the latest complete run of this cache; returns both."""
    path = cache / FILE
    known: dict[str, float] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    known.setdefault("first", round(seconds, 1))
    known["latest"] = round(seconds, 1)
    cache.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known) + "\n", "utf-8")
    return known


def sentence(known: dict[str, float]) -> str:
    """Both figures in words."""
    first, latest = known["first"] / 60, known["latest"] / 60
    if known["first"] == known["latest"]:
        return f"{latest:.1f} minutes in all, with everything that had to be built; the next run finds it in the cache"
    return f"{latest:.1f} minutes in all from the cache; the first run here, which built it, took {first:.1f}"
