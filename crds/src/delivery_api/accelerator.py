"""`AcceleratorClass`: a kind of accelerator, what it can do and what it costs. Cluster-scoped, as StorageClass is."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from delivery_api.model import API_VERSION, Model, Money


class Toleration(Model):
    """As in a pod."""

    key: str | None = None
    """Taint key."""
    operator: Literal["Exists", "Equal"] | None = None
    """How the value is compared."""
    value: str | None = None
    """Taint value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Taint effect; left out: all."""


class AcceleratorClassSpec(Model):
    """Peaks and prices are data with a source, not code."""

    node_selector: dict[str, str] = Field(default_factory=dict)
    """Labels of its nodes, such as nvidia.com/gpu.product."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints its pods tolerate."""
    resource: Annotated[str, StringConstraints(pattern=r"^([a-z0-9.-]+/)?[A-Za-z0-9._-]+$")]
    """Resource a pod asks for: nvidia.com/gpu, or `cpu` for a class of processors."""
    resource_quantity: Annotated[str, StringConstraints(pattern=r"^[0-9]+m?$")] = "1"
    """How much of the resource one accelerator is: 1 GPU, or 1500m of cpu."""
    memory_bytes: Annotated[int, Field(gt=0)]
    """Memory of one accelerator that a process can use, in bytes."""
    peak_flops: Annotated[int, Field(gt=0)]
    """Dense bf16 peak of one accelerator, FLOP/s."""
    bandwidth_bytes_per_second: Annotated[int, Field(gt=0)]
    """Memory bandwidth of one accelerator, bytes/s."""
    price_per_hour: Money
    """Price of one accelerator for one hour."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    """ISO 4217 code."""
    image: Literal["cpu", "cuda"] = "cuda"
    """Which worker image runs on it."""
    source: Annotated[str, StringConstraints(max_length=1024)] = ""
    """Where the figures come from."""


class AcceleratorClass(Model):
    """A kind of accelerator that deliveries may run on."""

    api_version: Literal["ptaas.dev/v1alpha1"] = API_VERSION
    kind: Literal["AcceleratorClass"] = "AcceleratorClass"
    metadata: dict[str, Any] = Field(default_factory=dict)
    spec: AcceleratorClassSpec
    """What it is."""
