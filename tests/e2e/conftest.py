"""One run of the demo on the real node, scraped by a real Prometheus from its first minute; everything is asserted on it."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo import cluster as clusters
from demo.cluster import Cluster
from demo.narrator import Narrator
from demo.order import SMALL
from demo.prepare import SYSTEM
from demo.session import Session
from demo.shell import Processes
from tests.operator_.test_real_api import free_port
from tests.support.prometheus import Prometheus, Sample, answers, by_proxy, launch
from tests.support.stage import stop

Record = dict[str, Any]
SCRAPE_SECONDS = 5
RULES = Path(__file__).resolve().parents[2] / "charts/delivery-operator/rules/delivery.yaml"


@dataclass(frozen=True)
class Scraped:
    """The Prometheus, and since when it looks."""

    prometheus: Prometheus
    since: float


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The local cluster; who starts it stops it."""
    processes, narrator = Processes(), Narrator(tmp_path_factory.mktemp("node") / "transcript.txt")
    ours = not clusters.is_up(processes)
    yield clusters.local(processes, narrator, ours)
    if ours:
        clusters.stop(processes, narrator)


@pytest.fixture(scope="session")
def scraped(node: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """It looks before there is an operator, and stays when the cluster is gone."""
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    scrapes = by_proxy(Path(node.admin.command()[-1]), SYSTEM, folder)
    process = launch(folder, port, scrapes, RULES, every=f"{SCRAPE_SECONDS}s")
    made = Prometheus(f"http://127.0.0.1:{port}")
    try:
        asyncio.run(answers(made, process, folder))
        yield Scraped(made, time.time())
    finally:
        stop(process)


@pytest.fixture(scope="session")
def out(scraped: Scraped, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the run of the demo leaves."""
    folder = tmp_path_factory.mktemp("demo")
    narrator = Narrator(folder / "transcript.txt")
    session = Session(
        narrator, Processes(), folder, SMALL, at_the_gate=lambda: _scraped_past(scraped, time.time() + SCRAPE_SECONDS)
    )
    try:
        session.run()
    except BaseException as error:
        session.explain(repr(error))
        raise
    finally:
        session.close()
    _scraped_past(scraped, time.time() + 3 * SCRAPE_SECONDS)
    return folder


def _scraped_past(scraped: Scraped, moment: float, patience: float = 120) -> None:
    """Wait until the operator was scraped after a moment: what is short, or last, is seen too."""
    deadline = time.monotonic() + patience
    while not [value for _, value in asyncio.run(_stamps(scraped, moment)) if value > moment]:
        assert time.monotonic() < deadline, f"Prometheus did not scrape the operator in {patience:.0f} s"
        time.sleep(1)


async def _stamps(scraped: Scraped, moment: float) -> list[Sample]:
    """When the operator was scraped, Unix seconds."""
    return await scraped.prometheus.between("timestamp(up)", moment - 60, time.time(), step=1)


@pytest.fixture(scope="session")
def record(out: Path) -> Record:
    told: Record = json.loads((out / "demo.json").read_text())
    return told
