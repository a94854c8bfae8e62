"""`report RUN`: writes report.json, report.md and the pictures beside the trials they are made of."""

from __future__ import annotations

import json
from pathlib import Path

from delivery_benchmark.report import markdown, picture, rows
from delivery_benchmark.report.figures import figures


def write(folder: Path, into: Path | None = None) -> list[Path]:
    """Make the report of a run, in its folder or into another; returns what was written. ValueError where there is no run."""
    target = into or folder
    made = figures(rows.of(folder))
    texts = {
        "report.json": json.dumps(made, indent=1, ensure_ascii=False, sort_keys=False) + "\n",
        "report.md": markdown.page(made),
        "stages.svg": picture.stages(made["seats"]),
    }
    if made["ladder"] is not None:
        texts["ladder.svg"] = picture.ladder(made["ladder"])
    target.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (target / name).write_text(text, encoding="utf-8")
    return [target / name for name in texts]
