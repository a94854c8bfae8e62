"""A control plane with the chart, a tenant in it, the operator as a real process, and a replayer for the workers."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import aiohttp
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config.kube_config import load_kube_config

from delivery_api import names
from delivery_api.delivery import Delivery
from delivery_operator.cluster import paths
from delivery_operator.cluster.client import Api
from tests.chart.kube import OPERATOR, RELEASE, Kube
from tests.chart.objects import delivery
from tests.support.plays import Play
from tests.support.replayer import NODE, Replayer

T = TypeVar("T")
SETTINGS = {
    "DELIVERY_WORKER_IMAGE": "registry.example/worker@sha256:" + "a" * 64,
    "DELIVERY_AUDITOR_IMAGE": "registry.example/auditor@sha256:" + "b" * 64,
    "DELIVERY_NAMESPACE": RELEASE,
    "DELIVERY_HEALTH_PORT": "0",
    "DELIVERY_METRICS_PORT": "0",
    "DELIVERY_PROGRESS_SECONDS": "0.5",
    "DELIVERY_RETRY_DELAY_SECONDS": "0.2",
    "DELIVERY_RETRY_PERIOD_SECONDS": "0.3",
    "DELIVERY_LEASE_SECONDS": "3",
    "DELIVERY_RENEW_DEADLINE_SECONDS": "2",
}


async def configuration(kubeconfig: str) -> Configuration:
    """Of a kubeconfig file."""
    made = Configuration()
    await load_kube_config(config_file=kubeconfig, client_configuration=made)
    return made


class Theatre:
    """One cluster, one tenant namespace."""

    def __init__(self, admin: Kube, api: Api, tenant: str, folder: Path, config: Configuration) -> None:
        self.admin, self.api, self.tenant, self.folder, self._config = admin, api, tenant, folder, config
        self.work = names.work_namespace(tenant)
        self._cast: asyncio.Task[None] | None = None
        self.log = folder / f"operator-{tenant}.log"

    def as_token(self, token: str) -> Api:
        """An Api with nothing but a token."""
        made = Configuration(host=self._config.host)
        made.verify_ssl = False
        made.api_key = {"BearerToken": f"Bearer {token}"}
        return Api(made, lambda: None)

    def as_kubelet(self) -> Api:
        """An Api of the kubelet of the node."""
        made = Api(self._config, lambda: None)
        made._client.set_default_header("Impersonate-User", f"system:node:{NODE}")
        made._client.set_default_header("Impersonate-Group", "system:nodes")
        return made

    def kubeconfig(self) -> Path:
        """The operator's, with its service account's token."""
        user = OPERATOR.rsplit(":", 1)[1]
        token = self.admin.ok("create", "token", user, "-n", RELEASE, "--duration=3h").strip()
        given = json.loads(Path(self.admin.kubeconfig).read_text())
        given["users"][0]["user"] = {"token": token}
        path = self.folder / "operator.yaml"
        path.write_text(json.dumps(given))
        return path

    def start(self, **settings: str) -> subprocess.Popen[bytes]:
        """The operator as a process."""
        environment = os.environ | SETTINGS | settings | {"KUBECONFIG": str(self.kubeconfig())}
        with open(self.log, "ab") as log:
            return subprocess.Popen([sys.executable, "-m", "delivery_operator.main"], env=environment, stderr=log, stdout=log)

    @asynccontextmanager
    async def operator(self, **settings: str) -> AsyncIterator[subprocess.Popen[bytes]]:
        """The operator, stopped at the end."""
        process = self.start(**settings)
        try:
            yield process
        finally:
            stop(process)

    @asynccontextmanager
    async def workers(self, **plays: Play) -> AsyncIterator[Replayer]:
        """Pods that are played, by name of their Delivery."""
        kubelet = self.as_kubelet()
        replayer = Replayer(self.api, self.as_token, kubelet, self.work, plays)
        task = self._cast = asyncio.create_task(replayer.run())
        try:
            yield replayer
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await kubelet.close()

    async def delivery(self, name: str = "router") -> Delivery | None:
        """The Delivery as it is."""
        raw = await self.api.get(paths.DELIVERIES.path(self.tenant, name))
        return Delivery.model_validate(raw) if raw else None

    async def reaches(self, what: str, so: Callable[[Delivery], bool], name: str = "router", seconds: float = 60) -> Delivery:
        """Wait until something holds of the Delivery; say how it stands when it does not."""

        async def look() -> Delivery | None:
            if self._cast is not None and self._cast.done():
                self._cast.result()
            seen = await self.delivery(name)
            return seen if seen is not None and seen.status is not None and so(seen) else None

        try:
            return await eventually(look, what, seconds)
        except AssertionError as error:
            seen = await self.delivery(name)
            status = seen.status if seen else None
            shown = [f"{one.type}={one.status} {one.reason}: {one.message}" for one in status.conditions] if status else []
            pods = self.admin.run("get", "pods", "-n", self.work, "-o", "wide").stdout
            told = "\n".join([str(error), *shown, pods, self.log.read_text()[-4000:]])
            raise AssertionError(told) from None

    def order(self, name: str = "router", user: str = "ada", **changes: object) -> None:
        """The customer creates a Delivery."""
        made = delivery(spec__terms__data__sealed__secret=None, metadata__name=name, **changes)
        self.admin.as_user(user).create(made, "-n", self.tenant)

    def writes(self, after: int = 0) -> list[str]:
        """What the operator wrote for this tenant by the API server's own log; Leases, Events and dry runs left aside."""
        found = []
        with open(self.audit_log) as log:
            for line in log.readlines()[after:]:
                event = json.loads(line)
                about = event.get("objectRef", {})
                ours = event["user"]["username"] == OPERATOR and about.get("namespace", "") in (self.tenant, self.work)
                if ours and about["resource"] not in ("leases", "events") and event["responseStatus"]["code"] < 300:
                    part = f"/{about['subresource']}" if "subresource" in about else ""
                    found.append(f"{event['verb']} {about['resource']}{part} {about.get('name', '')}")
        return found

    @property
    def audit_log(self) -> Path:
        """Where the API server logs writes."""
        return Path(self.admin.kubeconfig).parent.parent / "logs" / "audit.jsonl"

    def approve(self, delivery: Delivery, user: str = "eve") -> None:
        """As the message says."""
        assert delivery.status is not None and delivery.status.approval is not None
        value = delivery.status.approval.digest
        self.admin.as_user(user).ok(
            "annotate", "delivery", str(delivery.metadata["name"]), "-n", self.tenant, f"{names.APPROVE}={value}", "--overwrite"
        )


async def eventually(look: Callable[[], Awaitable[T | None]], what: str, seconds: float = 30) -> T:
    """What `look` finds, within a deadline."""
    deadline = time.monotonic() + seconds
    while True:
        found = await look()
        if found is not None:
            return found
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        await asyncio.sleep(0.1)


def stop(process: subprocess.Popen[bytes]) -> None:
    """As a kubelet does."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
            raise


def state(delivery: Delivery) -> str:
    """Stage and reason, in one word each."""
    status = delivery.status
    return f"{status.stage}/{status.state}" if status else "/"


def reason(delivery: Delivery, condition: str) -> str:
    """Reason of a condition."""
    conditions = delivery.status.conditions if delivery.status else ()
    return next((one.reason for one in conditions if one.type == condition), "")


async def answer(url: str) -> tuple[int, str]:
    """Status and text of a probe."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()
