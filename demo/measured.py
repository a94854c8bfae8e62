"""`python -m demo.measured`: write docs/measured.md, docs/demo-transcript.txt and what the README quotes of it.

Every figure on the page comes from a file that a command wrote; where the file is absent the page says which command makes it.
"""

import json
import os
import platform
import re
from typing import Any

from . import compare
from .cluster import ROOT, cache
from .excerpt import quoted
from .times import FILE, sentence

OUT = ROOT / "out"
ABSENT = "Not measured yet: `{}`.\n"
KILLED = "python -m demo.kill & python -m demo.run --keep --out out/killed"
BASELINES = (("Trainer, bf16", "1.5"), ("Trainer, fp32 default", "3"))


def seconds(value: float) -> str:
    """Minutes and seconds."""
    return f"{int(value) // 60}:{int(value) % 60:02d}"


def read(name: str) -> Any:
    """A JSON file that a run left, or None."""
    path = OUT / name
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def demo_part(demo: dict[str, Any] | None) -> list[str]:
    """Wall time of each step and stage."""
    lines = ["## The demo: `make demo`\n"]
    if demo is None:
        return [*lines, ABSENT.format("make demo")]
    times = cache() / FILE
    if times.exists():
        lines.append(f"{sentence(json.loads(times.read_text('utf-8')))}.\n")
    lines += ["| step | time |", "|---|---|"]
    lines += [f"| {step['name']} | {seconds(step['seconds'])} |" for step in demo["steps"]]
    lines += [
        f"| **all** | **{seconds(demo['seconds'])}** |",
        "",
        "| delivery | stage | verdict | reason | time |",
        "|---|---|---|---|---|",
    ]
    for delivery in demo["deliveries"]:
        lines += [
            f"| {delivery['name']} | {one['name']} | {one['verdict']} | {one['reason']} | {seconds(one['seconds'])} |"
            for one in delivery["stages"]
        ]
    lines += ["", "| delivery | accelerator-seconds | cost | billed | gain |", "|---|---|---|---|---|"]
    for one in demo["deliveries"]:
        gain = "none" if one["gain"] is None else f"{one['gain']:+.3f}"
        lines.append(f"| {one['name']} | {one['acceleratorSeconds']:.0f} | {one['cost']} | {one['billed']} | {gain} |")
    return [*lines, ""]


def writes_part(demo: dict[str, Any] | None) -> list[str]:
    """What the operator wrote, by the API server's audit log."""
    lines = [
        "## Writes of the operator for one delivery\n",
        "Counted by the API server's audit log. Lease renewals, Events, progress (at most one in 30 s) and objects made once",
        "per namespace are apart. A second pass over an unchanged world writes nothing (`tests/laws`, `tests/operator_`).\n",
    ]
    listed = OUT / "support-router.writes.txt"
    if demo is None or not listed.exists():
        return [*lines, ABSENT.format("make demo")]
    lines += [f"- {one['name']}: {one['operatorWrites']}" for one in demo["deliveries"]]
    return [*lines, "", "```", listed.read_text("utf-8").rstrip(), "```", ""]


def memory_part(measures: dict[str, Any] | None) -> list[str]:
    """Resident memory of the operator."""
    lines = ["## Memory of the operator\n"]
    if measures is None or measures["operatorRssBytes"] is None:
        return [*lines, ABSENT.format("make demo")]
    size = measures["operatorRssBytes"] / 2**20
    return [*lines, f"{size:.0f} MiB resident beside the deliveries of the demo, by its own metrics page.\n"]


def probe_part(measures: dict[str, Any] | None) -> list[str]:
    """What the clean probe costs a healthy run."""
    lines = ["## Cost of the clean probe\n"]
    probe = (measures or {}).get("probe")
    if not probe:
        return [*lines, ABSENT.format("make demo")]
    share = probe["seconds"] / probe["trainingSeconds"]
    lines.append(
        f"Healthy run of the demo: {probe['looks']} looks of 64 items took {probe['seconds']:.0f} s, base included, beside "
        f"{probe['trainingSeconds']:.0f} s of training steps: {share:.0%}.\n"
    )
    return [*lines, *estimate(probe)]


def estimate(probe: dict[str, Any]) -> list[str]:
    """The same share for an 8B base on an H200, by counting tokens."""
    trained, probed = probe["tokens"], probe["itemTokens"]
    share = 2 * probed / (3 * trained)
    return [
        "Estimated for 8B on an H200: a look is bound by the prefill of its prompts, as the few decode steps of the",
        f"answers run all items at once. Base and candidate read {probed} tokens each; training reads {trained} tokens",
        f"at the work of three forward passes: {share:.0%} of training. An estimate: no GPU was at hand.\n",
    ]


def trainer_part(bench: dict[str, Any] | None) -> list[str]:
    """Tokens per second against plain Hugging Face Trainer."""
    command = "images/worker/bench/run --data out/data/support-router/train/train.jsonl | tee out/bench.txt"
    lines = [
        "## The trainer against plain Hugging Face Trainer\n",
        f"`{command}`: same base, rows, batches and seed, one run.\n",
    ]
    if bench is None:
        return [*lines, ABSENT.format(command)]
    mine = bench["ours, bf16"]
    lines += ["| trainer | tokens/s | ours is faster by | wanted | loss, first and last five steps |", "|---|---|---|---|---|"]
    for name, wanted in (("ours, bf16", ""), *BASELINES):
        one = bench[name]
        first, last = sum(one["losses"][:5]) / 5, sum(one["losses"][-5:]) / 5
        ratio = mine["tokensPerSecond"] / one["tokensPerSecond"]
        lines.append(f"| {name} | {one['tokensPerSecond']:.0f} | {ratio:.2f} | {wanted} | {first:.3f} to {last:.3f} |")
    return [*lines, ""]


def kills_part() -> list[str]:
    """The operator killed, each write and at random."""
    lines = [
        "## The operator killed\n",
        "After each of its API writes in turn, on a real API server with replayed workers: same final status and cost",
        "(`pytest tests/operator_ -k die_after_each`).\n",
    ]
    killed, whole, pods, kills = read("killed/demo.json"), read("demo.json"), read("killed/pods.json"), OUT / "kills.txt"
    if killed is None or whole is None or pods is None or not kills.exists() or "ledger" not in whole["deliveries"][0]:
        return [*lines, ABSENT.format(KILLED)]
    times = kills.read_text("utf-8").splitlines()
    differ = compare.differences(whole, killed, pods, times)
    lines += [f"{len(times)} times at random in the real deliveries (`{KILLED}`), compared with the undisturbed run above by"]
    lines += ["`python -m demo.compare out/demo.json out/killed/demo.json`:\n", *(f"- {line}" for line in differ)]
    if not differ:
        lines.append("the same verdicts, reasons and attempts, and the same who pays. Every pod that the kubelet saw is in the")
        lines.append("ledger once, with the kubelet's seconds, and the bill is their sum.\n")
    lines += ["| delivery | kills, by stage | accelerator-seconds | cost | billed |", "|---|---|---|---|---|"]
    for one in killed["deliveries"]:
        where = ", ".join(f"{stage} {n}" for (name, stage), n in compare.hits(times).items() if name == one["name"])
        lines.append(f"| {one['name']} | {where} | {one['acceleratorSeconds']:.0f} | {one['cost']} | {one['billed']} |")
    return [*lines, ""]


def bench_result() -> dict[str, Any] | None:
    """The last line of the benchmark's output."""
    path = OUT / "bench.txt"
    return json.loads(path.read_text("utf-8").strip().splitlines()[-1]) if path.exists() else None


def page() -> str:
    """The whole page."""
    demo, measures = read("demo.json"), read("measures.json")
    head = [
        "# Measured\n",
        "Written by `python -m demo.measured` from what the named commands left in `out/`.",
        f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}, no GPU; noisy, so ratios say more.\n",
    ]
    parts = [
        demo_part(demo),
        writes_part(demo),
        memory_part(measures),
        probe_part(measures),
        trainer_part(bench_result()),
        kills_part(),
    ]
    return "\n".join(line for part in [head, *parts] for line in part).rstrip() + "\n"


OTHER_RUNS = re.compile(r"^  The whole demo from .*\n", re.MULTILINE)
"""What the demo says of earlier runs on its machine; the page has it, and it is no part of this run's transcript."""


def main() -> None:
    """Write the three."""
    (ROOT / "docs/measured.md").write_text(page(), "utf-8")
    source, readme = OUT / "transcript.txt", ROOT / "README.md"
    if source.exists():
        transcript = OTHER_RUNS.sub("", source.read_text("utf-8").replace(f"{ROOT}/", ""))
        (ROOT / "docs/demo-transcript.txt").write_text(transcript, "utf-8")
        readme.write_text(quoted(readme.read_text("utf-8"), transcript), "utf-8")


if __name__ == "__main__":
    main()
