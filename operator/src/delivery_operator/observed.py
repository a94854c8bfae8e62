"""The world as one frozen snapshot: all that a decision may look at.

Raw objects become these types in `reading`; nothing after it knows what the API server's JSON looks like.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from delivery_api.accelerator import AcceleratorClass, AcceleratorClassSpec
from delivery_api.delivery import DeliverySpec
from delivery_api.modelversion import ModelVersionSpec
from delivery_api.status import Condition, DeliveryStatus, LedgerEntry, StageRecord


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Name of a Delivery, or of a DeliveryBudget."""

    namespace: str
    name: str
    kind: str = "Delivery"
    """Delivery, or DeliveryBudget."""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Accelerated:
    """What a piece of work costs, as annotated when it was created."""

    accelerator_class: str
    accelerators: int
    price_per_hour: str


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt of one stage."""

    name: str
    stage: str
    inputs: str
    """Label with the first digits of the inputs digest."""
    attempt: int
    retry: str
    """Value of ptaas.dev/retry that it was started under."""
    created_at: str
    suspended: bool = False
    queue: str = ""
    finished: str = ""
    """Complete, Failed, or empty while it may still run."""
    finished_at: str = ""
    why: str = ""
    """Reason of the Failed condition."""
    suspended_at: str = ""
    deadline_seconds: int | None = None
    accelerated: Accelerated | None = None
    image: str = ""
    limit: str = ""
    """Money that the Delivery could spend in all when it was made; empty for work that costs none."""


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of a Job, or of the servers."""

    name: str
    stage: str
    inputs: str
    attempt: int
    created_at: str
    job: str = ""
    """Name of its Job."""
    phase: str = "Pending"
    reason: str = ""
    """Such as Evicted or NodeLost."""
    unschedulable: bool = False
    waiting: str = ""
    """Reason why its container waits, such as ImagePullBackOff."""
    waiting_message: str = ""
    started_at: str = ""
    finished_at: str = ""
    exit_code: int | None = None
    killed_by: str = ""
    """Reason of the container's end, such as OOMKilled."""
    termination_message: str = ""
    restarts: int = 0
    deleting: bool = False
    gone: bool = False
    """Deleted from the API server; this is how it was last seen."""
    gone_at: str = ""
    accelerated: Accelerated | None = None

    @property
    def ended(self) -> bool:
        """Whether it will not run any more."""
        return self.gone or self.phase in ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A ConfigMap that a pod wrote."""

    pod: str
    text: str
    claimed: str
    """Digest that the ConfigMap says."""
    digest: str
    """Digest of the text as read."""
    complete: bool
    created_at: str
    written_at: str
    overflow: str = ""
    """Where the text is when it is too large for a ConfigMap and could not be read."""


@dataclass(frozen=True, slots=True)
class Server:
    """A Deployment or InferenceService that serves."""

    name: str
    kind: str
    inputs: str
    wanted: int
    ready: int
    image: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """Where a pod could run."""

    name: str
    labels: Mapping[str, str]
    allocatable: Mapping[str, str]
    usable: bool
    taints: tuple[tuple[str, str, str], ...] = ()
    """(key, value, effect)."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """One DeliveryBudget, as one Delivery sees it."""

    budget: str
    """Its name."""
    currency: str
    limit: str
    spent: str
    reserved: str
    amount: Decimal | None = None
    """Set aside for this Delivery; None when nothing is."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One Delivery and all that belongs to it, at one moment."""

    key: Key
    uid: str
    generation: int
    spec: DeliverySpec
    now: datetime
    work_namespace: str
    anchor_uid: str = ""
    """Uid of the ConfigMap that owns the children; empty until it exists."""
    status: DeliveryStatus = field(default_factory=DeliveryStatus)
    annotations: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, AcceleratorClassSpec] = field(default_factory=dict)
    jobs: tuple[Job, ...] = ()
    pods: tuple[Pod, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    servers: tuple[Server, ...] = ()
    objects: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Other children as they are: `Kind/name` to object. Compared with what is wanted."""
    versions: Mapping[str, ModelVersionSpec] = field(default_factory=dict)
    """ModelVersions of this Delivery, and of others of its name, by name."""
    uses: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Sealed digest to (uid of the Delivery, creation time) of every ModelVersion audited on these rows."""
    nodes: tuple[Node, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    """What the DeliveryBudgets of the namespace have set aside for it; empty where there are none."""
    missing_secrets: frozenset[str] = frozenset()
    apis: frozenset[str] = frozenset()
    """Optional API groups that the cluster has."""
    gate_in_force: bool | None = None
    """Whether test requests by the operator were refused; None when they were not tried."""
    gate_gap: str = ""
    """The policy that let one through."""

    @property
    def retry(self) -> str:
        """Token under which unsettled work may start anew."""
        return self.annotations.get("ptaas.dev/retry", "")

    def record(self, stage: str) -> StageRecord | None:
        """The recorded fact about a stage."""
        return next((one for one in self.status.stages if one.name == stage), None)

    def condition(self, kind: str) -> Condition | None:
        """A condition as written last."""
        return next((one for one in self.status.conditions if one.type == kind), None)

    @property
    def class_objects(self) -> list[AcceleratorClass]:
        """Classes in the form the configurator takes, by name."""
        return [AcceleratorClass(metadata={"name": name}, spec=spec) for name, spec in sorted(self.classes.items())]

    @property
    def ledger(self) -> tuple[LedgerEntry, ...]:
        """Entries written so far."""
        return self.status.cost.ledger if self.status.cost else ()
