"""KServe, played: no controller of it is to be had here, only its CRD, so this does what its controller does.

Of every InferenceService it makes a Deployment with the labels and the pod of the predictor, owned by it, and says in
its status whether that Deployment is ready; of one that is stopped it takes the Deployment away. What is real in these
tests is the CRD and the API server; that KServe behaves so is read in its source, not seen.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from delivery_operator.cluster import paths
from delivery_operator.cluster.client import Api
from delivery_operator.errors import DeliveryError
from tests.chart.kube import ROOT, Kube, within

SHARED = Path(os.environ.get("DELIVERY_SHARED") or ROOT.parent / "shared")
CRD = SHARED / "crds/serving.kserve.io_inferenceservices.yaml"
NAME = "inferenceservices.serving.kserve.io"
PAUSE = 0.2
STOP = "serving.kserve.io/stop"
IDENTITY = "system:serviceaccount:kube-system:kserve-controller-manager"


def install(admin: Kube) -> None:
    """Apply the published CRD, server-side: it exceeds what a client-side apply can annotate."""
    assert CRD.exists(), f"KServe's CRD is not at {CRD}; set DELIVERY_SHARED to the folder that has crds/"
    admin.ok("apply", "--server-side", "-f", str(CRD))
    within(30, "InferenceServices served", lambda: admin.run("get", "inferenceservices", "-A").returncode == 0)


def uninstall(admin: Kube) -> None:
    """Take it away again: with it `runtime: Auto` means something else."""
    admin.run("delete", "crd", NAME, "--ignore-not-found", "--wait=false")
    within(60, "the end of KServe's CRD", lambda: admin.run("get", "crd", NAME).returncode != 0)


def itself(admin: Kube) -> Kube:
    """KServe's controller as the API server sees it."""
    return replace(admin, identity=(f"--as={IDENTITY}", "--as-group=system:masters"))


class Controller:
    """Plays KServe's controller in one namespace."""

    def __init__(self, admin: Kube, api: Api, namespace: str) -> None:
        self._api, self.namespace = api, namespace
        # The chart lets controllers of kube-system make children; KServe's own is named in policies.trustedControllers.
        self._mine = itself(admin)

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[None]:
        """Play until the end of the block."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            try:
                for service in (await self._api.list(paths.INFERENCE_SERVICES.path(self.namespace)))["items"]:
                    await self._see(service)
            except DeliveryError:
                pass
            await asyncio.sleep(PAUSE)

    async def _see(self, service: dict[str, Any]) -> None:
        name = f"{service['metadata']['name']}-predictor"
        there = await self._api.get(paths.DEPLOYMENTS.path(self.namespace, name))
        stopped = service["metadata"].get("annotations", {}).get(STOP) == "true"
        if stopped and there:
            await self._api.delete(paths.DEPLOYMENTS.path(self.namespace, name))
        elif there is None and not stopped:
            self._mine.create(deployment(service, name))
        ready = not stopped and bool(there) and there["status"].get("readyReplicas", 0) >= there["spec"]["replicas"]
        await self._say(service, ready)

    async def _say(self, service: dict[str, Any], ready: bool) -> None:
        truth = "True" if ready else "False"
        said = {one["type"]: one["status"] for one in service.get("status", {}).get("conditions") or ()}
        if said.get("Ready") != truth:
            conditions = [{"type": kind, "status": truth} for kind in ("PredictorReady", "IngressReady", "Ready")]
            status = {"conditions": conditions, "deploymentMode": "Standard"}
            path = paths.INFERENCE_SERVICES.path(self.namespace, service["metadata"]["name"], "status")
            await self._api.patch(path, {"status": status}, "merge")


def deployment(service: dict[str, Any], name: str) -> dict[str, Any]:
    """What KServe's raw mode makes: the labels of the InferenceService go to the Deployment and to its pods."""
    predictor = dict(service["spec"]["predictor"])
    kept = {"minReplicas": 1, "maxReplicas": 1, "labels": {}, "deploymentStrategy": {}}
    extension = {field: predictor.pop(field, default) for field, default in kept.items()}
    metadata = service["metadata"]
    owner = {
        "apiVersion": service["apiVersion"], "kind": "InferenceService", "name": metadata["name"], "uid": metadata["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip
    labels = {**metadata["labels"], **extension["labels"], "app": f"isvc.{name}"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": metadata["namespace"], "labels": labels, "ownerReferences": [owner]},
        "spec": {
            "replicas": extension["minReplicas"],
            "selector": {"matchLabels": {"app": f"isvc.{name}"}},
            "strategy": extension["deploymentStrategy"],
            "template": {"metadata": {"labels": labels}, "spec": predictor},
        },
    }
