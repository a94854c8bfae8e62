"""Settings from the environment, read once in `main` and passed down."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """Environment variables with the prefix DELIVERY_."""

    model_config = SettingsConfigDict(env_prefix="DELIVERY_", frozen=True, use_attribute_docstrings=True)

    worker_image: str = "delivery-worker:unset"
    """Image of trainer, evaluator and server on classes of processors, by digest."""
    worker_image_cuda: str = "delivery-worker-cuda:unset"
    """The same on classes of GPUs."""
    auditor_image: str = "delivery-auditor:unset"
    """Image of auditor and verifier, by digest."""
    signing_secret: str = ""
    """Secret in every work namespace with the key that signs deliveries, `key.pem`; empty: nothing is signed."""
    insecure_registries: str = ""
    """Registry hosts that speak plain HTTP, separated by commas."""
    namespace: str = "delivery-system"
    """Namespace of the operator: its Lease lives there."""
    identity: str = ""
    """Name of this replica in the Lease; left out: host name and a random tail."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 8
    """Deliveries looked at side by side."""
    resync_seconds: Annotated[float, Field(gt=0)] = 300.0
    """Time between two looks for missed events and for children whose Delivery is gone."""
    stall_seconds: Annotated[float, Field(gt=0)] = 120.0
    """A watch that was silent for so long, bookmarks included, makes the replica unhealthy."""
    progress_seconds: Annotated[float, Field(ge=0)] = 30.0
    """At most one progress write of a Delivery in this time."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """Attempts of one piece of work when attempts are lost to the infrastructure."""
    retry_delay_seconds: Annotated[float, Field(ge=0)] = 20.0
    """Pause before an attempt that follows an unreachable source or registry; doubled each time."""
    auditor_memory: str = "4Gi"
    """Memory limit of auditor and verifier."""
    image_pull_policy: str = "IfNotPresent"
    """Pull policy of all pods; images are named by digest."""
    health_port: Annotated[int, Field(ge=0, le=65535)] = 8081
    """Port of /healthz and /readyz."""
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port of /metrics."""
    lease_seconds: Annotated[int, Field(ge=3)] = 15
    """Life of the Lease without renewal."""
    renew_deadline_seconds: Annotated[float, Field(gt=0)] = 10.0
    """A leader that could not renew for so long stops writing."""
    retry_period_seconds: Annotated[float, Field(gt=0)] = 2.0
    """Time between two tries to take or renew the Lease."""
    crash_after_writes: Annotated[int, NoDecode] = 0
    """Fault injection for tests: the process ends at once after so many API writes; 0 is never."""

    @property
    def plain_http(self) -> tuple[str, ...]:
        """Registry hosts that speak plain HTTP."""
        return tuple(sorted(host.strip() for host in self.insecure_registries.split(",") if host.strip()))

    def image_for(self, kind: str) -> str:
        """Worker image of an accelerator class."""
        return self.worker_image if kind == "cpu" else self.worker_image_cuda
