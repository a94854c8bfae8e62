"""`report RUN`: writes report.json, report.md and the pictures beside the trials they are made of."""

from __future__ import annotations

import json
from pathlib import Path

from delivery_benchmark.report import markdown, picture, rows
from delivery_benchmark.report.figures import figures


def write(folder: Path) -> list[Path]:
    """Make the report of a run's folder anew; returns what was written. ValueError where there is no run."""
    made = figures(rows.of(folder))
    texts = {
        "report.json": json.dumps(made, indent=1, ensure_ascii=False, sort_keys=False) + "\n",
        "report.md": markdown.page(made),
        "stages.svg": picture.stages(made["seats"]),
    }
    if made["ladder"] is not None:
        texts["ladder.svg"] = picture.ladder(made["ladder"])
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]
