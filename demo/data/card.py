"""The data card: what the rows are and how they were made, with every number counted."""

from collections import Counter
from collections.abc import Sequence

from .arms import Arm, Row
from .near import NearIndex, pairs

_MADE = """\
Messages to the support desks of a night-train and ferry line that does not exist, each asking for
one of {labels} desks. No person wrote to anybody: names, addresses, telephone numbers and booking
references are made up from reserved ranges (example.org, 555-01xx).

How a row is made: one of several request patterns of the desk is worded and its slots are filled;
a greeting, context sentences (which often mention other desks) and a closing are put around it;
then slips of the finger, abbreviations, missing capitals and missing punctuation are applied.
Neighbouring desks differ in one detail, such as a refund against a voucher for the same
cancellation. Training and sealed rows share no wording, context sentence, name, city or train;
about a third of the sealed rows use patterns that training never shows.
"""

_OWN = """\
Rows of a table that the user gave (`{source}`), split by the project: {dropped} rows nearly equal
to training rows were left out of the sealed side.
"""

_ARMS = {
    "correct": "Labels are as made.",
    "permute": "One fixed derangement of the label set was applied to every training label; sealed labels are true.",
    "noise": "Every training label was replaced by a uniform draw from the label set; sealed labels are true.",
}


def card(train: Sequence[Row], sealed: Sequence[Row], arm: Arm, seed: int, source: str | None = None, dropped: int = 0) -> str:
    """The card in Markdown."""
    counts = Counter(row.label for row in train)
    labels = sorted(counts)
    about = _MADE.format(labels=len(labels)) if source is None else _OWN.format(source=source, dropped=dropped)
    return "\n".join(
        (
            "# Data card",
            "",
            about,
            f"Arm: `{arm}`. {_ARMS[arm]} Seed {seed}.",
            "",
            *_numbers(train, sealed, counts),
            "",
            "| label | training rows | an example from the training rows |",
            "|---|---|---|",
            *(f"| {label} | {counts[label]} | {_example(train, label)} |" for label in labels),
            "",
        )
    )


def _numbers(train: Sequence[Row], sealed: Sequence[Row], counts: Counter[str]) -> list[str]:
    index = NearIndex(row.text for row in train)
    closest = max((index.closest(row.text) for row in sealed), default=0.0)
    words = sorted(len(row.text.split()) for row in train)
    largest = counts.most_common(1)[0][1] / len(train)
    return [
        "| number | value |",
        "|---|---|",
        f"| training rows | {len(train)} |",
        f"| sealed rows (probe pool and holdout) | {len(sealed)} |",
        f"| labels | {len(counts)} |",
        f"| largest label's share of training rows | {largest:.3f} |",
        f"| words a message: median, longest | {words[len(words) // 2]}, {words[-1]} |",
        f"| distinct word pairs in training | {len(set().union(*(pairs(row.text) for row in train)))} |",
        f"| exact duplicates between train and sealed | {len({row.text for row in train} & {row.text for row in sealed})} |",
        f"| closest pair between train and sealed, Jaccard of word pairs | {closest:.3f} |",
    ]


def _example(rows: Sequence[Row], label: str) -> str:
    shortest = min((row.text for row in rows if row.label == label), key=lambda text: (abs(len(text) - 70), text))
    return shortest.replace("|", "\\|").replace("\n", " ")
