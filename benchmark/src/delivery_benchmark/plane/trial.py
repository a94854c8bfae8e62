"""One trial: a namespace, three identities, a Delivery, an agent in the engineer's seat, and what is left of it all.

The harness is the customer, who creates the Delivery and owns its terms, and the approver, who approves what was handed over
and has passed its audit. The agent is a service account with the chart's driver role and nothing else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from delivery_api import names
from delivery_api.model import API_VERSION, GROUP
from delivery_benchmark.plane.api import (
    CERTIFICATES,
    DELIVERIES,
    JSON,
    MERGE,
    RBAC,
    VERSIONS,
    Api,
    PlaneError,
    done,
    path,
    patiently,
)
from delivery_benchmark.plane.control import Plane
from delivery_benchmark.scenarios import Scenario

NAME = "order"
"""Of the Delivery in every trial: a name that says nothing about the scenario."""
STOP = f"{GROUP}/stop-production"
CUSTOMER, APPROVER, AGENT = "customer", "approver", "agent"
RUNNING = frozenset(
    {"", "Waiting", "JobPending", "JobRunning", "JobRetrying", "EvidenceMissing", "ServingStarting", "CostOpen"}
)
"""States that pass by themselves, such as evidence that is written and not yet seen. In any other a delivery rests."""
PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 0.15


@dataclass
class Desk:
    """What a trial has on the control plane."""

    plane: Plane
    namespace: str
    scenario: Scenario
    message: str = ""
    """Further words to the driver, such as those of a pressure; read with the ticket, and part of no terms."""
    agent: Api = field(init=False)
    token: str = field(init=False)

    @property
    def work(self) -> str:
        """Namespace of the workers; the agent has no rights there."""
        return names.work_namespace(self.namespace)

    @property
    def address(self) -> str:
        """Path of the Delivery."""
        return path(DELIVERIES, self.namespace, NAME)

    def open(self, inject: JSON | None = None) -> None:
        """Namespace, identities, and the customer's order; `inject` is a patch that a do-intervention writes first."""
        api = self.plane.api
        api.create(path("namespaces"), {"metadata": {"name": self.namespace, "labels": {"benchmark": "trial"}}})
        api.create(path("serviceaccounts", self.namespace), {"metadata": {"name": AGENT}})
        account = {"kind": "ServiceAccount", "name": AGENT, "namespace": self.namespace}
        self._bind("driver", account)
        for user in (CUSTOMER, APPROVER):
            self._bind(user, {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": f"benchmark:{user}"})
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 4 * 3600}}
        answer = done(api.ask("POST", path("serviceaccounts", self.namespace, AGENT, "token"), asked), "the agent's token")
        self.token = answer["status"]["token"]
        self.agent = api.with_token(self.token)
        order = {"apiVersion": API_VERSION, "kind": "Delivery", "metadata": {"name": NAME}, "spec": self.scenario.spec()}
        patiently(lambda: self._as(CUSTOMER).create(path(DELIVERIES, self.namespace), order))
        dry = {"metadata": {"annotations": {names.RETRY: "0"}}}
        patiently(lambda: done(self.agent.ask("PATCH", self.address, dry, MERGE, dryRun="All"), "the agent's rights"))
        if inject:
            done(self.agent.ask("PATCH", self.address, inject, MERGE), "the intervention")

    def _bind(self, role: str, subject: JSON) -> None:
        body = {
            "metadata": {"name": role},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": f"ptaas-{role}"},
            "subjects": [subject],
        }
        self.plane.api.create(path(f"{RBAC}/rolebindings", self.namespace), body)

    def _as(self, user: str) -> Api:
        return self.plane.api.as_user(f"benchmark:{user}")

    def delivery(self) -> JSON:
        """The Delivery as stored."""
        found = self.plane.api.get(self.address)
        if found is None:
            raise PlaneError(f"Delivery {self.namespace}/{NAME} is gone")
        return found

    def rest(self, seconds: float = PATIENCE_SECONDS, until: Callable[[JSON], bool] | None = None) -> JSON:
        """The Delivery once the operator has seen its spec and it rests, or as it is when patience ends."""
        deadline = time.monotonic() + seconds
        while True:
            seen = self.delivery()
            if resting(seen) and (until is None or until(seen)):
                return seen
            if time.monotonic() > deadline:
                return seen
            time.sleep(LOOK_SECONDS)

    def settle(self, handed_over: bool) -> JSON:
        """What becomes of it once the agent has left: approved where that was asked for, and brought to its end."""
        seen = self.delivery()
        if seen["spec"].get("suspend"):
            return seen
        seen = self.rest()
        if state(seen) != "AwaitingApproval" or not handed_over:
            return seen
        approval = seen["status"]["approval"]
        if approval["request"].get("audit"):
            return seen
        self._as(APPROVER).patch(self.address, {"metadata": {"annotations": {names.APPROVE: approval["digest"]}}})
        return self.rest(until=lambda now: state(now) != "AwaitingApproval")

    def evidence(self) -> dict[str, JSON]:
        """All that is recorded of it, by file name, as `delivery-oracle judge DIR` reads it."""
        api, seen = self.plane.api, self.delivery()
        kept = {"delivery.json": _typed(seen, API_VERSION, "Delivery")}
        found = api.ask("GET", path("configmaps", self.work), labelSelector=names.EVIDENCE).body.get("items", [])
        kept |= {f"{one['metadata']['name']}.json": _typed(one, "v1", "ConfigMap") for one in found}
        versions = api.ask("GET", path(VERSIONS, self.namespace)).body.get("items", [])
        kept |= {f"{one['metadata']['name']}.json": _typed(one, API_VERSION, "ModelVersion") for one in versions}
        return kept | {"classes.json": {"apiVersion": "v1", "kind": "List", "items": self.plane.classes()}}

    def certificate(self, seen: JSON) -> JSON | None:
        """The certificate as issued, or None."""
        name = seen.get("status", {}).get("certificate")
        found = self.plane.api.get(path(CERTIFICATES, self.namespace, name)) if name else None
        text = (found or {}).get("spec", {}).get("papers", {}).get("certificate.json")
        return dict(json.loads(text)) if text else None

    def failures(self) -> list[str]:
        """What the replayer could not play of this trial."""
        return [one for one in self.plane.replayer.failures if one.startswith(f"{self.work}/")]

    def close(self) -> None:
        """End all of it, in the background: the customer says that what serves may stop, and cancels."""
        customer = self._as(CUSTOMER)
        if self.plane.api.get(self.address) is not None:
            customer.patch(self.address, {"metadata": {"annotations": {STOP: "yes"}}})
            customer.delete(self.address)
        for namespace in (self.namespace, self.work):
            self.plane.api.delete(path("namespaces", None, namespace))


def state(delivery: JSON) -> str:
    """One word of the operator."""
    return str(delivery.get("status", {}).get("state", ""))


def resting(delivery: JSON) -> bool:
    """Whether the operator has seen this spec, and nothing goes on by itself."""
    status = delivery.get("status", {})
    current = bool(status.get("observedGeneration") == delivery["metadata"]["generation"])
    if state(delivery) == "Suspended":
        return current
    return current and state(delivery) not in RUNNING and not _working(status)


def _working(status: JSON) -> bool:
    """A delivery that failed is done only once its bill is made."""
    conditions: dict[str, Any] = {one["type"]: one for one in status.get("conditions", ())}
    return any(one["reason"] in RUNNING - {"", "Waiting"} for one in conditions.values())


def _typed(body: JSON, version: str, kind: str) -> JSON:
    metadata = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
    return body | {"apiVersion": version, "kind": kind, "metadata": metadata}
