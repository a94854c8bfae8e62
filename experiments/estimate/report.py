"""The page of errors: per source, by what is left out, the worst rows and why, and other tools beside it."""

from __future__ import annotations

from collections.abc import Sequence

from delivery_oracle.configurator.coefficients import Coefficients
from experiments.estimate import validate
from experiments.estimate.fit import Pair, for_memory, paired, ranges
from experiments.estimate.published import further
from experiments.estimate.validate import GROUPS, Groups, Miss, Summary, Verdicts

WORST = 14
LARGE = 0.20
WHY = {
    "memory": {
        3: "the source does not say it, but the peak is that of a run without checkpointing: 40.5 GB by the same formula",
        5: "as row 3: 34.5 GB without checkpointing",
        7: "which weights are back on the host at the peak is not published",
        9: "activations may have been offloaded to the host, which the table does not say",
        10: "rows are not packed and their lengths are not published; 4096 is only the limit",
        24: "no length is published, and the counter here is reserved, while others of this trainer are allocated",
        107: "the peak of a short run is that of loading and quantising, which is not modelled",
        119: "reserved memory left over from loading and quantising layer by layer",
        128: "as row 119",
        149: "eight accelerators share one sequence; their exchange buffers are not modelled",
        150: "tensor parallel over eight: gathered activations are not modelled",
        154: "sampled at step 100, not a peak",
        155: "as row 154",
    },
    "speed": {
        3: "124 TFLOP/s of 155 by the published speed; likely another card or no checkpointing",
        5: "151 TFLOP/s of 155 by the published speed; likely another card or no checkpointing",
        10: "padding counts as tokens here; lengths are not published",
        107: "this machine's link between two cards, 280 W cards on an older board",
        109: "as row 107", 110: "as row 107",
        131: "cards of an older server; its link between them is not published",
        132: "as row 131", 133: "as row 131",
        148: "a sequence over four accelerators: the exchange of keys and values is not modelled",
        149: "as row 148, over eight", 152: "no sequence length is published", 153: "no sequence length is published",
    }
    | dict.fromkeys(range(71, 77), "two servers of two; the published time is 1.75 times that of one card at every length"),
}  # fmt: skip
HEAD = """# Estimates: how far off they are

Written by `experiments/estimate/run` from the table of published runs (`data/finetune_measurements.csv` of the shared folder)
and `experiments/estimate/further.csv`.
How the numbers come about stands in [the explanation](../explanation/estimates.md).
An error is the absolute difference of estimate and measurement over the measurement.

"""


def page(pairs: Sequence[Pair], c: Coefficients, out: dict[str, Groups], peers: str) -> str:
    """The whole page."""
    later = paired(further())
    parts = [
        HEAD,
        f"The 90 % interval is {c.memory_low:.2f} to {c.memory_high:.2f} times the estimated peak, a factor of "
        f"{c.memory_high / c.memory_low:.2f}. That of the speed is as wide as the doubts about its parts, by their shares of "
        f"the time, make it: a factor of {validate.width(pairs, c):.2f} in the median.\n"
        "Both are set from runs that were estimated without their own source.\n\n",
        "## Memory, where the source states what memory means\n\n",
        *section(pairs, c, out, "memory"),
        "## Fits or not\n\n",
        fitting({"the table": validate.verdicts(pairs, c), "further runs": validate.verdicts(later, c)}),
        "## Speed\n\n",
        *section(pairs, c, out, "speed"),
        "## Runs looked up afterwards\n\n"
        "Never used for fitting; `further.csv` names each source. "
        "What `stacks.yaml` says of litgpt's 4-bit layers and its head, of Unsloth's kernels, of ms-swift's uneven batches and "
        "of the loss by version of Transformers was written after looking at them, so that memory here is not blind.\n\n",
        by_source(validate.misses(validate.ratios(later, c, "memory"), validate.span_of(c, "memory")), "memory"),
        by_source(validate.misses(validate.ratios(later, c, "speed"), validate.span_of(c, "speed")), "speed"),
        "`universal-llm-trainer` publishes steps two to three times slower than the rest of this page would have it on the "
        "same cards, adapters slower than full fine-tuning.\n\n",
        "## Other tools, same rows, same run\n\n"
        f"All {len(for_memory(pairs))} rows whose source states what memory means. "
        "Each tool ran from the package index in an environment of its own (`experiments/estimate/peers`).\n\n",
        peers,
        "\nfitcheck-llm covers one accelerator; llm-analysis and DeepSpeed's formula know no adapters; "
        "`accelerate estimate-memory` knows neither length nor batch, and DeepSpeed's formula no activations.\n\n",
        "## The fitted numbers\n\n",
        "Ranges of speed were narrowed to what hardware and kernels can do after the first errors with a source left out "
        "had been seen; the values were fitted anew. "
        "A number that no run at hand depends on stands in the middle of its range.\n\n",
        numbers(c),
    ]
    return "".join(parts)


def section(pairs: Sequence[Pair], c: Coefficients, out: dict[str, Groups], what: str) -> list[str]:
    """Tables of one quantity."""
    own = validate.misses(validate.ratios(pairs, c, what), validate.span_of(c, what))
    rows = [("nothing left out", validate.summary(own))]
    rows += [(f"each {name} left out in turn", validate.summary(validate.judged(out[name], what))) for name in GROUPS]
    return [summaries("runs", rows), by_source(own, what, out["source"]), worst(own, what)]


def summaries(title: str, rows: Sequence[tuple[str, Summary]]) -> str:
    lines = [f"| {title} | runs | mean error | median | 95th percentile | inside the interval |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {name} | {one.count} | {one.mean:.1%} | {one.median:.1%} | {one.p95:.1%} | {one.inside:.0%} |" for name, one in rows
    ]
    return "\n".join(lines) + "\n\n"


def by_source(misses: Sequence[Miss], what: str, left: Groups | None = None) -> str:
    """One line a source; with the error it has when the numbers are fitted without it."""
    names = list(dict.fromkeys(miss.row.trainer for miss in misses))
    lines = [
        f"| {what} by source | runs | mean error | median | 95th percentile | mean error when left out |",
        "|---|---|---|---|---|---|",
    ]
    for name in names:
        one = validate.summary([miss for miss in misses if miss.row.trainer == name])
        without = "never fitted"
        if left is not None:
            missed = [abs(ratio - 1) for _, ratio, _ in left[name][what]]
            without = f"{sum(missed) / len(missed):.1%}"
        lines.append(f"| {name} | {one.count} | {one.mean:.1%} | {one.median:.1%} | {one.p95:.1%} | {without} |")
    return "\n".join(lines) + "\n\n"


def worst(misses: Sequence[Miss], what: str) -> str:
    """The rows that are worst, and why."""
    rows = sorted((miss for miss in misses if miss.error > LARGE), key=lambda miss: -miss.error)[:WORST]
    lines = ["| row of the table | trainer | estimate over measurement | why |", "|---|---|---|---|"]
    for miss in rows:
        why = WHY[what].get(miss.row.line, "not known")
        lines.append(f"| {miss.row.line} | {miss.row.trainer} | {miss.ratio:.2f} | {why} |")
    return "\n".join(lines) + "\n\n"


def fitting(found: dict[str, Verdicts]) -> str:
    lines = ["| runs | ran | of them `true` | ran out of memory | of them `true` | `unknown` |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {name} | {one.ran} | {one.ran_true} | {one.failed} | {one.failed_true} | {one.unknown} |"
        for name, one in found.items()
    ]
    return (
        "\n".join(lines) + "\n\nThe further runs are lengths at which a card is full and a quarter more, "
        "so that most of them lie at the edge on purpose.\n\n"
    )


def numbers(c: Coefficients) -> str:
    lines = ["| number | value | range | what it is | why the range is no wider |", "|---|---|---|---|---|"]
    for name, entry in ranges().items():
        low, high = entry["range"]
        lines.append(
            f"| `{name}` | {getattr(c, name):.4g} | {low} to {high} | {entry['meaning']} | {entry.get('because', '')} |"
        )
    return "\n".join(lines) + "\n"
