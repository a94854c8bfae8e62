"""What the page is made of in tests: the demo's recorded papers and the committed traces of real runs."""

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from delivery_benchmark.page import RECORDED, Papers, Recorded, page, papers, traces

ROOT = Path(__file__).parents[3]
TRACES = ROOT / "experiments" / "tbdl"
SHOTS = ROOT / "out" / "page"
"""Where screenshots are kept."""


@cache
def deliveries() -> list[Papers]:
    """Three real deliveries: delivered, refused at intake, stopped while training."""
    return papers.read([RECORDED])


@cache
def runs() -> list[Recorded]:
    """Every real run that has its trace."""
    return traces.read(TRACES)


@cache
def made() -> str:
    """The page of both, as text."""
    return page(deliveries(), runs())


def one_trace(folder: Path) -> Path:
    """A folder with the manifest and the trace of noise-1 alone, made in an empty one."""
    (folder / "traces").mkdir(parents=True)
    shutil.copy(TRACES / "manifest.json", folder)
    shutil.copy(TRACES / "traces" / "noise-1.json", folder / "traces")
    return folder


def run(name: str) -> Recorded:
    """One of the runs."""
    return next(one for one in runs() if one.name == name)


@cache
def shown() -> list[dict[str, Any]]:
    """What the page is told of each run."""
    return [traces.shown(one) for one in runs()]


def texts(number: int = 0) -> dict[str, str]:
    """Papers of one delivery as texts, as a DeliveryCertificate holds them."""
    file = sorted(RECORDED.iterdir())[number]
    return dict(json.loads(file.read_text("utf-8"))["spec"]["papers"])


def changed(number: int, **certificate: Any) -> dict[str, str]:
    """The same with another certificate."""
    found = texts(number)
    return found | {"certificate.json": json.dumps(json.loads(found["certificate.json"]) | certificate)}
