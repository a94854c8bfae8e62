"""The cluster as kubectl sees it: its contexts, its logins and its identity are the plugin's too.

kubectl is there, or this would not be a plugin; going through it needs no credentials of our own, and whatever a
person can do with kubectl they can do here, and nothing more.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from click import ClickException

from delivery_api import names
from delivery_api.delivery import Delivery

JSON = dict[str, Any]
DELIVERIES = "deliveries.ptaas.dev"
CERTIFICATES = "deliverycertificates.ptaas.dev"
VERSIONS = "modelversions.ptaas.dev"


class PluginError(ClickException):
    """What failed, which field, what to do; exit status 1."""

    def format_message(self) -> str:
        """One line."""
        return " ".join(self.message.split())


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl with the flags that say where and as whom."""

    namespace: str | None = None
    flags: tuple[str, ...] = ()

    def _command(self, *arguments: str) -> list[str]:
        program = os.environ.get("KUBECTL") or shutil.which("kubectl")
        if program is None:
            raise PluginError("kubectl is not on PATH; install it, or say where it is in KUBECTL")
        where = ("-n", self.namespace) if self.namespace else ()
        return [program, *self.flags, *where, *arguments]

    def run(self, *arguments: str) -> str:
        """Its output; its own sentence where it fails."""
        done = subprocess.run(self._command(*arguments), capture_output=True, text=True)
        if done.returncode:
            raise PluginError(done.stderr.strip().removeprefix("error: ") or f"kubectl {arguments[0]} failed")
        return done.stdout

    def get(self, *arguments: str) -> JSON:
        """An object, or a list."""
        found: JSON = json.loads(self.run("get", *arguments, "-o", "json"))
        return found

    def delivery(self, name: str) -> Delivery:
        """One Delivery."""
        return Delivery.model_validate(self.get(DELIVERIES, name))

    def deliveries(self) -> list[Delivery]:
        """All of the namespace."""
        return [Delivery.model_validate(one) for one in self.get(DELIVERIES)["items"]]

    def watch(self, name: str) -> Iterator[Delivery]:
        """One Delivery, whenever it changes, until it is deleted."""
        command = self._command("get", DELIVERIES, name, "--watch", "--output-watch-events", "-o", "json")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None and process.stderr is not None
            try:
                for event in _documents(process.stdout):
                    if event["type"] == "DELETED":
                        raise PluginError(f"Delivery {name} was deleted")
                    yield Delivery.model_validate(event["object"])
                if process.wait():
                    raise PluginError(process.stderr.read().strip().removeprefix("error: "))
            finally:
                process.terminate()

    def certificate(self, delivery: Delivery) -> dict[str, str]:
        """Card, certificate and bill; nothing before they are issued."""
        name = delivery.status.certificate if delivery.status else None
        if name is None:
            return {}
        found: dict[str, str] = self.get(CERTIFICATES, name)["spec"]["papers"]
        return found

    def version(self, delivery: Delivery) -> JSON | None:
        """The ModelVersion that records its artifact; None before there is one."""
        made = delivery.status.artifact.digest if delivery.status and delivery.status.artifact else None
        ours = (made, delivery.metadata["uid"])
        found = self.get(VERSIONS)["items"]
        return next((one for one in found if (one["spec"]["artifact"], one["spec"]["deliveryUid"]) == ours), None)

    def evidence(self, delivery: Delivery, pod: str) -> str | None:
        """What a worker recorded; None for who may not read the work namespace, which is nearly everybody."""
        work = names.work_namespace(str(delivery.metadata["namespace"]))
        done = subprocess.run(
            Kubectl(work, self.flags)._command("get", "configmap", pod, "-o", "json"), capture_output=True, text=True
        )
        return (json.loads(done.stdout).get("data") or {}).get("evidence.json") if done.returncode == 0 else None


def _documents(stream: Iterator[str]) -> Iterator[JSON]:
    """JSON objects that follow each other: one a line, or indented with its braces in the first column."""
    lines: list[str] = []
    for line in stream:
        lines.append(line)
        if line[0] in "{}" and line.rstrip().endswith("}"):
            yield json.loads("".join(lines))
            lines.clear()
