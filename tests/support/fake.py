"""A cluster in memory with the four verbs of `reconcile.Cluster`, its Job controller, kubelet and workers.

It stores the manifests that the operator makes and reads them back with the operator's own `reading`, so that
what a test sees is what a pass would see. It refuses states that a real cluster cannot have.
"""

import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from delivery_api import names
from delivery_api.accelerator import AcceleratorClassSpec
from delivery_api.delivery import DeliverySpec
from delivery_api.modelversion import ModelVersionSpec
from delivery_api.status import Condition, DeliveryStatus
from delivery_operator import reading
from delivery_operator.decision import Want
from delivery_operator.errors import Transient
from delivery_operator.observed import Allowance, Key, Node, Observed
from delivery_operator.reconcile import Reconciler
from delivery_operator.settings import Settings
from tests.oracle import world
from tests.support.kubelet import Kubelet
from tests.support.lawful import assert_lawful

KEY = Key("acme", "router")
CPU = AcceleratorClassSpec.model_validate(
    world.accelerator("cpu").spec.model_dump() | {"node_selector": {"ptaas.dev/accelerator": "cpu"}}
)
ROOM = {"cpu": "8", "memory": "32Gi"}
NODE = Node("n1", {"ptaas.dev/accelerator": "cpu"}, ROOM, usable=True)
SETTINGS = Settings(worker_image="w@sha256:1", auditor_image="a@sha256:2", progress_seconds=0, retry_delay_seconds=20)


@dataclass
class FakeCluster(Kubelet):
    """One Delivery and all around it."""

    spec: DeliverySpec = field(default_factory=world.spec)
    classes: dict[str, AcceleratorClassSpec] = field(default_factory=lambda: {"cpu": CPU})
    nodes: tuple[Node, ...] = (NODE,)
    annotations: dict[str, str] = field(default_factory=lambda: {names.CREATED_BY: "ada"})
    generation: int = 1
    status: DeliveryStatus = field(default_factory=DeliveryStatus)
    gate: bool | None = True
    apis: frozenset[str] = frozenset()
    missing_secrets: frozenset[str] = frozenset()
    allowances: tuple[Allowance, ...] = ()
    writes: list[str] = field(default_factory=list)
    events: list[Condition] = field(default_factory=list)
    fail: set[str] = field(default_factory=set)
    """Verbs that the API server refuses for now."""
    history: list[DeliveryStatus] = field(default_factory=list)

    async def observe(self, key: Key, now: datetime) -> Observed | None:
        """The snapshot."""
        assert key == KEY
        if "observe" in self.fail:
            raise Transient("the API server is away")
        return self.seen()

    def seen(self) -> Observed:
        """What a pass would see."""
        of_kind = lambda kind: [raw for raw in self.objects.values() if raw["kind"] == kind]  # noqa: E731
        maps = of_kind("ConfigMap")
        anchor = self.objects.get(f"ConfigMap/{names.anchor(self.uid)}")
        pods = [reading.pod(copy.deepcopy(raw)) for raw in self.pods.values()]
        gone = [reading.pod(raw, gone=True, gone_at=raw["gone_at"]) for raw in self.ghosts.values()]
        asked = self.status.approval
        given = asked is not None and any(self.annotations.get(name) == asked.digest for name in names.DECISIONS)
        due = asked is not None and bool(given or asked.approved_by or asked.override)
        return Observed(
            key=KEY,
            uid=self.uid,
            generation=self.generation,
            spec=self.spec,
            now=self.now,
            work_namespace=names.work_namespace(KEY.namespace),
            anchor_uid=anchor["metadata"]["uid"] if anchor else "",
            status=self.status,
            annotations=dict(self.annotations),
            classes=dict(self.classes),
            jobs=tuple(map(reading.job, of_kind("Job"))),
            pods=(*pods, *gone),
            evidence=tuple(reading.evidence(raw) for raw in maps if names.EVIDENCE in raw["metadata"].get("labels", {})),
            servers=tuple(
                map(reading.server, filter(reading.is_server, (*of_kind("Deployment"), *of_kind("InferenceService"))))
            ),
            objects={name: copy.deepcopy(raw) for name, raw in self.objects.items()},
            versions={raw["metadata"]["name"]: ModelVersionSpec.model_validate(raw["spec"]) for raw in of_kind("ModelVersion")},
            uses={},
            nodes=self.nodes,
            missing_secrets=self.missing_secrets,
            allowances=self.allowances,
            apis=self.apis,
            gate_in_force=self.gate if due else None,
        )

    async def apply(self, observed: Observed, wants: tuple[Want, ...]) -> None:
        """Write children."""
        for want in wants:
            if "apply" in self.fail:
                raise Transient("the API server is away")
            if self._write(want):
                self.writes.append(f"{want.mode} {want.name}")

    async def write_status(self, observed: Observed, new: DeliveryStatus) -> None:
        """Write the status, if it keeps the law."""
        if "status" in self.fail:
            raise Transient("the API server is away")
        assert_lawful(self.generation, self.status, new)
        self.status = DeliveryStatus.model_validate_json(new.model_dump_json(by_alias=True, exclude_none=True))
        self.history.append(self.status)
        self.writes.append("status")

    async def announce(self, observed: Observed, conditions: list[Condition]) -> None:
        """Keep Events."""
        self.events.extend(conditions)

    def approve(self, by: str = "eve") -> None:
        """As the message says, stamped by the API server."""
        assert self.status.approval is not None
        self.annotations |= {names.APPROVE: self.status.approval.digest, names.APPROVED_BY: by}

    def decide(self, annotation: str, by: str = "fay", reason: str = "not what the desk needs") -> None:
        """Another decision about the request as it stands, stamped by the API server."""
        assert self.status.approval is not None
        stamped = {
            annotation: self.status.approval.digest,
            names.DECISIONS[annotation]: by,
            names.reason_of(annotation): reason,
        }
        self.annotations |= stamped

    def edit(self, **changes: Any) -> None:
        """The driver edits the spec."""
        self.spec = self.spec.model_copy(update=changes)
        self.generation += 1

    def reconciler(self, settings: Settings = SETTINGS) -> Reconciler:
        """A fresh operator over this cluster."""
        return Reconciler(self, settings, now=lambda: self.now, clock=lambda: self.now.timestamp())

    async def settle(self, settings: Settings = SETTINGS) -> "FakeCluster":
        """Look until nothing more is written."""
        reconciler = self.reconciler(settings)
        for _ in range(10):
            before = len(self.writes)
            await reconciler.look(KEY)
            if len(self.writes) == before:
                return self
        raise AssertionError(f"still writing after ten looks: {self.writes[-8:]}")

    async def go_on(self, rounds: int = 12, approve: bool = True, settings: Settings = SETTINGS) -> "FakeCluster":
        """Pods run, the operator looks, the approver approves, until nothing moves."""
        for _ in range(rounds):
            before = len(self.writes)
            await self.settle(settings)
            if approve and self.status.state == "AwaitingApproval":
                self.approve()
                continue
            self.run_pods()
            self.now += timedelta(seconds=60)
            await self.settle(settings)
            if len(self.writes) == before:
                break
        return self

    def job(self, stage: str, attempt: int = 1) -> str:
        """Key of a Job."""
        found = [
            name for name, raw in self.objects.items()
            if raw["kind"] == "Job" and raw["metadata"]["labels"][names.STAGE] == stage
            and raw["metadata"]["labels"][names.ATTEMPT] == str(attempt)
        ]  # fmt: skip
        assert found, f"no Job of {stage}, attempt {attempt}, among {sorted(self.objects)}"
        return found[-1]

    def pod(self, stage: str) -> str:
        """Name of the latest pod of a stage."""
        found = [name for name, raw in self.pods.items() if raw["metadata"]["labels"][names.STAGE] == stage]
        assert found, f"no pod of {stage}"
        return found[-1]

    def evidence_of(self, stage: str) -> str:
        """Key of the ConfigMap that the latest pod of a stage wrote."""
        return f"ConfigMap/{self.pod(stage)}"

    def reason(self, condition: str) -> str:
        """Reason of a condition."""
        return next(one.reason for one in self.status.conditions if one.type == condition)

    def message(self, condition: str) -> str:
        """Message of a condition."""
        return next(one.message for one in self.status.conditions if one.type == condition)

    def truth(self, condition: str) -> str:
        """Status of a condition."""
        return next((one.status for one in self.status.conditions if one.type == condition), "absent")
