"""What an approval would approve, from the stored status: shown first, decided afterwards, bound by its digest."""

from dataclasses import dataclass
from datetime import timedelta

from delivery_api import names
from delivery_api.approval import ApprovalStatus
from delivery_api.delivery import Delivery
from delivery_api.model import seconds_of
from delivery_api.stages import Stage
from delivery_api.status import Condition

from .kubectl import PluginError
from .times import parse, render


@dataclass(frozen=True, slots=True)
class Request:
    """An approval request as a person should read it."""

    name: str
    namespace: str
    digest: str
    artifact: str
    kind: str | None
    uri: str | None
    base: str
    audit: str | None
    cost: str
    currency: str
    serving: str
    created_by: str | None
    driven_by: str | None
    requested_at: str
    expires_at: str
    required: int
    given: tuple[str, ...]
    approved: str | None
    changed: tuple[str, ...]
    not_established: tuple[str, ...]
    closed: str | None


def request(delivery: Delivery) -> Request:
    """The request that stands now; refused where none does."""
    name, status = str(delivery.metadata["name"]), delivery.status
    asked = status.approval if status else None
    if status is None or asked is None:
        raise PluginError(
            f"Delivery {name} asks for no approval: it stands at {status.stage if status else 'intake'}; see explain"
        )
    annotations = delivery.metadata.get("annotations") or {}
    expires = parse(asked.requested_at) + timedelta(seconds=seconds_of(delivery.spec.approval.expires_after))
    return Request(
        name=name,
        namespace=str(delivery.metadata["namespace"]),
        digest=asked.digest,
        artifact=asked.request.artifact,
        kind=status.artifact.kind if status.artifact else None,
        uri=status.artifact.uri if status.artifact else None,
        base=delivery.spec.base.uri,
        audit=_audit(delivery),
        cost=asked.request.cost,
        currency=delivery.spec.terms.budget.currency,
        serving=_serving(delivery, asked),
        created_by=annotations.get(names.CREATED_BY),
        driven_by=annotations.get(names.DRIVEN_BY),
        requested_at=asked.requested_at,
        expires_at=render(expires),
        required=asked.request.required or 1,
        given=tuple(one.by for one in asked.approvals or ()),
        approved=f"{asked.approved_at} by {asked.approved_by}" if asked.approved_by else None,
        changed=asked.changed or (),
        not_established=tuple(_unknown(one) for one in status.conditions if _is_unknown(one)),
        closed=f"{asked.closed.verb} by {asked.closed.by}" if asked.closed else None,
    )


def _stage(delivery: Delivery) -> str:
    return (delivery.status.stage if delivery.status else None) or str(Stage.INTAKE)


def _audit(delivery: Delivery) -> str | None:
    numbers = delivery.status.evaluation if delivery.status else None
    if numbers is None:
        return None
    return (
        f"{numbers.candidate} against {numbers.base}, gain {numbers.gain} in [{numbers.low}, {numbers.high}], "
        f"p={numbers.p_value}, n={numbers.items}; asked for {delivery.spec.terms.acceptance.minimum_gain}"
    )


def _serving(delivery: Delivery, asked: ApprovalStatus) -> str:
    wanted = delivery.spec.serving
    return f"{wanted.runtime}, {wanted.replicas} replicas, plan {asked.request.serving}"


WAITS = frozenset({"Waiting", "AwaitingApproval", "CostOpen", "ApprovalVoid", "ServingStarting"})
"""Not yet, rather than not at all."""


def _is_unknown(one: Condition) -> bool:
    kind = one.type not in ("Ready", "Reconciling", "Stalled")
    return kind and one.status == "Unknown" and one.reason not in WAITS


def _unknown(one: Condition) -> str:
    return f"{one.type}: {one.reason}, {one.message}"


def annotations_for(delivery: Delivery, verb: str, reason: str | None) -> list[str]:
    """The annotations of a decision: the digest in the first free place, and the reason beside it."""
    asked, there = request(delivery), delivery.metadata.get("annotations") or {}
    digest = asked.digest
    if verb == "approve":
        if asked.approved:
            raise PluginError(f"Delivery {asked.name} is approved already, {asked.approved}")
        free = [name for name in names.APPROVALS if there.get(name) != digest]
        if not free:
            raise PluginError("all places for approvals hold this digest already")
        annotation = free[0]
    else:
        annotation = names.REJECT
    return [f"{annotation}={digest}", *([f"{names.reason_of(annotation)}={reason}"] if reason else [])]
