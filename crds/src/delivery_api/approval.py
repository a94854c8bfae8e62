"""What the gate holds: what is asked of an approver, what was ruled, and what closed it again."""

from typing import Annotated

from pydantic import StringConstraints

from delivery_api.model import Digest, Model, Money


class ApprovalRequest(Model):
    """All that an approval approves. Any change makes another request with another digest."""

    delivery_uid: str
    """The object, not its name."""
    artifact: Digest
    """Manifest digest of what would serve."""
    evaluation: Digest
    """Digest of the evaluator's evidence."""
    cost: Money
    """Amount that would be billed."""
    serving: Digest
    """Digest of the serving plan: image, arguments, replicas, class."""
    required: int | None = None
    """Approvers needed, where it is more than one."""
    groups: tuple[str, ...] | None = None
    """Groups of which an approver must belong to one."""
    audit: str | None = None
    """Reason of an audit that did not pass: this request can be overridden and never approved."""
    renewal: int | None = None
    """How often a person had it renewed after it was closed."""


class Ruling(Model):
    """One decision of one person, as the API server stamped it."""

    verb: str
    """approve, reject, expire, revoke or override."""
    by: str
    """Who, as the API server knows them."""
    group: str | None = None
    """Those of spec.approval.groups to which they belong, as the API server stamped it; absent where none are asked for."""
    reason: str | None = None
    """What they wrote."""
    at: str
    """When the operator saw it."""


class Closing(Ruling):
    """What ended a request."""

    retry: str = ""
    """Value of ptaas.dev/retry at that time; another one renews the request."""


class ApprovalStatus(Model):
    """The gate."""

    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """What `ptaas.dev/approve` must say."""
    request: ApprovalRequest
    """What it stands for."""
    requested_at: str
    """When it was first asked for."""
    image: str | None = None
    """Image that it would serve with; what was approved keeps it, whatever the operator is upgraded to."""
    runtime: str | None = None
    """Deployment or InferenceService; what was approved keeps that too."""
    changed: tuple[str, ...] | None = None
    """What differs from the request before this one, which had been approved."""
    approvals: tuple[Ruling, ...] | None = None
    """Each approver and their reason."""
    approved_by: str | None = None
    """The approver or approvers, as stamped by the API server; absent until there are enough."""
    approved_at: str | None = None
    """When the operator saw the last of them."""
    override: Ruling | None = None
    """Who had an artifact served whose audit did not pass, and why. It is no approval, and no pass."""
    closed: Closing | None = None
    """Rejected, expired or revoked."""
