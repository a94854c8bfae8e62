"""Near duplicates: all of them, nothing else, a hundred thousand rows within a minute of two cores."""

from __future__ import annotations

import random
import resource
import time

import pytest

from delivery_measure.duplicates import alike, normal, repeats, shared

WORDS = [
    "".join(random.Random(word).choices("abcdefghijklmnopqrstuvwxyz", k=random.Random(-word).randint(2, 9)))
    for word in range(4000)
]


def text(seed: int, words: int = 18) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def edited(original: str, seed: int, share: float) -> str:
    """A text of which that share of letters was changed."""
    dice, letters = random.Random(seed), list(original)
    for place in dice.sample(range(len(letters)), int(len(letters) * share)):
        letters[place] = "#"
    return "".join(letters)


def test_every_text_with_one_letter_in_twenty_changed_is_found():
    texts = [text(seed) for seed in range(600)]
    copies = [edited(texts[at], at, 0.049) for at in range(300)]
    found = repeats([*texts, *copies])
    assert [found.get(600 + at) for at in range(300)] == list(range(300)) and len(found) == 300


def test_a_text_that_differs_more_is_no_duplicate():
    texts = [text(seed) for seed in range(200)]
    assert repeats([*texts, *(edited(one, at, 0.07) for at, one in enumerate(texts))]) == {}


@pytest.mark.parametrize("length", [1, 3, 20, 40, 4000])
def test_short_and_long_texts(length):
    original = (text(1, 900) * 2)[:length]
    changed = edited(original, 2, 0.049)
    assert repeats([original, changed]) == ({1: 0} if alike(original, changed) else {}) and repeats([original] * 3) == {
        1: 0,
        2: 0,
    }


def test_a_row_that_is_nearly_a_sealed_item_is_found_with_it():
    sealed, train = [text(seed) for seed in range(50)], [text(seed) for seed in range(100, 400)]
    train[7], train[90] = edited(sealed[3], 1, 0.04), sealed[40]
    assert shared(train, sealed) == {7: 3, 90: 40} and shared([], sealed) == {} and shared(train, []) == {}


def test_normal_forgets_case_and_space():
    assert normal("  Where IS\tmy  card?\n") == "where is my card?"


def test_one_template_for_all_rows_does_not_take_the_square_of_the_time():
    rows = [
        f"dear customer, your order with the number {number} has been sent, thank you for your patience"
        for number in range(4000)
    ]
    spent = time.process_time()
    assert len(repeats(rows)) > 3000 and time.process_time() - spent < 10


def test_a_hundred_thousand_rows_in_well_under_a_minute_and_in_bounded_memory():
    rows = [text(seed) for seed in range(99_000)]
    rows += [edited(rows[at], at, 0.045) for at in range(1_000)]
    spent, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = repeats(rows)
    assert time.process_time() - spent < 60 and len(found) >= 990
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000, "more than 400 MB"
