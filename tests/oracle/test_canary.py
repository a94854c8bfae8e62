"""The intake canary: it fails only where sealed items predict each other and the training rows do not predict them."""

from __future__ import annotations

import numpy as np
import pytest

from delivery_api.evidence import Canary
from delivery_oracle.canary import Song, agreement, listen
from tests.oracle import world as w


@pytest.mark.parametrize(
    ("canary", "song"),
    [
        pytest.param(w.canary(0.70, 0.40), Song.RELATED, id="correct labels"),
        pytest.param(w.canary(0.35, 0.40), Song.RELATED, id="half of the labels random: related, not refused"),
        pytest.param(w.canary(0.22, 0.60), Song.DOUBTFUL, id="most labels random: no pass, and no refusal either"),
        pytest.param(w.canary(0.01, 0.40), Song.UNRELATED, id="permuted labels"),
        pytest.param(w.canary(0.10, 0.40, 0.10), Song.UNRELATED, id="random labels agree by chance"),
        pytest.param(w.canary(0.10, 0.10), Song.SILENT, id="similarity says nothing"),
        pytest.param(w.canary(0.12, 0.17), Song.SILENT, id="a weak similarity that training rows may well share"),
        pytest.param(w.canary(0.01, 0.40, items=255), Song.SILENT, id="255 items cannot fail"),
        pytest.param(w.canary(0.01, 0.40, items=256), Song.UNRELATED, id="256 items can"),
    ],
)
def test_what_the_canary_says(canary, song):
    assert listen(canary).song is song


def test_renamed_and_random_labels_are_told_apart():
    assert "look renamed" in listen(w.canary(0.01, 0.4, within=0.6)).message
    assert "look random" in listen(w.canary(0.01, 0.4, within=0.02)).message


def test_the_same_evidence_gives_the_same_null():
    """A null from the clock would make two passes disagree."""
    assert listen(w.canary()) == listen(w.canary())


def test_lists_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="300 labels, 299 training neighbours"):
        listen(w.canary().model_copy(update={"by_train": (1,) * 299}))


def test_the_null_is_that_of_the_label_frequencies():
    """Nine items in ten with one label agree by chance most of the time."""
    truth = tuple([0] * 270 + [1] * 30)
    seen = agreement(truth, truth[::-1], seed=1)
    assert seen.null_maximum > 0.8 and not seen.above_chance


def test_unbalanced_random_labels_are_not_mistaken_for_related():
    generator = np.random.default_rng(4)
    truth = tuple(generator.choice(10, 400, p=[0.55] + [0.05] * 9).tolist())
    shuffled = tuple(generator.permutation(truth).tolist())
    seen = listen(Canary(truth=truth, by_train=shuffled, by_sealed=truth, train_truth=truth, train_by_train=truth))
    assert seen.song is Song.UNRELATED
