"""Memory by part as a table with bars, and what would make a run fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from delivery_oracle.configurator import run as runs
from delivery_oracle.configurator.estimates import PARTS, answer, estimate

WIDTH = 40
CHANGES: tuple[tuple[str, Callable[[Mapping[str, Any]], dict[str, Any] | None]], ...] = (
    (
        "gradient_checkpointing=true",
        lambda row: None if row.get("gradient_checkpointing") is True else on("gradient_checkpointing"),
    ),
    ("chunked_loss=true", lambda row: None if row.get("chunked_loss") else on("chunked_loss")),
    ("micro_batch_size=1", lambda row: {"micro_batch_size": 1} if row.get("micro_batch_size", 1) != 1 else None),
    ("optimizer=adamw_8bit", lambda row: {"optimizer": "adamw_8bit"} if row.get("method") == "full" else None),
    ("method=qlora", lambda row: {"method": "qlora"} if row.get("method", "lora") != "qlora" else None),
    ("count=2 with sharding=fsdp", lambda row: {"count": 2 * (row.get("count") or 1), "sharding": "fsdp"}),
    ("accelerator=h200", lambda row: {"accelerator": "h200"}),
)


def on(key: str) -> dict[str, Any]:
    return {key: True}


def explain(row: Mapping[str, Any]) -> str:
    """Text for people: parts, bars, the accelerator's edge, and cures where it does not fit."""
    run = runs.read(row)
    found = answer(run)
    memory = run.accelerator.memory
    scale = max(found["peak_bytes"], memory)
    lines = [f"{'part':<14}{'GB':>8}  {'share':>6}"]
    for part in PARTS:
        size = found["breakdown"][part]
        lines.append(f"{part:<14}{size / 1e9:>8.2f}  {size / found['peak_bytes']:>6.1%}  {bar(size, scale)}".rstrip())
    low, high = found["peak_bytes_low"] / 1e9, found["peak_bytes_high"] / 1e9
    lines += [
        f"{'peak':<14}{found['peak_bytes'] / 1e9:>8.2f}  {'':>6}  {bar(found['peak_bytes'], scale)}",
        f"{run.accelerator.name:<14}{memory / 1e9:>8.2f}  {'':>6}  {bar(memory, scale)}",
        f"90 % interval {low:.2f} to {high:.2f} GB; fits: {str(found['fits']).lower()}",
        f"{found['tokens_per_second']:.0f} tokens/s an accelerator "
        f"({found['tokens_per_second_low']:.0f} to {found['tokens_per_second_high']:.0f})",
        *(f"- {text}" for text in found["assumptions"]),
    ]
    if found["fits"] is not True:
        lines.append(cures(row))
    return "\n".join(lines) + "\n"


def bar(size: float, scale: float) -> str:
    """A bar as long as the share of the scale; something that is there is never shown as nothing."""
    return "#" * max(1 if size > 0 else 0, round(WIDTH * size / scale))


def cures(row: Mapping[str, Any]) -> str:
    """Single changes that make it fit."""
    working = []
    for name, change in CHANGES:
        update = change(row)
        if update is not None and estimate({**row, **update})["fits"] is True:
            working.append(name)
    if not working:
        return "No single change makes it fit; use more accelerators, or a smaller base"
    return f"It would fit with {', or '.join(working)}"
