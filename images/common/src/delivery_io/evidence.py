"""Write evidence: one ConfigMap of the pod's own name, or a folder where there is no cluster.

Progress is written at most every ten seconds, for the sake of the API server; a look of the probe and
the end are written at once. Nothing here judges.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from kubernetes import client, config
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential
from urllib3.exceptions import HTTPError

from delivery_api import names
from delivery_api.digests import canonical, sha256
from delivery_api.evidence import EvidenceCommon
from delivery_io.problems import Kind, WorkProblem
from delivery_io.settings import Settings

LARGEST_BYTES = 900 * 1024
EVERY_SECONDS = 10.0
FINISH_SECONDS = 300.0
STAGE = {"Audit": "intake", "Train": "train", "Evaluate": "eval", "Verify": "deploy", "Sign": "card"}
Overflow = Callable[[str], str]


class Sink(Protocol):
    """Somewhere to put evidence."""

    def put(self, data: dict[str, str]) -> None:
        """Replace what is there."""


class FolderSink:
    """Evidence as files; for tests and for runs outside a cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, data: dict[str, str]) -> None:
        """Write each key as a file, the evidence before what vouches for it."""
        for key in sorted(data, key=("overflow", "evidence.json", "digest", "complete").index):
            (self.folder / f"{key}.new").write_text(data[key])
            (self.folder / f"{key}.new").rename(self.folder / key)


class NoSink:
    """Of a process that works beside the one that records."""

    def put(self, data: dict[str, str]) -> None:
        """Keep nothing."""


class ClusterSink:
    """Evidence as the ConfigMap that this pod's token may write."""

    def __init__(self, settings: Settings, labels: dict[str, str], anchor: str) -> None:
        config.load_incluster_config()
        self._core = client.CoreV1Api()
        self._settings, self._labels, self._anchor, self._exists = settings, labels, anchor, False

    def put(self, data: dict[str, str]) -> None:
        """Create, or replace what this pod has written before."""
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": self._metadata(), "data": data}
        try:
            if self._exists or not self._create(body):
                self._core.replace_namespaced_config_map(self._settings.pod, self._settings.namespace, body)
        except client.ApiException as error:
            kind: Kind = "Unreachable" if error.status >= 500 or error.status == 429 else "Internal"
            message = f"Evidence ConfigMap {self._settings.pod} was refused by the API server (HTTP {error.status})"
            raise WorkProblem(kind, "", message) from error
        except HTTPError as error:
            raise WorkProblem("Unreachable", "", f"The API server cannot be reached ({type(error).__name__})") from error

    def _create(self, body: dict[str, Any]) -> bool:
        """Whether it was created; an earlier container of this pod may have done so."""
        self._exists = True
        try:
            self._core.create_namespaced_config_map(self._settings.namespace, body)
        except client.ApiException as error:
            if error.status != 409:
                self._exists = False
                raise
            return False
        return True

    def _metadata(self) -> dict[str, Any]:
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": self._anchor, "uid": self._settings.owner_uid}
        return {
            "name": self._settings.pod,
            "labels": self._labels,
            **({"ownerReferences": [owner]} if self._settings.owner_uid else {}),
        }


def sink_for(settings: Settings, kind: str, delivery_uid: str) -> Sink:
    """The place for this process's evidence."""
    if settings.evidence_folder is not None:
        return FolderSink(settings.evidence_folder)
    stage = STAGE[kind]
    labels = {names.EVIDENCE: stage, names.STAGE: stage, names.DELIVERY_UID: delivery_uid}
    return ClusterSink(settings, labels, names.anchor(delivery_uid))


class Recorder:
    """The evidence as it grows: changed field by field, written as a whole."""

    def __init__(self, sink: Sink, evidence: EvidenceCommon) -> None:
        self.evidence = evidence
        self._sink = sink
        self._overflow: Overflow | None = None
        self._started = time.monotonic()
        self._written = 0.0

    def on_overflow(self, overflow: Overflow) -> None:
        """Where evidence goes that a ConfigMap cannot hold: returns its oci:// reference."""
        self._overflow = overflow

    @property
    def seconds(self) -> float:
        """Seconds since the worker started."""
        return round(time.monotonic() - self._started, 3)

    def set(self, **changes: Any) -> None:
        """Change fields; writes nothing."""
        self.evidence = self.evidence.model_copy(update=changes)

    def progress(self, at_once: bool = False) -> None:
        """Write what there is, unless it was written a moment ago. Progress that cannot be written is not a failure."""
        if at_once or time.monotonic() - self._written >= EVERY_SECONDS:
            self.set(seconds=self.seconds)
            try:
                self._write()
            except WorkProblem as problem:
                print(f"Progress was not recorded: {problem.message}", file=sys.stderr, flush=True)

    def finish(self) -> str:
        """Write the complete evidence, for as long as the API server needs to come back; returns its digest."""
        self.set(seconds=self.seconds, complete=True)
        again = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, WorkProblem) and error.kind == "Unreachable"),
            stop=stop_after_delay(FINISH_SECONDS),
            wait=wait_exponential(multiplier=0.2, max=10),
            reraise=True,
        )
        return again(self._write)

    def _write(self) -> str:
        text = canonical(self.evidence)
        digest = sha256(text)
        data = {"digest": digest, "complete": "true" if self.evidence.complete else "false"}
        if len(text.encode()) <= LARGEST_BYTES:
            data["evidence.json"] = text
        elif self._overflow is not None:
            data["overflow"] = self._overflow(text)
        else:
            raise WorkProblem("Invalid", "spec.terms.acceptance.holdoutItems", "The evidence exceeds 900 KiB; use fewer items")
        self._sink.put(data)
        self._written = time.monotonic()
        return digest
