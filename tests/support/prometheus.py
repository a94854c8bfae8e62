"""A real Prometheus for a test: it scrapes one port every second and evaluates the chart's rules every second."""

import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.stage import eventually, stop

Sample = tuple[dict[str, str], float]


@dataclass(frozen=True)
class Prometheus:
    """Its HTTP API."""

    url: str

    async def api(self, path: str, **query: str) -> Any:
        """The data of an answer."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/api/v1/{path}", params=query) as response:
            told = await response.json()
        assert told["status"] == "success", told
        return told["data"]

    async def ask(self, expr: str) -> list[Sample]:
        """An instant query."""
        found = await self.api("query", query=expr)
        return [(one["metric"], float(one["value"][1])) for one in found["result"]]

    async def rules(self) -> list[dict[str, Any]]:
        """All rules with their health."""
        return [rule for group in (await self.api("rules"))["groups"] for rule in group["rules"]]


@asynccontextmanager
async def prometheus(folder: Path, port: int, target: int, rules: Path) -> AsyncIterator[Prometheus]:
    """Running until the end of the block."""
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [
            {"job_name": "operator", "honor_labels": True, "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}
        ],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    command = [
        "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    with open(folder / "prometheus.log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    made = Prometheus(f"http://127.0.0.1:{port}")

    async def scraping() -> bool | None:
        assert process.poll() is None, (folder / "prometheus.log").read_text()
        with suppress(OSError, aiohttp.ClientError):
            return True if (await made.ask('up{job="operator"}'))[:1] == [] else None
        return None

    try:
        await eventually(scraping, "a Prometheus that answers", 30)
        yield made
    finally:
        stop(process)
