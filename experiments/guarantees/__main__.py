"""Measures every guarantee, or one section again; writes figures, page and pictures. Exit 1 where one does not hold.

`python -m experiments.guarantees [--scale 0.01] [--only SECTION ...] [--out DIR]`
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.guarantees import alarms, conformance, corruption, gpu, naive, page, paper, picture, power, speed
from experiments.guarantees.simulate import Report
from experiments.tbdl.paper import ALARM_STEP, DETECTOR

ROOT = Path(__file__).parents[2]
OUT = ROOT / "docs/reference/guarantees"
Section = Callable[[float, Report], Iterable[Any]]


def vectors(scale: float, report: Report) -> Iterable[conformance.Vector]:
    """Conformance has no scale: it is exact."""
    return conformance.vectors()


SECTIONS: dict[str, tuple[Section, float]] = {
    "conformance": (vectors, 0.01),
    "crossing": (conformance.crossing, 0.10),
    "alarms": (alarms.measure, 0.72),
    "habits": (naive.measure, 0.06),
    "power": (power.measure, 0.05),
    "paper": (paper.measure, 0.03),
    "corruption": (corruption.measure, 0.50),
    "speed": (speed.measure, 0.03),
}
"""Each section with the share of the time that it takes."""
DERIVED = ("rate", "holds", "dollars_saved", "step", "hours", "dollars")


class Progress:
    """A line a few seconds, with elapsed and expected time."""

    def __init__(self, weights: dict[str, float]) -> None:
        self.begun, self.told, self.done = time.monotonic(), 0.0, 0.0
        self.weights, self.whole = weights, sum(weights.values())

    def of(self, name: str) -> Report:
        """What a section reports its share to."""

        def report(share: float) -> None:
            now = time.monotonic()
            if now - self.told < 5.0:
                return
            self.told, part = now, (self.done + share * self.weights[name]) / self.whole
            left = (now - self.begun) * (1.0 - part) / max(part, 1e-3)
            print(f"[{clock(now - self.begun)}] {name}: {share:.0%}, all {part:.0%}, about {clock(left)} left", file=sys.stderr)

        return report

    def finish(self, name: str) -> None:
        """A section is over."""
        self.done += self.weights[name]
        print(f"[{clock(time.monotonic() - self.begun)}] {name}: done", file=sys.stderr)


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


def plain(one: Any) -> dict[str, Any]:
    """A measured thing as JSON, with what it derives from itself."""
    return asdict(one) | {name: getattr(one, name) for name in DERIVED if hasattr(one, name)}


def constants() -> dict[str, Any]:
    """What page and pictures need to know of the settings."""
    return {
        "alphas": list(alarms.ALPHAS), "confidence": alarms.CONFIDENCE, "margin": alarms.MARGIN, "looks": alarms.LOOKS,
        "habit_looks": naive.LOOKS, "changed": naive.CHANGED, "floor": naive.FLOOR,
        "crossing_alpha": conformance.CROSSING_ALPHA,
        "steps": gpu.STEPS, "warmup_end": gpu.WARMUP_END, "alarm_step": ALARM_STEP, "detector": DETECTOR,
        "tokens_a_step": gpu.TOKENS_A_STEP, "utilisation": gpu.UTILISATION, "dollars_an_hour": gpu.DOLLARS_AN_HOUR,
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Measures, writes, and tells whether everything holds."""
    parser = argparse.ArgumentParser(prog="python -m experiments.guarantees", description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full number of simulated runs")
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), default=list(SECTIONS), help="measure these again")
    parser.add_argument(
        "--out", type=Path, default=OUT, help=f"folder for figures and pictures (default {OUT.relative_to(ROOT)})"
    )
    options = parser.parse_args(arguments)
    figures_at = options.out / "figures.json"
    figures: dict[str, Any] = json.loads(figures_at.read_text()) if figures_at.is_file() else {}
    progress = Progress({name: SECTIONS[name][1] for name in options.only})
    for name in options.only:
        figures[name] = [plain(one) for one in SECTIONS[name][0](options.scale, progress.of(name))]
        progress.finish(name)
    figures |= constants()
    options.out.mkdir(parents=True, exist_ok=True)
    figures_at.write_text(json.dumps(figures, indent=1) + "\n")
    write(figures, options.out)
    failed = [line for name in SECTIONS for line in page.broken(name, figures.get(name, []))]
    print("\n".join(failed) or "every guarantee holds", file=sys.stderr)
    return 1 if failed else 0


def write(figures: dict[str, Any], out: Path) -> None:
    """Page and pictures, from figures alone and what mutation testing left there."""
    mutated = out / "mutants.json"
    found = json.loads(mutated.read_text()) if mutated.is_file() else None
    out.with_suffix(".md").write_text(page.page(figures, out.name, found))
    (out / "alarms.svg").write_text(picture.alarms(figures))
    (out / "delays.svg").write_text(picture.delays(figures))


if __name__ == "__main__":
    sys.exit(main())
