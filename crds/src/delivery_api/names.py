"""Labels, annotations and names of children. A child's name is the digest of what would change its result."""

from delivery_api.digests import digest, short
from delivery_api.model import GROUP

DELIVERY = f"{GROUP}/delivery"
DELIVERY_NAMESPACE = f"{GROUP}/delivery-namespace"
DELIVERY_UID = f"{GROUP}/delivery-uid"
STAGE = f"{GROUP}/stage"
INPUTS = f"{GROUP}/inputs"
ATTEMPT = f"{GROUP}/attempt"
EVIDENCE = f"{GROUP}/evidence"
WORK_NAMESPACE = f"{GROUP}/work-namespace"

APPROVE = f"{GROUP}/approve"
APPROVED_BY = f"{GROUP}/approved-by"
APPROVALS = {APPROVE: APPROVED_BY} | {f"{APPROVE}-{n}": f"{APPROVED_BY}-{n}" for n in range(1, 6)}
"""Annotation of an approval to the one in which the API server writes whose it is."""
REJECT, EXPIRE, REVOKE, OVERRIDE = (f"{GROUP}/{verb}" for verb in ("reject", "expire", "revoke", "override"))
DECISIONS = APPROVALS | {
    REJECT: f"{GROUP}/rejected-by",
    EXPIRE: f"{GROUP}/expired-by",
    REVOKE: f"{GROUP}/revoked-by",
    OVERRIDE: f"{GROUP}/overridden-by",
}
"""The same of every decision at the gate; the admission policies have this list too."""
CREATED_BY = f"{GROUP}/created-by"
DRIVEN_BY = f"{GROUP}/driven-by"
RETRY = f"{GROUP}/retry"

PRICE = f"{GROUP}/price-per-hour"
CLASS = f"{GROUP}/accelerator-class"
ACCELERATORS = f"{GROUP}/accelerators"
LIMIT = f"{GROUP}/limit"
"""Money that the Delivery could spend when the Job was made."""

MANAGED_BY = "delivery-operator"
FIELD_MANAGER = "delivery-operator"


def group_of(stamp: str) -> str:
    """Annotation in which the API server writes through which of spec.approval.groups somebody decided."""
    return f"{stamp}-group"


def reason_of(decision: str) -> str:
    """Annotation in which the reason of a decision stands."""
    return f"{decision}-reason"


def work_namespace(tenant: str) -> str:
    """Namespace of the operator where the work of a tenant namespace runs; tenants have no rights there."""
    tail = "-ptaas"
    return tenant + tail if len(tenant) + len(tail) <= 63 else f"{tenant[:45]}-{short(digest(tenant))}{tail}"


def anchor(uid: str) -> str:
    """ConfigMap that owns all children of a Delivery."""
    return f"anchor-{uid}"


def child(owner: str, stage: str, inputs: str, attempt: int) -> str:
    """Name of a child: at most 52 characters, so that a Job's pods keep a readable name."""
    tail = f"-{stage}-{short(inputs)}-{attempt}"
    return owner[: 52 - len(tail)].rstrip("-.").replace(".", "-") + tail
