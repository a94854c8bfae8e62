"""The generated data: the same bytes everywhere, learnable, hard, and free of leaks."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from demo.data import ARMS, Arm, Dataset, generate, make, relabel
from demo.data.__main__ import main
from demo.data.draw import Draw
from demo.data.grammar import belongs_to, choose, load
from demo.data.near import NearIndex

GOLDEN = {
    "train": "6db0dd51bf8a58ae7a703a6591cc2ca34866614ef6d493502b516de3bc0c6d24",
    "sealed": "6d1eb5ccb369ecf7a80ec398e8004763e8d3b6f9afaed98ffc5198c7d562cb00",
    "permute": "ad77ffc2f6bd824bc72b7920aba1167d832538344b038005573562b0c3812fa6",
    "noise": "2d8bbf994423ad95f3dae68942fecabc7e0ada9ba322d885d14e35469b240ed5",
}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return generate()


@pytest.mark.parametrize("arm", ARMS)
def test_every_machine_makes_the_same_bytes(arm: Arm, tmp_path: Path) -> None:
    """Other bytes are another data set, and every published number would be about something else."""
    written = make(tmp_path, arm)
    assert written.train_sha256 == GOLDEN["train" if arm == "correct" else arm]
    assert written.sealed_sha256 == GOLDEN["sealed"]


def test_the_manifest_names_the_bytes_on_disk(tmp_path: Path) -> None:
    written = make(tmp_path, train_rows=50, sealed_rows=20)
    facts = json.loads((tmp_path / "dataset.json").read_text())
    assert facts["train_sha256"] == hashlib.sha256(written.train.read_bytes()).hexdigest()
    assert (facts["train_rows"], facts["sealed_rows"]) == (50, 20)


def test_the_size_is_what_the_demo_promises(dataset: Dataset) -> None:
    labels = {row.label for row in dataset.train}
    assert len(dataset.train) >= 4000 and len(dataset.sealed) >= 1000
    assert 24 <= len(labels) <= 32
    assert {row.label for row in dataset.sealed} == labels


def test_labels_are_short_ids_and_mildly_uneven(dataset: Dataset) -> None:
    counts = Counter(row.label for row in dataset.train)
    assert all(1 <= len(label.split("_")) <= 4 and label.replace("_", "").islower() for label in counts)
    assert max(counts.values()) < 3 * min(counts.values())


def test_no_sealed_row_is_a_training_row_in_disguise(dataset: Dataset) -> None:
    """A leak would let a model that memorised pass the audit."""
    index = NearIndex(row.text for row in dataset.train)
    assert max(index.closest(row.text) for row in dataset.sealed) < 0.5


def test_splits_share_no_wording() -> None:
    train, sealed = load("train"), load("sealed")
    assert not set(train.contexts) & set(sealed.contexts)
    assert not any(train.own.values()) and all(len(own) >= 3 for own in sealed.own.values())
    wordings = {
        choose(pattern, Draw(0, pattern, str(n))) for own in train.shared.values() for pattern in own for n in range(40)
    }
    assert {belongs_to(wording) for wording in wordings} == {"train", "sealed"}


def test_texts_are_distinct(dataset: Dataset) -> None:
    texts = [row.text for row in (*dataset.train, *dataset.sealed)]
    assert len(set(texts)) == len(texts)


def test_nearest_neighbours_agree_but_not_always(dataset: Dataset) -> None:
    """The intake canary needs similarity to say something; a task it solves alone needs no model."""
    index = NearIndex()
    for row in dataset.train:
        index.add(row.text)
    agree = sum(dataset.train[index.nearest(row.text)].label == row.label for row in dataset.sealed[:300])
    assert 0.4 < agree / 300 < 0.95


def test_permute_is_one_derangement(dataset: Dataset) -> None:
    moved = relabel(dataset.train, "permute", 7)
    mapping = {(before.label, after.label) for before, after in zip(dataset.train, moved, strict=True)}
    assert len(mapping) == len({row.label for row in dataset.train}) == len({after for _, after in mapping})
    assert all(before != after for before, after in mapping)


def test_noise_carries_nothing_about_the_text(dataset: Dataset) -> None:
    noisy = relabel(dataset.train, "noise", 7)
    labels = len({row.label for row in dataset.train})
    kept = sum(before.label == after.label for before, after in zip(dataset.train, noisy, strict=True))
    assert kept < 2 * len(noisy) / labels
    assert [row.text for row in noisy] == [row.text for row in dataset.train]


def test_one_label_cannot_be_relabelled(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = tmp_path / "one.csv"
    table.write_text(
        "text,label\n"
        + "".join(f"my {a} is {b},same\n" for a in ("phone", "bike", "door") for b in ("lost", "late", "old", "new"))
    )
    assert main(["--out", str(tmp_path / "out"), "--arm", "permute", "--data", str(table)]) == 64
    assert "at least two labels" in capsys.readouterr().err


def test_the_card_counts_what_it_says(tmp_path: Path) -> None:
    make(tmp_path, "noise", train_rows=600, sealed_rows=60)
    page = (tmp_path / "README.md").read_text()
    assert "| training rows | 600 |" in page and "Arm: `noise`" in page
    assert "exact duplicates between train and sealed | 0 |" in page
