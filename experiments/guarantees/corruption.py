"""Does the interval of the share of random labels cover the truth? BANKING77, 256 sealed items, one draw of them a seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from delivery_measure import canary as measuring
from delivery_oracle.canary import listen
from delivery_oracle.statistics.corruption import FEWEST_ITEMS
from experiments.estimate.published import shared
from experiments.guarantees.simulate import Report
from experiments.tbdl.rows import read

SEEDS = 200
SHARES = (0.0, 0.2, 0.5, 0.8, 0.95)
STATED = 0.95


@dataclass(frozen=True)
class Coverage:
    """How often the 95 % interval holds the share of labels that were replaced."""

    share: float
    seeds: int
    covered: float
    estimate: float
    width: float
    songs: dict[str, int]

    @property
    def holds(self) -> bool:
        return self.covered >= STATED


def rows(name: str) -> tuple[list[str], list[str]]:
    """Texts and labels of one file."""
    folder = shared() / "data/banking77"
    if not (folder / name).is_file():
        raise SystemExit(f"BANKING77 is not at {folder}; set DELIVERY_SHARED to the folder that holds data/banking77")
    found = read(folder / name)
    return [row.text for row in found], [row.label for row in found]


def measure(scale: float, report: Report) -> Iterator[Coverage]:
    """Every share over the same seeds; only the labels differ between shares."""
    seeds = max(5, round(SEEDS * scale))
    train, labels = rows("train.csv")
    test, truths = rows("test.csv")
    everything = measuring.vectors([*train, *test])
    known, pool = everything[: len(train)], everything[len(train) :]
    number = {label: place for place, label in enumerate(sorted(set(labels)))}
    right, held = (np.array([number[label] for label in one]) for one in (labels, truths))
    seen: dict[float, list[tuple[float, float, float, float, str]]] = {share: [] for share in SHARES}
    for seed in range(seeds):
        generator = np.random.default_rng(seed)
        items = generator.choice(held.size, FEWEST_ITEMS, replace=False)
        found = measuring.neighbours(known, pool[items], str(seed))
        for share in SHARES:
            replaced = generator.random(right.size) < share
            trained = np.where(replaced, generator.integers(0, len(number), right.size), right)
            heard = listen(measuring.labels_of(found, trained, held[items]))
            if heard.corruption is not None:
                low, high = heard.corruption.interval.low, heard.corruption.interval.high
                seen[share].append((float(replaced.mean()), heard.corruption.share, low, high, str(heard.song)))
        report((seed + 1) / seeds)
    for share in SHARES:
        yield summary(share, seeds, seen[share])


def summary(share: float, seeds: int, found: list[tuple[float, float, float, float, str]]) -> Coverage:
    """A seed that gives no estimate counts as not covered."""
    covered = sum(low <= true <= high for true, _, low, high, _ in found) / seeds
    songs = [song for *_, song in found]
    return Coverage(
        share, seeds, covered, float(np.mean([estimate for _, estimate, *_ in found])),
        float(np.mean([high - low for _, _, low, high, _ in found])), {song: songs.count(song) for song in sorted(set(songs))},
    )  # fmt: skip
