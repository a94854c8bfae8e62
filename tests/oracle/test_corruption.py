"""The share of random labels: known from its parts, covered by its interval, and silent where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest

from delivery_api.evidence import Canary, Resemblance
from delivery_measure import canary as measuring
from delivery_oracle.canary import Song, listen
from delivery_oracle.statistics.corruption import BLOCKS, QUANTILE, Hits, estimate, fieller, jackknife

LABELS = 12
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


def world(seed: int, rows: int = 3000, items: int = 256) -> tuple[np.ndarray, list[str], list[str]]:
    """Texts whose words say their label, most of the time: (labels of rows and items, texts of rows, texts of items)."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, LABELS, rows + items)
    texts = []
    for label in labels.tolist():
        own = [f"w{label}x{word}" for word in generator.integers(0, 25, 3)]
        texts.append(" ".join([*own, *(f"c{word}" for word in generator.integers(0, 60, 4))]))
    return labels, texts[:rows], texts[rows:]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_the_interval_covers_the_share_of_replaced_labels(share):
    covered = 0
    for seed in range(20):
        labels, train, sealed = world(seed)
        everything = measuring.vectors([*train, *sealed])
        found = measuring.neighbours(everything[: len(train)], everything[len(train) :], str(seed))
        generator = np.random.default_rng(seed + 1000)
        replaced = generator.random(len(train)) < share
        trained = np.where(replaced, generator.integers(0, LABELS, len(train)), labels[: len(train)])
        seen = listen(measuring.labels_of(found, trained, labels[len(train) :])).corruption
        covered += seen is not None and seen.interval.low <= replaced.mean() <= seen.interval.high
    assert covered >= 18


def hits(by_train: float, by_sealed: float, items: int = 320) -> Hits:
    """Agreements spread evenly over the blocks."""
    generator = np.random.default_rng(7)
    trained, sealed = (generator.random(items) < rate for rate in (by_train, by_sealed))
    return Hits(trained * 1.0, sealed * 1.0, sealed * 1.0, np.arange(items) % BLOCKS)


def test_the_estimate_is_one_minus_the_ratio_of_excesses():
    found = hits(0.3, 0.5)
    seen = estimate(found, 0.1)
    assert seen is not None
    assert seen.share == pytest.approx(1 - (found.by_train.mean() - 0.1) / (found.by_sealed.mean() - 0.1))
    assert seen.interval.low < seen.share < seen.interval.high


@pytest.mark.parametrize(
    ("by_train", "by_sealed", "items"),
    [
        pytest.param(0.3, 0.5, 255, id="255 items are too few"),
        pytest.param(0.1, 0.1, 320, id="sealed items do not predict each other"),
    ],
)
def test_nothing_is_estimated_where_there_is_nothing_to_compare_with(by_train, by_sealed, items):
    assert estimate(hits(by_train, by_sealed, items), 0.1) is None


def test_256_items_are_enough():
    assert estimate(hits(0.3, 0.5, 256), 0.1) is not None


def test_no_hit_at_all_is_not_certainty():
    """The interval must not shrink to a point where the training rows never agree."""
    seen = estimate(hits(0.0, 0.5), 1 / 77)
    assert seen is not None and seen.share == 1.0 and seen.interval.low < 1.0


def test_the_jackknife_takes_neighbours_away_as_well():
    """An item whose neighbour is gone is answered by its second, at its own place."""
    items = BLOCKS * 8
    by_sealed, second, block = np.ones(items), np.zeros(items), np.zeros(items, dtype=int)
    still = jackknife(Hits(by_sealed, by_sealed, by_sealed, block))
    moved = jackknife(Hits(by_sealed, by_sealed, second, block))
    share = (BLOCKS - 1) / BLOCKS
    assert still[1, 1] == pytest.approx(0.0) and moved[1, 1] == pytest.approx(share**2 - share / (8 * (BLOCKS - 1)), rel=1e-9)


def test_items_that_share_nothing_have_the_variance_of_independent_ones():
    """Each block points to the next, and what it loses there it gains: nothing is shared, and more taken out than there is."""
    place = np.arange(BLOCKS * 10)
    by_sealed = place // BLOCKS % 2 * 1.0
    seen = jackknife(Hits(by_sealed, by_sealed, 1.0 - by_sealed, (place + 1) % BLOCKS))
    assert seen[1, 1] == pytest.approx(0.25 / place.size)


def test_the_bounds_solve_fiellers_equation():
    covariance = np.array([[4e-4, 1e-4], [1e-4, 9e-4]])
    for ratio in fieller(0.2, 0.4, covariance):
        variance = covariance[0, 0] - 2 * ratio * covariance[0, 1] + ratio**2 * covariance[1, 1]
        assert (0.2 - ratio * 0.4) ** 2 == pytest.approx(QUANTILE**2 * variance)
    assert fieller(0.2, 0.05, covariance) is None and fieller(0.2, -0.4, covariance) is None


def examples(rows: list[tuple[str, str]]) -> list[measuring.Example]:
    return [measuring.Example(*row) for row in rows]


def dated(seed: int, count: int) -> list[tuple[str, str]]:
    """An ExactMatch task: similar inputs have similar targets."""
    generator = np.random.default_rng(seed)
    rows = []
    for year, month, day in zip(
        *(generator.integers(low, high, count) for low, high in ((1990, 2006), (1, 13), (1, 29))), strict=True
    ):
        name = MONTHS[month - 1]
        rows.append((f"write the {day} of {name} in the year {year}", f"{year}-{month:02d}-{day:02d}"))
    return rows


def found(seed: int, count: int) -> list[tuple[str, str]]:
    """An Extraction task: the target is a part of the input."""
    generator = np.random.default_rng(seed)
    return [
        (f"order {number} of customer {other} is late", str(number))
        for number, other in generator.integers(10**5, 10**6, (count, 2))
    ]


def spoiled(rows: list[tuple[str, str]], share: float) -> list[tuple[str, str]]:
    """A share of the targets exchanged among the rows."""
    generator = np.random.default_rng(5)
    others = generator.permutation(len(rows))
    return [
        (text, rows[other][1] if dice < share else target)
        for (text, target), other, dice in zip(rows, others, generator.random(len(rows)), strict=True)
    ]


@pytest.mark.parametrize(
    ("measure", "task"), [(measuring.of_texts, dated), (measuring.of_extracts, found)], ids=["ExactMatch", "Extraction"]
)
def test_targets_that_are_texts_have_a_canary_too(measure, task):
    train, sealed = task(1, 2500), examples(task(2, 300))
    right = listen(measure(examples(train), sealed, "s"))
    wrong = listen(measure(examples(spoiled(train, 1.0)), sealed, "s"))
    half = listen(measure(examples(spoiled(train, 0.5)), sealed, "s"))
    assert (right.song, wrong.song) == (Song.RELATED, Song.UNRELATED) and right.by_train.p < 0.01 < wrong.by_train.p
    assert half.corruption is not None and half.corruption.interval.low <= 0.5 <= half.corruption.interval.high
    assert right.corruption is not None and right.corruption.interval.low <= 0.05


def test_texts_that_do_not_resemble_each_other_keep_the_canary_silent():
    generator = np.random.default_rng(3)
    words = [f"w{i}" for i in generator.integers(0, 10**6, 6000)]
    rows = [(" ".join(words[at : at + 6]), words[(at * 7) % 6000][::-1]) for at in range(0, 5990, 4)]
    seen = listen(measuring.of_texts(examples(rows[:1000]), examples(rows[1000:1300]), "s"))
    assert seen.song is Song.SILENT and seen.corruption is None


def test_sealed_items_that_were_worded_apart_tell_nothing_of_the_share_of_random_labels():
    """Right labels, but training rows were kept unlike the sealed ones: they predict worse, and none of them is random."""
    pools = np.random.default_rng(7).integers(0, 40, (1300, 6))
    sealed = [(f"desk{label} " + " ".join(f"a{word}" for word in words), f"l{label}") for label, words in worded(pools[:300])]
    apart = [(f"desk{label} " + " ".join(f"b{word}" for word in words), f"l{label}") for label, words in worded(pools[300:])]
    alike = [(text.replace("b", "a"), label) for text, label in apart]
    same, other = (listen(measuring.of_labels(examples(train), examples(sealed), "s")) for train in (alike, apart))
    assert same.corruption is not None and other.corruption is None
    assert "share of random labels not known" in other.message and other.song is same.song is Song.RELATED


def worded(pools):
    """A label and words of its own for each row."""
    return [(row % 20, [word + 100 * (row % 20) for word in words]) for row, words in enumerate(pools.tolist())]


@pytest.mark.parametrize("measure", [measuring.of_labels, measuring.of_texts, measuring.of_extracts])
def test_one_row_is_nothing_to_compare_with(measure):
    assert measure(examples([("a b", "x")]), examples([("a c", "x"), ("b c", "y")]), "s") is None


def test_the_same_rows_give_the_same_evidence():
    train, sealed = examples(dated(1, 600)), examples(dated(2, 300))
    assert measuring.of_texts(train, sealed, "s") == measuring.of_texts(train, sealed, "s")
    assert isinstance(measuring.of_labels(train, sealed, "s"), Canary)
    assert isinstance(measuring.of_texts(train, sealed, "s"), Resemblance)


def test_similarities_in_blocks_are_those_of_one_piece(monkeypatch):
    train, sealed = [text for text, _ in dated(1, 500)], [text for text, _ in dated(2, 100)]
    everything = measuring.vectors([*train, *sealed])
    whole = measuring.neighbours(everything[:500], everything[500:], "s")
    monkeypatch.setattr(measuring, "CELLS", 3 * 500)
    parts = measuring.neighbours(everything[:500], everything[500:], "s")
    for name in ("by_train", "by_sealed", "second", "within"):
        assert getattr(whole, name).tolist() == getattr(parts, name).tolist()
    assert (whole.by_sealed != np.arange(100)).all() and (whole.within != np.array(whole.sample)).all()
    assert (whole.second % BLOCKS != whole.by_sealed % BLOCKS).all()
