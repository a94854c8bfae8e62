"""A real Prometheus for a test: it scrapes one port every second and evaluates the chart's rules every second."""

import base64
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.support.stage import eventually, stop

SERVICE = "delivery-operator-metrics"
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

    async def between(self, expr: str, start: float, end: float, step: float) -> list[Sample]:
        """Every value of a query between two times, in seconds since 1970."""
        found = await self.api("query_range", query=expr, start=str(start), end=str(end), step=str(step))
        return [(one["metric"], float(value)) for one in found["result"] for _, value in one["values"]]

    async def rules(self) -> list[dict[str, Any]]:
        """All rules with their health."""
        return [rule for group in (await self.api("rules"))["groups"] for rule in group["rules"]]


def launch(folder: Path, port: int, scrapes: dict[str, Any], rules: Path, every: str = "1s") -> subprocess.Popen[bytes]:
    """The process, with one scrape config."""
    config = {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": [str(rules)],
        "scrape_configs": [scrapes],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    command = [
        "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    with open(folder / "prometheus.log", "wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)


def by_proxy(kubeconfig: Path, namespace: str, folder: Path) -> dict[str, Any]:
    """Scrape the Service that the chart makes, through the API server and as the user of a kubeconfig: there may be no
    operator yet, and Debian's Prometheus is built without the discovery of Kubernetes."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    kept = {
        "ca_file": cluster["certificate-authority-data"],
        "cert_file": user["client-certificate-data"],
        "key_file": user["client-key-data"],
    }
    for name, data in kept.items():
        (folder / name).write_bytes(base64.b64decode(data))
    return {
        "job_name": "operator",
        "honor_labels": True,
        "scheme": "https",
        "metrics_path": f"/api/v1/namespaces/{namespace}/services/{SERVICE}:metrics/proxy/metrics",
        "tls_config": {name: str(folder / name) for name in kept},
        "static_configs": [{"targets": [cluster["server"].removeprefix("https://")]}],
    }


async def answers(made: Prometheus, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until it can be asked."""

    async def asked() -> bool | None:
        assert process.poll() is None, (folder / "prometheus.log").read_text()
        with suppress(OSError, aiohttp.ClientError):
            await made.ask("vector(1)")
            return True
        return None

    await eventually(asked, "a Prometheus that answers", 30)


@asynccontextmanager
async def prometheus(folder: Path, port: int, target: int, rules: Path) -> AsyncIterator[Prometheus]:
    """Running until the end of the block."""
    scrapes = {"job_name": "operator", "honor_labels": True, "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}
    process = launch(folder, port, scrapes, rules)
    made = Prometheus(f"http://127.0.0.1:{port}")
    try:
        await answers(made, process, folder)
        yield made
    finally:
        stop(process)
